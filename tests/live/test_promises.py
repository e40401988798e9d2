"""What open pages are promised, with real server processes that are killed, doubled and hurried."""

import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from printqueue.live.position import Position
from printqueue.models import PrinterKey, PrintQueue
from tests.factories import make_job, make_key
from tests.live.changes import report_progress
from tests.live.conftest import key_headers, staff_headers
from tests.live.sse_client import SseClient
from tests.processes import wait_for

logger = logging.getLogger(__name__)


@contextmanager
def while_writing(jobs: list[PrintQueue], percents: range) -> Iterator[Future[None]]:
    """Report these percents of the jobs in another thread; they are all written when the block has ended."""

    def write() -> None:
        try:
            for percent in percents:
                for job in jobs:
                    report_progress(job, percent)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        yield writing
        writing.result()


def put_progress(server, token: str, job: PrintQueue, percent: float) -> None:
    with server.client(headers={"Authorization": f"Bearer {token}"}) as client:
        client.put(f"/api/print-queue/{job.pk}/progress", json={"progress": percent}).raise_for_status()


def test_after_200_writes_in_a_burst_the_page_knows_what_the_database_holds(server, open_stream):
    job = make_job()
    stream = open_stream(server).wait_until_open()

    for step in range(200):
        report_progress(job, step / 2)

    stream.wait_for_message(progress=99.5)
    revisions = [message["revision"] for message in stream.messages]
    assert revisions == sorted(revisions)
    ids = [int(event.id.split(":")[1]) for event in stream.events if event.id]
    assert ids == sorted(ids)


def test_a_page_that_opens_in_the_midst_of_writes_misses_nothing(server, open_stream):
    jobs = [make_job() for _ in range(5)]
    headers = staff_headers()

    streams: list[SseClient] = []
    with while_writing(jobs, range(1, 41)) as writing:
        while not writing.done() and len(streams) < 30:
            streams.append(open_stream(server, headers=headers))
            time.sleep(0.05)  # spread over the time of writing

    for stream in streams:
        for job in jobs:
            stream.wait_for_message(id=str(job.pk), progress=40.0, seconds=6)


def test_a_fresh_process_tells_its_first_page_all_that_was_written_since_the_page_was_made(serve, open_stream):
    job = make_job()
    rendered = str(Position.current())
    server = serve("--no-worker")

    with while_writing([job], range(1, 31)):
        stream = open_stream(server, last_event_id=rendered)

    stream.wait_for_message(progress=30.0)


def test_a_page_that_was_cut_goes_on_after_the_server_was_killed(serve, open_stream):
    job = make_job()
    server = serve("--no-worker")
    stream = open_stream(server).wait_until_open()
    report_progress(job, 10)
    stream.wait_for_message(progress=10.0)
    headers = staff_headers()

    server.kill()
    stream.wait_for_end()
    report_progress(job, 20)
    server.start()

    again = open_stream(server, headers=headers, last_event_id=stream.last_event_id).wait_until_open()
    assert [message["progress"] for message in again.messages] == [20.0]


def test_a_write_is_told_at_once(server, open_stream):
    job, (_, token) = make_job(), make_key()
    stream = open_stream(server).wait_until_open()
    began = time.monotonic()

    put_progress(server, token, job, 45.3)
    stream.wait_for_message(progress=45.3, seconds=1.5)

    logger.info(f"PUT to stream in {1000 * (time.monotonic() - began):.0f} ms")


@pytest.mark.postgres_only
def test_a_write_to_one_server_reaches_a_page_of_another(serve, open_stream):
    job, (_, token) = make_job(), make_key()
    here, there = serve("--no-worker"), serve("--no-worker")
    stream = open_stream(there).wait_until_open()
    began = time.monotonic()

    put_progress(here, token, job, 45.3)
    stream.wait_for_message(progress=45.3, seconds=4.5)

    logger.info(f"PUT to another server's stream in {1000 * (time.monotonic() - began):.0f} ms (limit 1500)")


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
