"""Real processes for tests: `manage.py serve` on the test database, and waiting for what they do."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from tests.environment import ROOT

T = TypeVar("T")

START_SECONDS = 60
STOP_SECONDS = 20


def wait_for(condition: Callable[[], T], seconds: float = 10, what: str = "") -> T:
    """Ask until the answer is true, then return it; fail after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(0.02)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on.

    It is below those that the system gives to outgoing connections: one of them could take it meanwhile.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311  (no secret)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class ServeProcess:
    """`manage.py serve` on a port of its own; stopped and started again it keeps port, database and settings."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = dict(environment)
        self.log = log
        self.command = [sys.executable, "manage.py", "serve", "--port", str(self.port), *arguments]
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx2.Client] = []

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self.process
        return self.process.pid

    def start(self) -> Self:
        """Start and return once /readyz says so."""
        return self.launch().wait_until_ready()

    def launch(self) -> Self:
        """Start, and return at once."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
                stdout=log,
                stderr=log,
            )
        return self

    def wait_until_ready(self) -> Self:
        """Return once /readyz says so."""
        with httpx2.Client(base_url=self.url, timeout=5) as client:
            wait_for(lambda: self._is_ready(client), START_SECONDS, "serve is ready")
        return self

    def _is_ready(self, client: httpx2.Client) -> bool:
        if not self.is_running:
            raise AssertionError(f"serve ended instead of starting:\n{self.output()}")
        try:
            return client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL, as a power cut; the exit code."""
        return self._end(signal.SIGKILL)

    def _end(self, with_signal: signal.Signals) -> int:
        for client in self._clients:
            client.close()
        self._clients.clear()
        assert self.process
        if self.is_running:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"serve did not end within {STOP_SECONDS} s of {with_signal.name}") from None

    def client(self, *, timeout: float = 10, headers: Mapping[str, str] | None = None) -> httpx2.Client:
        """A client for this server; closed when the server ends."""
        client = httpx2.Client(base_url=self.url, timeout=timeout, headers=dict(headers or {}))
        self._clients.append(client)
        return client

    def output(self) -> str:
        """All that the process has written so far."""
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()
