"""What the client's tests share."""

import logging
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.client.fake_server import FakeServer, fake_server


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
