"""Servers that are killed, ended and started again while reports flow and pages are open."""

import logging
import time
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction

from printqueue.models import PrintRun
from tests.conftest import ENVIRONMENT
from tests.faults.lines import Line
from tests.faults.reports import lost, reporting, sum_of_answers
from tests.processes import wait_for

logger = logging.getLogger(__name__)

BACK_LIMIT = 15.0
"""Seconds after which 500 pages are back when the server was restarted: promised."""


@pytest.mark.slow
def test_three_kills_under_reports_lose_nothing_that_was_acknowledged(servers, audience, reporters):
    """Row 8: kill -9 of a server, three times, under reports."""
    for server in servers:
        audience.open(server, 6)
    audience.wait_until_open()

    four = reporters(servers, jobs=2, printers=2)
    # Three times, so that each kill comes under reports however long a server takes to start.
    for victim, percents in zip(
        [servers[0], servers[-1], servers[0]], [range(34), range(34, 67), range(67, 100)], strict=True
    ):
        with reporting(four, percents, pause=0.1) as flow:
            wait_for(partial(flow.is_past, flow.acknowledged + 20), 60, "reports flow")
            victim.kill()
            assert lost(four) == {}
            victim.start()

    audience.wait_until_right()
    assert lost(four) == {}
    assert {reporter.subject.last_stored() for reporter in four} == {(100, 99)}
    logger.info(f"answers under three kills: {sum_of_answers(four)}")


def test_a_page_that_was_cut_goes_on_where_it_was_after_the_server_was_killed(server, audience, reporters):
    """Row 8, seen from one page: it is told again of nothing that it knows."""
    [reporter] = reporters([server], jobs=1)
    [page] = audience.open(server, back_after=0.2)
    audience.wait_until_open()
    reporter.tell(10)
    audience.wait_until_right()

    server.kill()
    server.start()
    reporter.tell(20)

    audience.wait_until_right()
    assert (page.openings, page.resets, page.repeats) == (2, 0, 0)


@contextmanager
def held_up():
    """No report can be stored inside the block, and every report waits for its end."""
    if ENVIRONMENT.database == "sqlite":
        with transaction.atomic():  # IMMEDIATE: the one lock of the database
            yield
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE printqueue_printqueue IN EXCLUSIVE MODE")
            yield


def test_a_report_in_flight_when_the_server_ends_is_answered_or_harmless_to_repeat(server, audience, reporters):
    """Row 22: SIGTERM during a PUT."""
    [reporter] = reporters([server], jobs=1)
    job = reporter.subject.job
    audience.open(server)
    audience.wait_until_open()
    reporter.tell(10)
    report = put(f"/api/print-queue/{job.pk}/progress", reporter.authorization, b'{"progress": 20, "sequence": 2}')

    with Line(server) as line:
        with held_up(), server.client() as other:
            line.socket.sendall(report)
            # The PUT is in the server's hands before this is asked, and so is begun before this is answered.
            assert other.get("/healthz").status_code == 200
            server.process.terminate()
        status = line.status()
    assert server.stop() == 0

    assert status in (200, None)
    run = PrintRun.objects.get()
    assert status is None or (run.last_sequence, run.progress) == (2, 20)
    server.start()
    reporter.sequence = 2
    assert reporter.tell_once(20)  # the same once more
    audience.wait_until_right()
    run = PrintRun.objects.get()
    assert (run.last_sequence, run.progress, run.samples.count()) == (2, 20, 2)
    assert list(job.transitions.values_list("new_state", flat=True)) == ["ready", "printing"]
    logger.info(f"SIGTERM during a report: answered with {status}")


def put(path: str, authorization: str, body: bytes) -> bytes:
    """Return a PUT in bytes."""
    head = [
        f"PUT {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {authorization}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.slow
def test_500_pages_are_back_soon_after_a_restart(start_server, audience, reporters):
    """Row 23: restart with 500 streams; each comes back after the random `retry:` that it was given."""
    server = start_server()
    audience.open(server, 500)
    audience.wait_until_open(20)
    [reporter] = reporters([server], jobs=1)
    reporter.tell(1)
    audience.wait_until_right()

    assert server.stop() == 0
    server.start()
    began = time.monotonic()
    while not all(page.is_open for page in audience.pages):
        reporter.tell(time.monotonic() - began)
        assert time.monotonic() < began + 3 * BACK_LIMIT

    logger.info(f"500 pages were back {time.monotonic() - began:.1f} s after the server was (limit {BACK_LIMIT})")
    logger.info(f"meanwhile a PUT took at most {max(reporter.seconds):.2f} s (limit 3)")
    audience.wait_until_right()
    assert {page.openings for page in audience.pages} == {2}
