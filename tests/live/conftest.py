"""What the tests of the live layer share: streams of a real server, and the pump of the test process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from printqueue.live import pump
from printqueue.live.threads import threads
from tests.factories import make_key, make_staff
from tests.live.sse_client import SseClient
from tests.processes import ServeProcess


@pytest.fixture
def open_stream(transactional_db: None) -> Iterator[Callable[..., SseClient]]:
    """`open_stream(server, "/api/…", headers=…)`: an open stream; without headers, of a new member of staff."""
    clients: list[SseClient] = []

    def opened(
        server: ServeProcess,
        path: str = "/api/print-queue/events",
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> SseClient:
        client = SseClient(server.url + path, headers=headers or staff_headers(), **more)
        clients.append(client)
        return client

    yield opened
    for client in clients:
        client.close()


def staff_headers(user: User | None = None) -> dict[str, str]:
    """The cookie of `user`, or of a new member of staff, who has logged in."""
    browser = Client()
    browser.force_login(user or make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    return {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}


def key_headers(*printers, **fields) -> dict[str, str]:
    """The header of a new key for these printers, or for all."""
    return {"Authorization": f"Bearer {make_key(*printers, **fields)[1]}"}


@pytest.fixture
def stopped_pump() -> Iterator[None]:
    """End the pump and the threads that a test starts in its own process."""
    yield
    threads.stop()
    pump.stop()
