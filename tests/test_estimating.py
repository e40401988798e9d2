"""When a print will finish, as it is stored and told: reckoned by the periodic work from what was reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from printqueue import estimating
from printqueue.estimating import estimate_active_runs
from printqueue.models import Printer, PrintQueue, PrintRun, Who
from printqueue.models.estimated import Told
from printqueue.models.sample import seen_of
from tests.factories import NOW, Client, make_job, make_printer

pytestmark = pytest.mark.django_db

FILE = "ring.gcode"
HOUR = 3600
MINUTE = timedelta(minutes=1)


@pytest.fixture
def job() -> PrintQueue:
    return make_job(print_file_name=FILE)


@pytest.fixture
def client() -> Client:
    return Client(make_printer("left"))


def prints(client: Client, *, until: int, since: int = 0, state: str = "printing", **fields: Any) -> None:
    """Let an hour's print go on, from one minute to another; it ends at `NOW + HOUR` if it does not pause."""
    for minute in range(since, until + 1):
        after = 0 if minute == since == 0 else 60
        client.says(state, after_seconds=after, run_key="1@0", file_name=FILE, progress=minute / 0.6, **fields)


def told(row: PrintRun | PrintQueue | Printer) -> Told:
    """What a fresh `row` tells, as of its last report."""
    row.refresh_from_db()
    if isinstance(row, Printer):
        return row.estimate_told
    return row.estimate_at(row.last_report_at if isinstance(row, PrintRun) else row.progress_last_report_time)


def minutes(finish: Any) -> float:
    """A finish in minutes after NOW."""
    return float((finish - NOW).total_seconds() / 60)


def revisions(row: Any) -> tuple[int, int]:
    row.refresh_from_db()
    return row.revision, row.structure_revision


def test_a_print_tells_when_it_will_finish_on_its_run_its_job_and_its_printer(job, client):
    prints(client, until=30)

    estimate_active_runs(client.now)

    run = PrintRun.objects.get()
    assert minutes(told(run).finish) == pytest.approx(60, abs=2)
    assert told(run).left == pytest.approx(HOUR / 2, abs=120)
    assert 0 < (told(run).spread or 0) < HOUR / 4
    assert told(run) == told(job) == told(client.printer)


def test_it_is_told_to_open_pages_as_plain_progress(job, client):
    prints(client, until=30)
    before = revisions(job), revisions(client.printer)

    estimate_active_runs(client.now)

    after = revisions(job), revisions(client.printer)
    assert [now[0] > was[0] for was, now in zip(before, after, strict=True)] == [True, True]
    assert [now[1] == was[1] for was, now in zip(before, after, strict=True)] == [True, True]
    assert job.event_type(before[0][0]) == "progress"
    assert job.as_event()["estimatedFinishTime"] is not None


def test_what_stays_as_it_was_is_not_told_again(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)
    before = revisions(job), revisions(client.printer)

    estimate_active_runs(client.now + timedelta(seconds=15))

    assert (revisions(job), revisions(client.printer)) == before


def test_an_even_print_keeps_its_finish_and_is_written_a_few_times(job, client, monkeypatch):
    writes = 0
    store = estimating._store

    def counted(*arguments):
        nonlocal writes
        writes += 1
        store(*arguments)

    monkeypatch.setattr(estimating, "_store", counted)
    finishes = []
    for minute in range(58):
        prints(client, since=minute, until=minute)
        estimate_active_runs(client.now)
        finishes.append(told(job).finish)

    late = [minutes(finish) for finish in finishes[30:]]
    assert max(late) - min(late) < 2
    assert writes < 25


def test_nothing_is_told_while_too_little_is_known(job, client):
    client.says("printing", run_key="1@0", file_name=FILE, progress=0)

    estimate_active_runs(client.now)

    assert told(job) == told(client.printer) == Told()


def test_a_paused_print_tells_what_is_left_and_no_time_of_day(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)

    client.says("paused", after_seconds=60, run_key="1@0", progress=51)
    at_once = told(job)
    client.now += 10 * MINUTE
    client.says("paused", run_key="1@0", progress=51)
    estimate_active_runs(client.now)

    assert at_once.finish is None
    assert at_once.left == pytest.approx(HOUR / 2 - 60, abs=120)
    assert told(job).left == pytest.approx(at_once.left, abs=120)
    assert told(job) == told(client.printer)


def test_a_print_that_goes_on_finishes_later_by_its_pause_at_once(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)
    before = told(job).finish
    assert before is not None

    client.says("paused", after_seconds=0, run_key="1@0", progress=50)
    client.says("printing", after_seconds=7200, run_key="1@0", progress=50)

    for row in (job, client.printer, PrintRun.objects.get()):
        assert told(row).finish == before + timedelta(seconds=7200)


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_an_end_takes_it_back_with_the_report_that_tells_of_it(job, client, end):
    prints(client, until=30)
    estimate_active_runs(client.now)

    client.says(end, run_key="1@0", file_name=FILE)

    assert told(job) == told(client.printer) == told(PrintRun.objects.get()) == Told()
    job.refresh_from_db()
    assert job.estimated_at is None


def test_a_job_that_staff_close_tells_nothing_although_its_print_goes_on(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)

    job.refresh_from_db()
    job.cancel(by=Who(), now=client.now)
    prints(client, since=31, until=33)
    estimate_active_runs(client.now)

    assert told(job) == Told()
    assert told(client.printer).finish is not None


def test_a_printer_that_does_something_else_tells_nothing(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)

    client.says("idle")
    assert told(client.printer) == Told()

    client.says("printing", run_key="1@0", file_name=FILE, progress=50)
    assert told(client.printer).finish is not None


def test_a_print_that_nobody_reports_is_left_as_it_was(job, client):
    prints(client, until=30)
    estimate_active_runs(client.now)
    before = revisions(job)

    estimate_active_runs(client.now + timedelta(hours=5))

    assert revisions(job) == before


def test_a_job_that_takes_over_a_print_tells_when_that_will_finish(client):
    prints(client, until=30)
    estimate_active_runs(client.now)
    job = make_job()

    job.link(PrintRun.objects.get(), by=Who(), now=client.now)

    assert told(job).finish == told(client.printer).finish


def test_progress_that_a_job_gets_is_estimated_too(job, client):
    for minute in range(31):
        client.put(job, minute / 0.6, after_seconds=60)

    estimate_active_runs(client.now)

    assert told(job).left == pytest.approx(HOUR / 2, abs=120)


def test_what_changed_while_it_was_reckoned_is_left_to_the_next_turn(job, client, monkeypatch):
    prints(client, until=30)
    look = seen_of

    def pausing(runs):
        found = look(runs)
        client.says("paused", run_key="1@0", progress=50)
        return found

    monkeypatch.setattr(estimating, "seen_of", pausing)

    estimate_active_runs(client.now)

    assert told(job) == Told()


def test_many_runs_need_a_few_queries_each_twenty():
    counts = []
    for shop in range(2):
        for number in range(shop * 2, shop * 2 + 2):
            prints(Client(make_printer(f"p{number}")), until=20)
        with CaptureQueriesContext(connection) as queries:
            estimate_active_runs(NOW + timedelta(minutes=20))
        counts.append(len(queries))

    assert counts[0] <= 12
    assert counts[1] == counts[0]
