"""Reports that come at the same time, twice, out of order, or from two who both think the print is theirs."""

import logging
import random
import statistics
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import models, transaction
from django.utils import timezone

from printqueue.models import Printer, PrintQueue, PrintRun
from printqueue.protocol import wire_time
from tests.factories import make_job, make_key, make_printer
from tests.faults.reports import lost, reporting, sum_of_answers
from tests.live.changes import report_progress

logger = logging.getLogger(__name__)

JUST_OVER_A_LEASE = timedelta(seconds=61)


def test_eight_who_report_at_once_are_followed_without_a_gap(servers, audience, reporters):
    """Row 11: eight writers against pages that follow; `tests/live/test_revisions.py` has it without a server."""
    for server in servers:
        audience.open(server, 3)
    audience.wait_until_open()

    with reporting(reporters(servers, jobs=4, printers=4), range(25)) as flow:
        pass

    audience.wait_until_right()
    assert lost(flow.reporters) == {}
    assert sum_of_answers(flow.reporters) == {200: 200}
    assert sum(page.ids_back for page in audience.pages) == 0


def test_what_was_rolled_back_is_told_to_nobody(server, audience):
    """Row 12: rollback after the hint was asked for."""
    job = make_job()
    [page] = audience.open(server)
    audience.wait_until_right()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        report_progress(job, 50)
        raise ZeroDivisionError
    report_progress(job, 60)

    audience.wait_until_right()
    assert [known.progress for known in page.heard] == [None, 60]


def shuffled_and_doubled(numbers: range) -> list[int]:
    """Return all of them, and a third of them twice, in any order."""
    doubled = [*numbers, *random.sample(numbers, len(numbers) // 3)]
    return random.sample(doubled, len(doubled))


def test_progress_that_comes_late_and_twice_leaves_what_was_said_last(server, audience):
    """Row 43, PUT progress: shuffled and doubled, with sequences."""
    job = make_job()
    audience.open(server)
    with server.client(headers={"Authorization": f"Bearer {make_key()[1]}"}) as client, ThreadPoolExecutor(4) as four:

        def put(sequence: int) -> int:
            body = {"progress": sequence, "sequence": sequence, "state": "paused" if sequence == 30 else "printing"}
            return int(client.put(f"/api/print-queue/{job.pk}/progress", json=body).status_code)

        assert set(four.map(put, shuffled_and_doubled(range(1, 31)))) == {200}

    job.refresh_from_db()
    assert (job.state, job.progress) == ("paused", 30)
    audience.wait_until_right()


def test_reports_that_come_late_and_twice_leave_what_was_said_last(server, audience):
    """Row 43, printer reports: shuffled and doubled, with sequences, in calls that overtake one another."""
    printer, job = make_printer(), make_job()
    audience.open(server)

    def report(sequence: int) -> dict[str, object]:
        return {
            "printer": printer.serial,
            "state": "paused" if sequence == 120 else "printing",
            "runKey": "1@0",
            "filename": job.print_file_name,
            "progress": sequence / 2,
            "measuredAt": wire_time(timezone.now()),
            "sequence": sequence,
        }

    reports = [report(sequence) for sequence in shuffled_and_doubled(range(1, 121))]
    with server.client(headers={"Authorization": f"Bearer {make_key()[1]}"}) as client, ThreadPoolExecutor(4) as four:

        def post(some: list[dict[str, object]]) -> set[str]:
            answer = client.post("/api/printer-reports", json={"reports": some}).raise_for_status()
            return {result["result"] for result in answer.json()["results"]}

        results = set().union(*four.map(post, [reports[n::8] for n in range(8)]))

    printer.refresh_from_db()
    job.refresh_from_db()
    assert results == {"accepted", "stale"}
    assert (printer.state, printer.progress, printer.last_sequence) == ("paused", 60, 120)
    assert (job.state, job.progress, job.runs.count()) == ("paused", 60, 1)
    audience.wait_until_right()


def let_the_lease_pass() -> None:
    """Let everything that was reported be a minute older."""
    PrintRun.objects.update(last_report_at=models.F("last_report_at") - JUST_OVER_A_LEASE)
    printers: models.QuerySet[Printer] = models.QuerySet(Printer)
    printers.update(lease_until=models.F("lease_until") - JUST_OVER_A_LEASE)


def test_a_second_client_may_report_a_job_only_when_the_first_fell_silent(server, reporters):
    """Row 45: two clients, one job; 409 until the lease of 60 s ends."""
    first, second = reporters([server], jobs=2)
    second.subject = first.subject
    first.tell(10)
    second.sequence = 100

    assert not second.tell_once(20)
    assert second.answers == {409: 1}

    let_the_lease_pass()
    assert second.tell_once(30)
    first.sequence = 200
    assert not first.tell_once(40)
    assert PrintQueue.objects.get(progress__isnull=False).progress == 30


def test_a_second_client_may_speak_for_a_printer_only_when_the_first_fell_silent(server, reporters):
    """Row 45: two clients, one printer; refused until the lease of 60 s ends."""
    first, second = reporters([server], printers=2)
    second.subject = first.subject
    first.tell(10)
    second.sequence = 1  # its own numbers say nothing about the first one's

    assert not second.tell_once(20)

    let_the_lease_pass()
    assert second.tell_once(30)
    first.sequence = 200
    assert not first.tell_once(40)
    assert Printer.objects.get(progress__isnull=False).progress == 30


@pytest.mark.sqlite_only
def test_twelve_clients_at_once_are_all_served_on_sqlite(start_server, audience, reporters):
    """Row 47: 12 parallel clients on SQLite as it comes; nobody hears of a lock."""
    server = start_server()
    audience.open(server, 3)
    audience.wait_until_open()

    with reporting(reporters([server], jobs=6, printers=6), range(30)) as flow:
        pass

    audience.wait_until_right()
    assert sum_of_answers(flow.reporters) == {200: 360}
    assert "locked" not in server.output()
    seconds = [taken for reporter in flow.reporters for taken in reporter.seconds]
    logger.info(f"12 clients on SQLite: p99 of a report {statistics.quantiles(seconds, n=100)[-1]:.3f} s (limit 1)")
