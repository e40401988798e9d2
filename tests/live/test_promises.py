"""What open pages are promised, with real server processes that are killed, doubled and hurried."""

import logging
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from printqueue.models import PrinterKey, PrintQueue
from tests.factories import make_job, make_key
from tests.live.conftest import key_headers, staff_headers
from tests.live.sse_client import SseClient
from tests.processes import wait_for

logger = logging.getLogger(__name__)


def put_progress(server, token: str, job: PrintQueue, percent: float) -> None:
    with server.client(headers={"Authorization": f"Bearer {token}"}) as client:
        client.put(f"/api/print-queue/{job.pk}/progress", json={"progress": percent}).raise_for_status()


def test_a_write_is_told_at_once(server, open_stream):
    job, (_, token) = make_job(), make_key()
    stream = open_stream(server).wait_until_open()
    began = time.monotonic()

    put_progress(server, token, job, 45.3)
    stream.wait_for_message(progress=45.3, seconds=1.5)

    logger.info(f"PUT to stream in {1000 * (time.monotonic() - began):.0f} ms")


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_is_forgotten_at_once(how, server, open_stream):
    """The one seat of this user's is free again as soon as the server has noticed."""
    headers = key_headers()
    streams = [open_stream(server, headers=headers).wait_until_open() for _ in range(50)]
    assert open_stream(server, headers=headers).status == 429
    began = time.monotonic()

    if how == "reset":
        no_linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        streams[0]._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    streams[0].close()

    wait_for(lambda: open_stream(server, headers=headers).status == 200, 3, "a free seat")
    logger.info(f"a closed client was dropped within {1000 * (time.monotonic() - began):.0f} ms (limit 1000)")


@pytest.mark.slow
def test_every_stream_ends_soon_after_its_viewer_may_watch_no_longer(server, open_stream):
    streams = [open_stream(server).wait_until_open() for _ in range(4)]
    with_key = open_stream(server, headers=key_headers()).wait_until_open()
    ids = list(User.objects.order_by("pk").values_list("pk", flat=True))
    began = time.monotonic()

    sessions = {s.get_decoded()["_auth_user_id"]: s.pk for s in Session.objects.all()}
    Session.objects.filter(pk=sessions[str(ids[0])]).delete()
    Session.objects.filter(pk=sessions[str(ids[1])]).update(expire_date=timezone.now() - timedelta(seconds=1))
    User.objects.filter(pk=ids[2]).update(is_active=False)
    User.objects.filter(pk=ids[3]).update(is_staff=False)
    PrinterKey.objects.update(revoked_at=timezone.now())

    for stream in (*streams, with_key):
        stream.wait_for_end(105)
    logger.info(f"all had ended after {time.monotonic() - began:.1f} s (limit 35)")


def test_300_bad_requests_and_300_good_ones_leave_the_server_as_it_was(server):
    headers = staff_headers()
    said_before = server.output()
    bad: list[dict[str, Any]] = [
        {"last_event_id": "c:abc"},
        {"query": {"es-meta": "x"}},
        {"query": {"recover": "true"}},
    ]

    for number in range(300):
        with SseClient(server.url + "/api/print-queue/events", headers=headers, **bad[number % 3]) as client:
            assert client.status == 400
    with server.client() as client:
        for _ in range(300):
            assert client.get("/healthz").status_code == 200

    assert "Traceback" not in server.output().removeprefix(said_before)
