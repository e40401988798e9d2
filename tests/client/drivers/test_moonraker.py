"""What Moonraker's answers mean."""

from dataclasses import replace

import pytest

from printqueue.client.drivers.http import Answer, Known
from printqueue.client.drivers.moonraker import Facts, Job, job_in, look_at
from printqueue.client.runs import Run
from printqueue.protocol import ReportState
from tests.client.drivers.compose_http_prints import NAME, klipper

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0
RUN = Run("00000D@1699999000", "printing", NAME, "Würfel 20.gcode", "00000D", 20.0, started_at=NOW - 1000)
SHUTDOWN = {"klipper": "shutdown", "why": "Lost communication\nwith MCU 'mcu'"}


def job(status, job_id="00000D"):
    return Job(job_id, status)


def look(objects, latest=None, own=None, run=None, **more):
    return look_at(Facts(objects, latest, own, **more), Known(run), NOW)


def test_a_print_under_way_is_read_whole():
    seen = look(klipper("printing", 100, 0.2, 0.25), job("in_progress"), estimated_seconds=500.0).sighting

    assert (seen.state, seen.name, seen.native_id) == (ReportState.PRINTING, "Würfel 20.gcode", "00000D")
    assert (seen.percent, seen.remaining_seconds, seen.layer, seen.total_layers) == (20.0, 402, 3, 15)
    assert (seen.started_at, seen.readings.nozzle_c, seen.readings.bed_target_c) == (NOW - 100, 215.0, 60.0)


@pytest.mark.parametrize("state", ["standby", "complete", "cancelled", "error"])
def test_what_is_left_on_an_idle_printer_is_no_percent_and_no_end_of_a_run(state):
    seen = look(klipper(state, 100, 1, 1), job("completed"))

    assert (seen.ended, seen.sighting.percent, seen.sighting.native_id) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("completed", ReportState.COMPLETED),
        ("cancelled", ReportState.CANCELLED),
        ("error", ReportState.FAILED),
        ("klippy_shutdown", ReportState.FAILED),
        ("klippy_disconnect", ReportState.FAILED),
        ("interrupted", ReportState.UNKNOWN_END),
        ("server_exit", ReportState.UNKNOWN_END),
        ("a word of next year", ReportState.UNKNOWN_END),
    ],
)
def test_a_print_that_vanished_with_a_restart_ended_as_the_history_says(status, end):
    assert look(klipper("standby"), job(status), job(status), RUN).ended == end


def test_a_print_that_vanished_where_no_history_is_kept_has_an_unknown_end():
    assert look(klipper("standby"), run=RUN).ended == ReportState.UNKNOWN_END


@pytest.mark.parametrize("state", ["printing", "paused"])
def test_a_print_is_failed_once_klipper_is_in_shutdown_whatever_its_own_state(state):
    seen = look(klipper(state, 100, 0.2, 0.2, **SHUTDOWN), job("in_progress"), job("in_progress"), RUN)

    assert (seen.ended, seen.sighting.state) == (ReportState.FAILED, ReportState.FAILED)
    assert "Lost communication with MCU 'mcu'" in seen.sighting.readings.error_message


def test_while_klipper_starts_up_nothing_is_said_of_a_print():
    assert look(klipper("standby", klipper="startup"), job("in_progress"), job("in_progress"), RUN) is None


def test_a_klipper_that_starts_up_without_a_print_is_not_ready():
    assert "not ready (startup)" in look(klipper("standby", klipper="startup")).not_ready


def test_the_next_print_of_the_same_file_ends_the_last_one_by_its_id():
    latest = job("in_progress", "00000E")

    seen = look(klipper("printing", 1, 0, 0.1), latest, job("completed"), RUN)

    assert (seen.ended, seen.sighting.native_id) == (ReportState.COMPLETED, "00000E")


def test_a_print_that_is_not_in_the_history_yet_is_not_taken_for_the_one_before():
    assert look(klipper("printing", 1, 0, 0.1), job("in_progress"), job("in_progress"), RUN) is None


def test_without_a_history_a_new_clock_and_less_percent_are_another_print():
    run = replace(RUN, native_id=None)

    assert look(klipper("printing", 1, 0, 0.1), run=run).ended == ReportState.UNKNOWN_END
    assert look(klipper("printing", 1000, 0.3, 0.3), run=run).ended is None


def test_a_print_goes_on_that_moonraker_lost_count_of():
    lost = job("server_exit")

    seen = look(klipper("printing", 1000, 0.3, 0.4), lost, lost, RUN)

    assert (seen.ended, seen.sighting.percent) == (None, 30.0)


def test_a_print_goes_on_that_moonraker_counts_anew_after_its_restart():
    seen = look(klipper("printing", 1000, 0.3, 0.4), job("in_progress", "00000E"), job("interrupted"), RUN)

    assert (seen.ended, seen.sighting.native_id) == (None, "00000D")


def test_the_place_in_the_file_is_not_taken_for_the_slicer_s_percent():
    paused = look(klipper("paused", 1000, 0.25, 0.25), job("in_progress"), job("in_progress"), RUN)
    resumed = look(klipper("printing", 1000, 0.25, 0.25), job("in_progress"), job("in_progress"), RUN, has_m73=True)

    assert (paused.sighting.percent, resumed.sighting.percent) == (None, None)


def test_without_a_slicer_s_percent_the_place_in_the_file_counts():
    objects = klipper("printing", 100, 0, 0.4)
    del objects["display_status"]

    assert look(objects).sighting.percent == 40.0


def test_layers_that_the_slicer_does_not_tell_are_not_known():
    objects = klipper("printing", 100, 0.2, 0.25)
    objects["print_stats"]["info"] = {"total_layer": None, "current_layer": None}

    assert (look(objects).sighting.layer, look(objects).sighting.total_layers) == (None, None)


@pytest.mark.parametrize(("age", "m73", "remaining"), [(2, 0.5, None), (102, 0.0, None), (102, 0.5, 100)])
def test_the_time_left_is_extrapolated_only_once_there_is_something_to_go_by(age, m73, remaining):
    assert look(klipper("printing", age, m73, 0.6)).sighting.remaining_seconds == remaining


@pytest.mark.parametrize("thing", ["print_stats", "virtual_sdcard", "display_status", "extruder", "heater_bed"])
@pytest.mark.parametrize("value", [None, [], "x", {"progress": "x", "state": 5, "filename": 7, "temperature": None}])
def test_objects_that_are_missing_or_of_another_shape_harm_nothing(thing, value):
    seen = look(klipper("printing", 100, 0.2, 0.25) | {thing: value}, job("in_progress"))

    assert seen.sighting.state in (ReportState.PRINTING, ReportState.IDLE)


@pytest.mark.parametrize("body", [None, [], {}, {"result": {"jobs": []}}, {"result": {"jobs": [{"job_id": 5}]}}])
def test_a_history_without_a_job_is_none(body):
    assert job_in(Answer(200, body)) is None
