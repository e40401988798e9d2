"""Whole recordings through the pure part: what the server would be told, poll by poll."""

import json

import pytest

from printqueue.client.drivers.bambu.status import is_whole, merge
from printqueue.client.runs import RunTracker
from printqueue.protocol import ReportState
from tests.client import compose_a1_print, compose_bambu_ends
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.compose_bambu_ends import TARGET as CLOUD_PRINTS
from tests.client.drivers.http_replay import CAPTURES
from tests.client.drivers.recorded_prints import is_sequence, prints_in
from tests.client.replay import START, seen, told, told_when

pytestmark = pytest.mark.sqlite_only

RECORDED = [] if CAPTURES is None else sorted((CAPTURES / "bambu").glob("*.json"))
PRINTS = [A1_LOCAL_PRINT, *filter(is_sequence, RECORDED)]
WHOLE_REPORTS = [path for path in RECORDED if path not in PRINTS]


@pytest.fixture(params=PRINTS, ids=lambda path: path.stem)
def snapshots(request):
    return told(load_recording(request.param))


@pytest.mark.parametrize(
    ("path", "program"),
    [(A1_LOCAL_PRINT, compose_a1_print), (CLOUD_PRINTS, compose_bambu_ends)],
    ids=["local", "cloud"],
)
def test_the_composed_recording_is_what_its_program_writes(path, program):
    assert path.read_text(encoding="utf-8") == program.serialized()


@pytest.mark.parametrize("path", [A1_LOCAL_PRINT, CLOUD_PRINTS], ids=["local", "cloud"])
def test_a_client_that_dies_at_any_moment_goes_on_with_the_same_runs(path):
    recording = load_recording(path)
    unbroken = outline(told_when(recording))

    for step in recording[1::3]:
        assert outline(told_when(recording, dies_at=step.at)) == unbroken, step.at


def outline(told):
    """The runs that were told of, and how each ended."""
    return [(one.told[0][1].run_key, one.states[-1]) for one in prints_in(told)]


def test_before_the_print_the_printer_is_idle_without_a_percent(snapshots):
    before = [snapshot for snapshot in snapshots if snapshot.run_key is None]

    assert {(snapshot.state, snapshot.progress) for snapshot in before} == {(ReportState.IDLE, None)}


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
