"""What is kept of completed runs: measured once, soon after their end, and heard by later prints of the same file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from printqueue import measuring, periodic, worth
from printqueue.estimate import EarlierRun
from printqueue.estimating import estimate_active_runs
from printqueue.measuring import earlier_runs, measure_completed_runs
from printqueue.models import PrintRun
from printqueue.worth import Source
from tests.factories import NOW, Client, make_job, make_printer

FILE = "ring.gcode"


@pytest.fixture
def client(db: None) -> Client:
    return Client(make_printer("left"))


def an_hour(client: Client, key: str = "1@0", file_name: str = FILE, end: str = "completed", **fields: Any) -> PrintRun:
    """Print for an hour, with ten minutes' pause half-way."""
    says = {"run_key": key, "file_name": file_name, **fields}
    client.says("printing", progress=0.0, **says)
    for minute in range(1, 60):
        client.says("printing", after_seconds=60, progress=minute / 0.6, **says)
        if minute == 30:
            client.says("paused", after_seconds=0, progress=50.0, **says)
            client.says("printing", after_seconds=600, progress=50.0, **says)
    outcome = client.says(end, after_seconds=60, **{**says, "progress": 100.0})
    assert outcome.run is not None
    return outcome.run


def fresh(run: PrintRun) -> PrintRun:
    run.refresh_from_db()
    return run


def test_a_completed_run_keeps_how_long_it_worked_and_when_it_came_to_each_mark(client):
    run = an_hour(client)

    measure_completed_runs(client.now)

    kept = earlier_runs({"ring": None})[0]["ring"]
    assert kept == [EarlierRun(3600, (360, 900, 1800, 2700))]
    assert fresh(run).is_measured


def test_it_keeps_how_well_its_finish_was_foretold(client):
    run = an_hour(client, remaining_seconds=1800)

    measure_completed_runs(client.now)

    off = worth.read(fresh(run).worth)
    assert off[Source.PRINTER] == (0.4, 0.25, 0, 0.25)
    assert off[Source.ELAPSED] == pytest.approx((0, 0, 0, 0), abs=0.01)
    assert set(off) == {Source.OURS, Source.PRINTER, Source.ELAPSED}


def test_the_earlier_runs_that_were_known_then_are_measured_with_it(client):
    first, second = an_hour(client), an_hour(client, "2@0", file_name="RING_.gcode.3mf")
    third = an_hour(client, "3@0")

    measure_completed_runs(client.now)

    assert [Source.EARLIER in worth.read(fresh(run).worth) for run in (first, second, third)] == [False, False, True]


def test_the_slicers_figure_in_the_name_is_measured_with_it(client):
    run = an_hour(client, file_name="ring_PLA_1h6m.gcode")

    measure_completed_runs(client.now)

    assert worth.read(fresh(run).worth)[Source.SLICER] == pytest.approx((0.1, 0.1, 0.1, 0.1), abs=0.001)


@pytest.mark.parametrize("end", ["failed", "cancelled", "unknown_end"])
def test_a_run_that_did_not_complete_is_no_example(client, end):
    run = an_hour(client, end=end)

    measure_completed_runs(client.now)

    assert not fresh(run).is_measured
    assert earlier_runs({"ring": None}) == ({}, [])


def test_a_run_of_which_too_little_was_seen_is_looked_at_once_and_is_no_example(client):
    client.says("printing", run_key="1@0", file_name=FILE, progress=50.0)
    run = client.says("completed", after_seconds=60, run_key="1@0", file_name=FILE, progress=100.0).run
    assert run is not None

    measure_completed_runs(client.now)

    assert fresh(run).is_measured
    assert (run.worked_seconds, run.worth) == (None, "")


def test_a_print_that_had_ended_when_its_printer_was_first_seen_is_passed_over(client):
    run = client.says("completed", run_key="1@0", file_name=FILE, progress=100.0).run
    assert run is not None and run.is_history

    measure_completed_runs(client.now)

    assert not fresh(run).is_measured


def test_a_name_that_any_file_may_have_is_no_files_name(client):
    an_hour(client, file_name="plate_1.gcode")

    measure_completed_runs(client.now)

    assert earlier_runs({"plate_1": None, "": None}) == ({}, [])


def kept_run(number: int, *, key: str = "ring", ended_at: datetime = NOW, **fields: Any) -> PrintRun:
    """A run that was measured, and worked so many seconds."""
    return PrintRun.objects.create(
        run_key=f"{key}{number}", state="completed", started_at=NOW, ended_at=ended_at, is_measured=True,
        file_key=key, worked_seconds=number, marks="[null, null, null, null]", **fields,
    )  # fmt: skip


def test_the_newest_ten_are_heard_of_each_file_and_those_alone_that_ended_before(db):
    for number in range(12):
        kept_run(number, ended_at=NOW + timedelta(hours=number))
        kept_run(number, key="other", ended_at=NOW + timedelta(hours=number))

    found, _ = earlier_runs({"ring": None, "other": NOW + timedelta(hours=3), "nothing": None})

    assert [run.seconds for run in found["ring"]] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert [run.seconds for run in found["other"]] == [3, 2, 1, 0]
    assert "nothing" not in found


def test_the_latest_prints_of_any_file_are_told_with_them(db):
    printer = make_printer()
    for number in range(4):
        kept_run(number, ended_at=NOW + timedelta(hours=number), worth="{}", printer=printer if number % 2 else None)

    found, latest = earlier_runs({"ring": NOW}, latest=3)

    assert [run.seconds for run in found["ring"]] == [0]
    assert latest == [(printer.pk, 3), (0, 2), (printer.pk, 1)]


def test_a_print_is_estimated_by_earlier_ones_of_its_file_from_its_beginning(client):
    an_hour(client)
    measure_completed_runs(client.now)

    client.says("printing", run_key="2@0", file_name=FILE, progress=0.0)
    estimate_active_runs(client.now)

    run = PrintRun.objects.get(run_key="2@0")
    assert run.estimated_left_seconds == pytest.approx(3600, abs=60)


def test_a_print_is_estimated_by_the_slicers_figure_from_its_beginning(client):
    client.says("printing", run_key="2@0", file_name="ring_PLA_1h0m.gcode", progress=0.0)

    estimate_active_runs(client.now)

    assert PrintRun.objects.get().estimated_left_seconds == pytest.approx(3600, abs=60)


def test_the_slicers_figure_in_the_name_of_its_jobs_file_does_when_the_print_has_another_name(client):
    job = make_job(print_file_name="ring_PLA_1h0m.gcode")

    client.says("printing", run_key="2@0", file_name=f"ring_{job.code}.gcode", progress=0.0)
    estimate_active_runs(client.now)

    job.refresh_from_db()
    assert job.estimated_left_seconds == pytest.approx(3600, abs=60)


def test_those_that_ended_before_there_was_this_are_measured_a_few_a_turn_the_oldest_first(client, monkeypatch):
    monkeypatch.setattr(measuring, "RUNS_A_TURN", 2)
    runs = [an_hour(client, f"{number}@0") for number in range(3)]

    measure_completed_runs(client.now)
    assert [fresh(run).is_measured for run in runs] == [True, True, False]

    measure_completed_runs(client.now)
    assert fresh(runs[2]).is_measured


def test_two_ticks_at_once_measure_a_run_once(client, monkeypatch):
    an_hour(client)
    measured: list[PrintRun] = []
    monkeypatch.setattr(measuring, "_measure", measured.append)

    periodic.tick(client.now)
    periodic.tick(client.now)

    assert len(measured) == 1


def test_a_run_that_another_process_measured_meanwhile_stays_as_it_is(client):
    run = an_hour(client)
    stale = PrintRun.objects.get(pk=run.pk)
    PrintRun.objects.filter(pk=run.pk).update(is_measured=True, worth="theirs")

    measuring._measure(stale)

    assert fresh(run).worth == "theirs"


@pytest.mark.postgres_only  # SQLite lets one write at a time
def test_two_processes_at_once_measure_a_run_without_waiting_for_ever(transactional_db):
    client = Client(make_printer("left"))
    run = an_hour(client)

    def work() -> None:
        try:
            measure_completed_runs(client.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work), pool.submit(work)]:
            done.result(timeout=60)

    assert fresh(run).worked_seconds == 3600


@pytest.mark.sqlite_only  # PostgreSQL sorts few rows sooner than it looks at an index
def test_runs_are_found_by_indexes_that_hold_no_others(db):
    to_measure = PrintRun.objects.to_be_measured().order_by("ended_at")[:20].explain()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {measuring._OF_ONE_FILE.format(before='')}", ["ring"])
        of_a_file = " ".join(str(row) for row in cursor.fetchall())

    assert "run_to_measure" in to_measure
    assert "run_earlier" in of_a_file
    assert "TEMP B-TREE" not in to_measure + of_a_file
