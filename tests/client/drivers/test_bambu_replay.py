"""Whole recordings through the pure part: what the server would be told, poll by poll."""

import json
import os
from pathlib import Path

import pytest

from printqueue.client.drivers.bambu.status import is_whole, merge
from printqueue.client.runs import RunTracker
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.compose_a1_print import serialized
from tests.client.replay import START, seen, told

pytestmark = pytest.mark.sqlite_only

CAPTURES = (
    Path(os.environ.get("PRINTFACTORY_CAPTURES", "")) / "bambu" if "PRINTFACTORY_CAPTURES" in os.environ else None
)
PRINTS = [A1_LOCAL_PRINT, *sorted(CAPTURES.glob("A1_*.json") if CAPTURES else [])]
WHOLE_REPORTS = [] if CAPTURES is None else sorted(set(CAPTURES.glob("*.json")) - set(PRINTS))


@pytest.fixture(params=PRINTS, ids=lambda path: path.stem)
def snapshots(request):
    return told(load_recording(request.param))


def test_the_composed_recording_is_what_its_program_writes():
    assert A1_LOCAL_PRINT.read_text(encoding="utf-8") == serialized()


def test_a_print_is_one_run(snapshots):
    assert len({snapshot.run_key for snapshot in snapshots if snapshot.run_key}) == 1


def test_a_print_ends_once_and_well(snapshots):
    states = [snapshot.state for snapshot in snapshots]
    first_end = states.index(ReportState.COMPLETED)

    assert set(states[first_end:]) == {ReportState.COMPLETED}
    assert set(states) & ENDED_STATES == {ReportState.COMPLETED}


def test_percent_never_falls_and_is_never_100_before_the_end(snapshots):
    percents = [snapshot.progress for snapshot in snapshots if snapshot.state in ACTIVE_STATES]
    known = [percent for percent in percents if percent is not None]

    assert known == sorted(known)
    assert (known[0], max(known) < 100) == (0.0, True)


def test_before_the_print_the_printer_is_idle_without_a_percent(snapshots):
    before = [snapshot for snapshot in snapshots if snapshot.run_key is None]

    assert {(snapshot.state, snapshot.progress) for snapshot in before} == {(ReportState.IDLE, None)}


def test_the_file_keeps_its_name_to_the_end(snapshots):
    names = {snapshot.filename for snapshot in snapshots if snapshot.run_key}

    assert len(names) == 1
    assert names != {None}


@pytest.mark.parametrize("path", [path for path in PRINTS if "cloud" not in path.stem], ids=lambda path: path.stem)
def test_each_pause_is_told_and_is_no_failure(path):
    states = [snapshot.state for snapshot in told(load_recording(path), poll_seconds=2)]
    begun = [now for before, now in zip(states, states[1:], strict=False) if before != now]

    assert begun.count(ReportState.PAUSED) == 4


@pytest.mark.skipif(not WHOLE_REPORTS, reason="$PRINTFACTORY_CAPTURES names no recordings")
def test_a_recorded_state_of_another_model_is_read_without_an_event():
    for path in WHOLE_REPORTS:
        for report in whole_reports(json.loads(path.read_text(encoding="utf-8"))):
            tracker = RunTracker()
            tracker.see(seen(merge({}, report)), START, after_gap=True)
            [snapshot] = tracker.snapshots(START)

            assert snapshot.state in (ReportState.IDLE, ReportState.PRINTING), path.name
            assert snapshot.progress != 100, path.name


def whole_reports(recording):
    """Every push_status with a state, wherever the file keeps it."""
    if isinstance(recording, dict):
        if recording.get("command") == "push_status" and is_whole(recording):
            yield recording
        for value in recording.values():
            yield from whole_reports(value)
