"""What the client's tests share."""

import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.client.fake_server import FakeServer, fake_server
from tests.client.program import KEY, SIMULATED, started


@pytest.fixture
def queue() -> Iterator[FakeServer]:
    """A server that takes reports."""
    with fake_server() as server:
        yield server


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client() as client:
        yield client


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """`said()`: what the client has logged so far, without what its libraries say."""
    caplog.set_level(logging.INFO, "printqueue.client")
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("printqueue.client")]


@pytest.fixture
def configure(tmp_path: Path, queue: FakeServer) -> Callable[..., Path]:
    """`configure(printers, server)`: a configuration file for this server, the test's own by default."""

    def write(printers: str = SIMULATED, server: str | None = None, poll_seconds: float = 0.1) -> Path:
        path = tmp_path / "client.toml"
        path.write_text(f'server = "{server or queue.url}"\nkey = "{KEY}"\npoll_seconds = {poll_seconds}\n{printers}')
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start(*arguments)`: a client process that logs to client-<n>.log, ended with the test."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        processes.append(started(tmp_path / f"client-{len(processes)}.log", *arguments))
        return processes[-1]

    yield run
    for process in processes:
        with process:
            process.kill()
