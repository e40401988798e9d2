"""What looks like a stall and is none."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from printqueue.models import PrintRun
from printqueue.models.fact import STALLS
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.replay import told_when
from tests.reports.stalls.story import NUMBERS, facts, look, passes, says, stall_of

CAPTURES = os.environ.get("PRINTFACTORY_CAPTURES")
RECORDED = sorted(Path(CAPTURES, "bambu").glob("A1_*.json")) if CAPTURES else []


@pytest.mark.parametrize("state", ["idle", "offline", "completed"])
def test_an_idle_printer_that_goes_away_raises_nothing(state, client):
    says(client, 1, "idle")
    says(client, 10, state)

    passes(client, 60)

    assert facts(STALLS) == []


def test_a_printer_without_limits_raises_nothing(client, job):
    client.printer.silent_minutes = client.printer.still_minutes = client.printer.paused_minutes = 0
    client.printer.save(update_fields=["silent_minutes", "still_minutes", "paused_minutes"])

    says(client, 60)
    passes(client, 60)

    assert facts() == []


def test_a_printer_keeps_to_its_own_limits(client, job):
    client.printer.still_minutes = 2
    client.printer.save(update_fields=["still_minutes"])

    says(client, 3)

    assert facts() == ["no_movement!"]


def test_a_longer_limit_ends_a_stall_without_recovery(client, job):
    says(client, 21)
    client.printer.still_minutes = 90
    client.printer.save(update_fields=["still_minutes"])

    says(client, 1)

    assert facts() == ["no_movement"]
    assert stall_of(client) == ""


def test_a_hidden_printer_raises_nothing_and_what_it_had_ends(client, job):
    says(client, 21)
    client.printer.is_enabled = False
    client.printer.save(update_fields=["is_enabled"])

    passes(client, 30)

    assert facts() == ["no_movement"]


def test_a_print_that_was_over_when_it_was_first_seen_is_spared(client):
    client.says("completed", run_key="0@0", progress=100)

    passes(client, 90)

    assert facts() == []


def test_heating_for_eight_minutes_is_no_stall_even_with_a_short_limit(client):
    client.printer.still_minutes = 5
    client.printer.save(update_fields=["still_minutes"])
    cold = {"progress": None, "layer": None, "nozzle_target_c": 220, "bed_target_c": 100}

    for second in range(0, 480, 30):
        says(client, 0.5, "preparing", nozzle_c=20 + second / 3, bed_c=20 + second / 7, **cold)
    says(client, 4, progress=0.0, layer=0)
    says(client, 4, progress=1.0, layer=1)

    assert facts() == []


def test_the_longest_pause_between_two_reports_of_an_a1_is_no_stall(client, job):
    client.printer.silent_minutes = 1
    client.printer.save(update_fields=["silent_minutes"])

    for _ in range(20):
        client.says("printing", after_seconds=32, run_key="1@0", **NUMBERS)
        look(client.now - timedelta(seconds=1))
        look(client.now)

    assert facts() == []


@pytest.mark.parametrize("path", [A1_LOCAL_PRINT, *RECORDED], ids=lambda path: path.stem)
@pytest.mark.parametrize("still_minutes", [None, 5])
def test_a_whole_print_with_its_four_pauses_raises_nothing(path, still_minutes, client):
    client.printer.still_minutes = still_minutes
    client.printer.save(update_fields=["still_minutes"])
    last = 0.0

    for second, snapshot in told_when(load_recording(path)):
        passed, last = second - last, second
        readings = snapshot.readings
        client.says(
            snapshot.state,
            after_seconds=passed,
            run_key=snapshot.run_key or "",
            file_name=snapshot.filename or "",
            progress=snapshot.progress,
            remaining_seconds=snapshot.remaining_seconds,
            layer=snapshot.layer,
            total_layers=snapshot.total_layers,
            nozzle_c=readings.nozzle_c,
            nozzle_target_c=readings.nozzle_target_c,
            bed_c=readings.bed_c,
            bed_target_c=readings.bed_target_c,
        )
        look(client.now)

    assert PrintRun.objects.filter(is_history=False).exclude(ended_at=None).count() == 1
    assert facts() == []


@pytest.mark.sqlite_only  # a test is one transaction, in which PostgreSQL keeps every version of every row
def test_a_print_of_three_days_raises_nothing(client):
    """A tenth of a percent every four minutes, a layer every twenty; the worker looks just before each."""
    says(client, 1, progress=0.0, layer=0)
    for step in range(1, 400):
        says(client, 4, every=60, looks=False, progress=round(step / 10, 1), layer=step // 5, total_layers=216)

    for step in range(80, 100):
        says(client, 20, every=60, progress=40.0, layer=step, total_layers=216)

    assert facts() == []
