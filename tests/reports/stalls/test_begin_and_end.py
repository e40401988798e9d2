"""Each kind of stall: when it is noticed, when it is over, and how it ends with its run."""

from datetime import timedelta

import pytest

from printqueue.models import Fact, FactKind, PrintRun, Who
from printqueue.models.fact import STALLS
from tests.reports.stalls.story import NUMBERS, facts, passes, says, stall_of


def test_a_client_that_falls_silent_is_noticed_after_five_minutes(client, job):
    says(client, 1)
    heard_at = client.now
    passes(client, 4.8)
    assert facts() == []

    passes(client, 0.5)

    run = PrintRun.objects.get()
    assert facts() == ["no_reports!"]
    assert (run.stall, run.stall_since) == ("no_reports", heard_at)
    assert Fact.objects.get().at == heard_at + timedelta(minutes=5)


def test_the_first_report_after_a_silence_ends_it_at_once(client, job):
    says(client, 1)
    passes(client, 9)

    client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 50.0})

    job.refresh_from_db()
    assert facts() == ["no_reports", "recovered no_reports"]
    assert (stall_of(client), job.stall, client.printer.as_wire()["stall"]) == ("", "", None)


def test_a_printer_that_does_not_answer_its_client_is_noticed(client, job):
    says(client, 1)
    says(client, 4.8, "offline")
    assert facts() == []

    says(client, 0.5, "offline")

    assert facts() == ["offline!"]
    says(client, 30, "offline")
    assert facts() == ["offline!"]


def test_a_printer_that_answers_again_has_recovered(client, job):
    says(client, 6, "offline")

    client.says("printing", run_key="1@0", **NUMBERS)

    assert facts() == ["offline", "recovered offline"]
    says(client, 19)
    assert facts() == ["offline", "recovered offline"]  # what it does now is watched from now on


def test_a_print_that_stands_still_is_noticed_after_twenty_minutes(client, job):
    says(client, 20)
    assert facts() == []

    says(client, 1)

    job.refresh_from_db()
    assert facts() == ["no_movement!"]
    assert (job.stall, client.printer.as_wire()["stall"]) == ("no_movement", "no_movement")


@pytest.mark.parametrize("moved", [{"progress": 45.4}, {"layer": 42}, {"progress": 0.5}])
def test_any_movement_ends_a_standstill_at_once(moved, client, job):
    says(client, 21)

    client.says("printing", run_key="1@0", **{**NUMBERS, **moved})

    job.refresh_from_db()
    assert facts() == ["no_movement", "recovered no_movement"]
    assert (stall_of(client), job.stall) == ("", "")


def test_a_remaining_time_that_changes_is_no_movement(client, job):
    for seconds in range(3000, 3000 - 22, -1):
        says(client, 1, remaining_seconds=seconds)

    assert facts() == ["no_movement!"]


def test_a_standstill_that_is_paused_by_somebody_ends_without_recovery(client, job):
    says(client, 21)

    says(client, 1, "paused")

    assert facts() == ["no_movement"]


def test_a_pause_is_noticed_after_an_hour_with_the_printers_reason(client, job):
    says(client, 60, "paused", error_message="Filament ran out")
    assert facts() == []

    says(client, 1, "paused", error_message="Filament ran out")

    assert facts() == ["paused_too_long!"]
    assert Fact.objects.get(kind=FactKind.PAUSED_TOO_LONG).detail == "Filament ran out"


def test_printing_on_ends_a_pause(client, job):
    says(client, 61, "paused")

    says(client, 1, progress=45.3)

    assert facts() == ["paused_too_long", "recovered paused_too_long"]


def test_a_pause_that_outlasts_its_client_is_told_once(client, job):
    says(client, 61, "paused")
    passes(client, 30)
    assert stall_of(client) == "no_reports"

    says(client, 5, "paused")

    assert facts() == ["paused_too_long!", "no_reports"]
    assert stall_of(client) == "paused_too_long"


def test_a_standstill_that_outlasts_its_printers_absence_is_told_once(client, job):
    says(client, 21)
    says(client, 10, "offline")
    says(client, 25)

    assert facts() == ["no_movement!", "offline"]
    says(client, 1, progress=46.0)
    assert facts() == ["no_movement", "offline", "recovered no_movement"]


def test_a_second_standstill_is_a_second_fact(client, job):
    says(client, 21)
    for step in range(20):
        says(client, 0.5, progress=46.0 + step / 10)
    says(client, 21, progress=48.0)

    assert facts() == ["no_movement", "recovered no_movement", "no_movement!"]


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_run_that_ends_while_it_is_stalled_leaves_nothing_open_and_has_not_recovered(state, client, job):
    says(client, 21)

    client.says(state, run_key="1@0", progress=45.3)

    job.refresh_from_db()
    assert facts() == ["no_movement"]
    assert (stall_of(client), job.stall, client.printer.as_wire()["stall"]) == ("", "", None)


def test_the_next_print_on_the_printer_ends_the_stall_of_the_last(client, job):
    says(client, 21)

    client.says("printing", run_key="2@0", progress=1)

    assert facts(STALLS) == ["no_movement"]
    assert client.printer.as_wire()["stall"] is None


def test_a_stall_is_over_no_sooner_than_it_began_though_the_end_was_earlier(client, job):
    passes(client, 30)

    client.says("completed", run_key="1@0", progress=100, measured_at=client.now - timedelta(minutes=28))

    [fact] = Fact.objects.filter(kind__in=STALLS)
    assert fact.cleared_at is not None
    assert fact.cleared_at >= fact.at


def test_a_job_that_staff_took_from_its_print_does_not_stall(client, job):
    says(client, 21)

    job.cancel(by=Who(), now=client.now)

    job.refresh_from_db()
    assert job.stall == ""
    assert stall_of(client) == "no_movement"
    says(client, 1, progress=46.0)
    assert facts() == ["no_movement", "recovered no_movement"]
