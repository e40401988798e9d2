"""What PrusaLink's answers mean."""

from dataclasses import replace

import pytest

from printqueue.client.drivers.http import Known
from printqueue.client.drivers.prusalink import AN_END_MAY_BE_ANOTHER_S_SECONDS, look_at
from printqueue.client.runs import Run
from printqueue.protocol import ReportState
from tests.client.drivers.compose_http_prints import prusalink

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0
RUN = Run("4@1699999000", "printing", "Würfel 20.gcode", "Würfel 20.gcode", "4", 20.0, started_at=NOW - 1000)


def look(state, job_id=None, percent=0, *, run=None, gap=0.0, **more):
    answers = prusalink(state, job_id, percent, **more)
    return look_at(answers["/api/v1/status"][1], answers["/api/v1/job"][1] or {}, Known(run, gap), NOW)


def test_a_print_under_way_is_read_whole():
    seen = look("PRINTING", 4, 20, left=400, printed=100).sighting

    assert (seen.state, seen.name, seen.native_id) == (ReportState.PRINTING, "Würfel 20.gcode", "4")
    assert (seen.percent, seen.remaining_seconds, seen.started_at) == (20.0, 400, NOW - 100)
    assert (seen.readings.nozzle_c, seen.readings.bed_c) == (215.0, 60.0)


@pytest.mark.parametrize(
    ("state", "job_id", "expected"),
    [
        ("IDLE", None, ReportState.IDLE),
        ("READY", None, ReportState.IDLE),
        ("BUSY", None, ReportState.IDLE),
        ("ATTENTION", None, ReportState.IDLE),
        ("BUSY", 5, ReportState.PREPARING),
        ("ATTENTION", 5, ReportState.PAUSED),
        ("PAUSED", 5, ReportState.PAUSED),
        ("A WORD OF NEXT YEAR", None, ReportState.IDLE),
    ],
)
def test_a_state_is_put_into_our_words(state, job_id, expected):
    assert look(state, job_id).sighting.state == expected


def test_busy_in_the_middle_of_a_print_is_still_that_print():
    assert look("BUSY", 4, 20, run=RUN).sighting.state == ReportState.PRINTING


@pytest.mark.parametrize(
    ("state", "end"),
    [
        ("FINISHED", ReportState.COMPLETED),
        ("STOPPED", ReportState.CANCELLED),
        ("ERROR", ReportState.FAILED),
        ("IDLE", ReportState.UNKNOWN_END),
        ("READY", ReportState.UNKNOWN_END),
        ("PRINTING", None),
    ],
)
def test_the_known_print_ended_as_the_state_says(state, end):
    assert look(state, 4 if state == "PRINTING" else None, 30, run=RUN).ended == end


def test_an_end_without_an_id_counts_after_a_short_absence_only():
    assert look("FINISHED", run=RUN, gap=60).ended == ReportState.COMPLETED
    assert look("FINISHED", run=RUN, gap=AN_END_MAY_BE_ANOTHER_S_SECONDS + 1).ended == ReportState.UNKNOWN_END


def test_an_end_with_an_id_counts_for_that_print_alone():
    assert look("FINISHED", 4, 100, run=RUN, gap=1e6).ended == ReportState.COMPLETED
    assert look("FINISHED", 5, 100, run=RUN).ended == ReportState.UNKNOWN_END


@pytest.mark.parametrize(
    ("percent", "name", "gap", "end"),
    [
        (18, "Würfel 20.gcode", 60, None),
        (10, "Würfel 20.gcode", 60, ReportState.UNKNOWN_END),
        (30, "Lid.gcode", 60, ReportState.UNKNOWN_END),
        (10, "Würfel 20.gcode", 0, None),
    ],
)
def test_an_id_that_came_round_while_nobody_looked_is_another_print(percent, name, gap, end):
    seen = look("PRINTING", 4, percent, run=replace(RUN, name=name), gap=gap)

    assert seen.ended == end


def test_the_end_of_a_print_that_nobody_saw_is_no_event():
    assert look("FINISHED").ended is None


@pytest.mark.parametrize(("percent", "left", "known"), [(0, 0, None), (50, 0, None), (99, 0, 0), (50, 60, 60)])
def test_no_time_left_is_believed_near_the_end_only(percent, left, known):
    assert look("PRINTING", 4, percent, left=left).sighting.remaining_seconds == known


def test_percent_that_falls_within_a_print_is_left_out():
    assert look("PRINTING", 4, 10, run=RUN).sighting.percent is None
    assert look("PRINTING", 5, 10, run=replace(RUN)).sighting.percent == 10.0


def test_a_job_that_the_status_does_not_mean_lends_no_name():
    status, job = prusalink("PRINTING", 5)["/api/v1/status"][1], prusalink("PRINTING", 4)["/api/v1/job"][1]

    seen = look_at(status, job, Known(), NOW).sighting

    assert (seen.native_id, seen.name) == ("5", None)


def test_the_status_is_believed_where_the_job_lags_behind():
    paused, printing = (prusalink(state, 5, 24) for state in ("PAUSED", "PRINTING"))

    seen = look_at(paused["/api/v1/status"][1], printing["/api/v1/job"][1], Known(), NOW).sighting

    assert seen.state == ReportState.PAUSED


def test_a_time_left_that_is_not_told_is_not_known():
    assert look("PRINTING", 4, 20).sighting.remaining_seconds is None


def test_without_a_long_name_the_short_one_is_told():
    answers = prusalink("PRINTING", 4, 20)
    job = answers["/api/v1/job"][1] | {"file": {"name": "WRFEL~1.GCO"}}

    assert look_at(answers["/api/v1/status"][1], job, Known(), NOW).sighting.name == "WRFEL~1.GCO"


def test_what_the_printer_says_of_its_error_is_told():
    seen = look("ERROR", run=RUN, why="Serial device does not exist").sighting

    assert seen.readings.error_message == "Serial device does not exist"


@pytest.mark.parametrize("value", [None, [], "x", {"id": "x", "progress": "x", "time_remaining": [], "file": 5}])
def test_a_job_of_another_shape_harms_nothing(value):
    status = prusalink("PRINTING", 5)["/api/v1/status"][1]

    assert look_at(status | {"job": value}, {}, Known(), NOW).sighting.state == ReportState.PRINTING
