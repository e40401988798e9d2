"""Clients that go without a word, come back, or read nothing: what they leave behind, and what others notice."""

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count

import httpx2
import pytest
from django.db import connection, transaction

from printqueue.live.revisions import take_revisions
from printqueue.models import PrintQueue
from tests.environment import ROOT
from tests.factories import make_job, make_staff
from tests.faults.lines import NO_LINGER, Line, connections, get, many_lines
from tests.faults.measure import descriptors, resident_mb
from tests.faults.networks import Network
from tests.faults.staff_browser import StaffBrowser
from tests.live.conftest import key_headers, staff_headers
from tests.live.sse_client import SseClient
from tests.processes import ServeProcess, wait_for

logger = logging.getLogger(__name__)

EVENTS = "/api/print-queue/events"
EVENT_BYTES = 200
"""A message about a job has more."""


@contextmanager
def another_process(url: str, headers: dict[str, str], *within: str) -> Iterator[subprocess.Popen[bytes]]:
    """A client with an open stream, as a process; `within` is the command that runs it somewhere else."""
    program = [*within, sys.executable, "-m", "tests.faults.reader", url, json.dumps(headers)]
    process = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_job_that_was_hidden_meanwhile_is_told_as_removed_to_a_client_that_comes_back(server, open_stream):
    """Row 14: job deleted while a client is offline; nothing is deleted but by hiding, here in the admin."""
    staff = StaffBrowser(server, make_staff(is_superuser=True))
    job, _ = make_job(), make_job()
    stream = open_stream(server, headers=staff.headers).wait_until_open()
    stream.close()

    staff.post("/admin/printqueue/printqueue/", action="hide", _selected_action=job.pk)

    again = open_stream(server, headers=staff.headers, last_event_id=stream.last_event_id).wait_until_open()
    job.refresh_from_db()
    assert again.messages == [{"type": "removed", "id": str(job.pk), "revision": job.revision}]


@pytest.mark.parametrize("how", ["is closed", "is reset", "is killed"])
def test_a_client_that_goes_is_forgotten_at_once(how, server, open_stream):
    """Row 15: the one seat of this user's is free again as soon as the server has noticed."""
    headers = staff_headers()
    for _ in range(49):
        open_stream(server, headers=headers).wait_until_open()
    with another_process(server.url + EVENTS, headers) if how == "is killed" else one_more(server, headers) as last:
        assert open_stream(server, headers=headers).status == 429
        began = time.monotonic()

        if isinstance(last, Line) and how == "is reset":
            last.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        last.close() if isinstance(last, Line) else last.kill()

        wait_for(lambda: open_stream(server, headers=headers).status == 200, 3, "a free seat")
    logger.info(f"a client that {how} was dropped within {1000 * (time.monotonic() - began):.0f} ms (limit 1000)")


def one_more(server: ServeProcess, headers: dict[str, str]) -> Line:
    """A stream as a bare connection, so that closing it is one system call."""
    line = Line(server, get(EVENTS, headers))
    assert line.status() == 200
    return line


@pytest.fixture
def networks() -> Iterator[tuple[Network, Network]]:
    with Network() as one, Network() as other:
        yield one, other


@pytest.mark.slow
def test_clients_whose_network_drops_are_forgotten_within_a_minute(networks, serve, open_stream):
    """Row 16: one's address is gone, the other's cable is cut. No FIN and no RST ever comes from either."""
    unaddressed, cut = networks
    hosts = ",".join(["127.0.0.1", *(network.here for network in networks)])
    environment = {"STREAMS_PER_USER": "1", "ALLOWED_HOSTS": hosts}
    server = serve("--no-worker", "--bind", "0.0.0.0", environment=environment)  # noqa: S104  (networks of our own)
    headers = {network: key_headers() for network in networks}
    with ExitStack() as clients:
        for network in networks:
            url = f"http://{network.here}:{server.port}{EVENTS}"
            clients.enter_context(another_process(url, headers[network], *network.within))
            assert open_stream(server, headers=headers[network]).status == 429
        began = time.monotonic()

        unaddressed.drop_address()
        cut.cut()

        for network, how in ((unaddressed, "its address was gone"), (cut, "its cable was cut")):
            wait_for(partial(has_free_seat, server, headers[network], open_stream), 180, "a free seat")
            logger.info(f"when {how} the listener was gone after {time.monotonic() - began:.0f} s (limit 60)")


def has_free_seat(server: ServeProcess, headers: dict[str, str], open_stream: Callable[..., SseClient]) -> bool:
    """Whether one more stream is let in."""
    return open_stream(server, headers=headers).status == 200


@pytest.mark.slow
def test_2000_clients_that_came_and_went_leave_nothing_behind(server, open_stream):
    """Row 17: memory grows by less than 15 MB, and every file descriptor comes back."""
    headers = [staff_headers() for _ in range(8)]

    def come_and_go(number: int) -> None:
        with SseClient(server.url + EVENTS, headers=headers[number % 8]) as stream:
            stream.wait_until_open(30)

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(come_and_go, range(200)))  # what is made once is made now
        wait_for(lambda: descriptors(server.pid) < 60, 30, "the first are forgotten")
        before, files = resident_mb(server.pid), descriptors(server.pid)

        list(clients.map(come_and_go, range(2000)))

    most = files + 2  # one of the lasting threads may have opened the database anew
    wait_for(lambda: descriptors(server.pid) <= most, 30, f"{descriptors(server.pid)} files, {files} before")
    grown = resident_mb(server.pid) - before
    logger.info(f"2,000 came and went: {grown:+.1f} MB (limit 15), files {files} → {descriptors(server.pid)}")
    assert grown < 15


@pytest.mark.slow
def test_clients_that_read_nothing_are_cut_and_others_notice_nothing(start_server, open_stream):
    """Row 18: 20 MB for each of five that do not read; the server keeps none of it for them."""
    server, jobs = start_server(), [make_job() for _ in range(500)]
    reader = open_stream(server, f"/api/print-queue/{jobs[0].pk}/events").wait_until_open()
    with server.client(headers=key_headers()) as reporter:
        for percent in range(1, 21):  # what is made once is made now
            tell_of_all(jobs, percent, reporter, reader)
        before = most = resident_mb(server.pid)
        slowest, sent, percents = 0.0, 0, count(21)

        with many_lines(5, lambda _: Line(server, get(EVENTS, staff_headers()), receive_buffer=4096)):
            wait_for(lambda: connections(server) == 7, 30, "all five are in")
            began = time.monotonic()
            while connections(server) > 2 or sent < 20_000_000:
                assert time.monotonic() - began < 200, "they are not cut"
                slowest = max(slowest, tell_of_all(jobs, next(percents), reporter, reader))
                most = max(most, resident_mb(server.pid))
                sent += len(jobs) * EVENT_BYTES

    logger.info(
        f"five that read nothing: {most - before:+.1f} MB at most (limit 30), of {sent / 1e6:.0f} MB for each, all cut "
        f"after {time.monotonic() - began:.0f} s; one that read had a change after {slowest:.2f} s at the latest"
    )
    assert most - before < 30


def tell_of_all(jobs: list[PrintQueue], number: int, reporter: httpx2.Client, reader: SseClient) -> float:
    """Change all jobs, the first of them by a report, and return the seconds until the reader has heard of that.

    The others are changed all at once, faster than row by row; they are all that there is, one after the other.
    """
    began, percent = time.monotonic(), number / 100
    with transaction.atomic():
        first = take_revisions(len(jobs)) - len(jobs) + 1
        with connection.cursor() as cursor:
            ahead = first - jobs[0].pk
            cursor.execute("UPDATE printqueue_printqueue SET progress = %s, revision = id + %s", [percent, ahead])
    reporter.put(f"/api/print-queue/{jobs[0].pk}/progress", json={"progress": percent}).raise_for_status()
    reader.wait_for_message(progress=percent, seconds=30)
    return time.monotonic() - began
