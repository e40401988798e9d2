"""What OctoPrint answers, one look at a time."""

from dataclasses import replace

import pytest

from printqueue.client.drivers.http import Known, OutOfSightError
from printqueue.client.drivers.octoprint import is_over, look_at, record_wanted, trouble_with_key, view_of
from printqueue.client.runs import Run
from printqueue.protocol import ReportState
from tests.client.octoprint_answers import OPERATIONAL, job, printer, record

pytestmark = pytest.mark.sqlite_only

BEFORE, AFTER = 1_700_000_000.5, 1_700_003_600.5
RUN = Run(key="k", state="printing", title="lid.gcode", native_id="1700000000.500", percent=40.0)
LIVE = Known(RUN)
AFTER_AN_HOUR = Known(RUN, gap_seconds=3600.0)
IDLE = view_of(job("Operational", None), printer("operational"))
DONE = view_of(job("Operational", 100.0), printer("operational"))
OFFLINE = view_of(job("Offline after error", None, error="Too many consecutive timeouts"), {})
PRINTING = view_of(job("Printing", 41.5), printer("operational", "printing"))


def look(view, told=None, known=LIVE, *, is_patient=False):
    found = look_at(view, told, known, is_patient=is_patient)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "flags", "state"),
    [
        ("Operational", {"operational", "ready"}, ReportState.IDLE),
        ("Starting", {"operational", "printing"}, ReportState.PREPARING),
        ("Printing", {"operational", "printing"}, ReportState.PRINTING),
        ("Printing from SD", {"operational", "printing"}, ReportState.PRINTING),
        ("Pausing", {"operational", "printing", "pausing"}, ReportState.PAUSED),
        ("Paused", {"operational", "paused"}, ReportState.PAUSED),
        ("Resuming", {"operational", "printing", "resuming"}, ReportState.PRINTING),
        ("Finishing", {"operational", "printing", "finishing"}, ReportState.PRINTING),
        ("Cancelling", {"operational", "printing", "cancelling"}, ReportState.PRINTING),
        ("Sending file to SD", {"operational", "printing"}, ReportState.IDLE),
        ("Offline after error", {"closedOrError", "error"}, ReportState.OFFLINE),
        ("Connecting", set(), ReportState.OFFLINE),
    ],
)
def test_each_state_of_octoprint_has_its_word(said, flags, state):
    assert view_of(job(said, 12.0), printer(*flags)).state == state


def test_without_a_connected_printer_it_is_offline():
    assert OFFLINE.state == ReportState.OFFLINE


def test_percent_and_remaining_seconds_are_those_of_the_file():
    view = view_of(job("Printing", 41.523, left=1234), printer("operational", "printing"))

    assert (view.percent, view.remaining_seconds) == (41.523, 1234)


def test_the_100_that_stays_after_the_end_is_no_percent():
    assert (DONE.percent, DONE.is_done) == (None, True)


def test_a_100_while_it_still_prints_is_no_percent():
    view = view_of(job("Finishing", 100.0), printer("operational", "printing", "finishing"))

    assert (view.percent, view.is_done) == (None, False)


@pytest.mark.parametrize("value", [None, True, "41", [], {}, float("nan"), float("inf"), -1, 101, 10**400])
def test_a_completion_that_is_none_is_left_out(value):
    assert view_of(job("Printing", value), printer("operational", "printing")).percent is None


@pytest.mark.parametrize("garbage", [{}, {"state": 4}, {"job": [], "progress": "x"}, {"job": {"file": {"path": 3}}}])
def test_answers_of_another_shape_are_read_without_a_fault(garbage):
    assert view_of(garbage, {"state": {"flags": {"operational": True}}, "temperature": []}).state == ReportState.IDLE


def test_the_file_has_the_name_that_people_gave_it():
    assert (PRINTING.path, PRINTING.name) == ("lid.gcode", "Lid ä.gcode")


def test_temperatures_and_error_are_read():
    assert (PRINTING.readings.nozzle_c, PRINTING.readings.bed_target_c) == (214.8, 60.0)
    assert OFFLINE.readings.error_code == "Offline after error"
    assert OFFLINE.readings.error_message == "Too many consecutive timeouts"


def test_an_idle_printer_after_a_print_nobody_watched_is_idle():
    assert look(DONE, known=Known()).sighting.state == ReportState.IDLE


def test_a_print_that_begins_is_told_apart_by_the_last_print_of_its_file():
    assert record_wanted(PRINTING, Known()) == "lid.gcode"
    assert look(PRINTING, record(BEFORE, success=True), Known()).sighting.native_id == RUN.native_id


def test_a_file_never_printed_has_an_id_as_well():
    assert look(PRINTING, {}, Known()).sighting.native_id == "0"


def test_a_print_keeps_its_id_without_asking_again():
    assert record_wanted(PRINTING, LIVE) is None
    assert look(PRINTING).sighting.native_id == RUN.native_id


def test_a_record_that_could_not_be_had_is_asked_for_again():
    assert look(PRINTING, None, Known()).sighting.native_id is None
    assert record_wanted(PRINTING, Known(replace(RUN, native_id=None))) == "lid.gcode"


@pytest.mark.parametrize(
    ("view", "told", "known", "ended"),
    [
        (DONE, record(AFTER, success=True), LIVE, ReportState.COMPLETED),
        (DONE, record(BEFORE, success=True), LIVE, ReportState.COMPLETED),
        (IDLE, record(AFTER, success=True), LIVE, ReportState.COMPLETED),
        (IDLE, record(AFTER, success=True), AFTER_AN_HOUR, ReportState.COMPLETED),
        (IDLE, record(AFTER, success=False), LIVE, ReportState.CANCELLED),
        (IDLE, record(BEFORE, success=True), LIVE, ReportState.CANCELLED),
        (IDLE, record(AFTER, success=False), AFTER_AN_HOUR, ReportState.FAILED),
        (IDLE, record(BEFORE, success=True), AFTER_AN_HOUR, ReportState.UNKNOWN_END),
        (IDLE, {}, AFTER_AN_HOUR, ReportState.UNKNOWN_END),
        (OFFLINE, record(AFTER, success=False), LIVE, ReportState.FAILED),
        (OFFLINE, {}, LIVE, ReportState.FAILED),
        (OFFLINE, {}, AFTER_AN_HOUR, ReportState.UNKNOWN_END),
        (PRINTING, record(AFTER, success=True), AFTER_AN_HOUR, ReportState.COMPLETED),
        (PRINTING, record(AFTER, success=False), AFTER_AN_HOUR, ReportState.FAILED),
        (PRINTING, record(BEFORE, success=True), AFTER_AN_HOUR, None),
        (PRINTING, None, LIVE, None),
        (replace(PRINTING, percent=2.0), record(AFTER, success=False), LIVE, ReportState.CANCELLED),
        (replace(PRINTING, path="other.gcode"), record(AFTER, success=True), LIVE, ReportState.COMPLETED),
        (replace(PRINTING, path="other.gcode"), {}, LIVE, ReportState.UNKNOWN_END),
        (replace(IDLE, path="other.gcode"), {}, LIVE, ReportState.UNKNOWN_END),
    ],
)
def test_how_a_print_ended(view, told, known, ended):
    assert look(view, told, known).ended == ended


def test_a_cancel_that_was_seen_is_one_whatever_the_record_says():
    assert look(IDLE, record(AFTER, success=False), Known(replace(RUN, cancel_seen=True), 3600.0)).ended == "cancelled"


def test_an_end_waits_for_the_record_that_is_written_after_it():
    assert look_at(DONE, record(BEFORE, success=False), LIVE, is_patient=True) is None


def test_the_clock_of_octoprint_may_go_back_between_start_and_end():
    assert look(IDLE, record(BEFORE - 86_400, success=True)).ended == ReportState.COMPLETED


def test_a_new_print_does_not_get_the_id_of_another_files_record():
    new = look(replace(PRINTING, path="other.gcode"), record(AFTER, success=True))

    assert new.sighting.native_id is None


def test_the_same_file_started_again_is_another_print_with_the_next_id():
    again = replace(PRINTING, percent=2.0)

    assert is_over(again, RUN)
    assert look(again, record(AFTER, success=False)).sighting.native_id == "1700003600.500"


def test_a_resumed_print_is_not_another():
    assert not is_over(replace(PRINTING, percent=39.5), RUN)


class TestFromTheCardOfThePrinter:
    VIEW = view_of(job("Printing from SD", 41.5, origin="sdcard"), printer("operational", "printing"))
    RUN = replace(RUN, native_id="sd")

    def test_no_record_is_asked_for(self):
        assert record_wanted(self.VIEW, Known()) is None
        assert record_wanted(DONE, Known(self.RUN)) is None

    def test_what_it_shows_tells_the_end(self):
        assert look(DONE, known=Known(self.RUN), is_patient=True).ended == ReportState.COMPLETED
        assert look(IDLE, known=Known(self.RUN)).ended == ReportState.CANCELLED
        assert look(IDLE, known=Known(self.RUN, 3600.0)).ended == ReportState.UNKNOWN_END

    def test_a_lost_printer_ends_no_print(self):
        with pytest.raises(OutOfSightError, match="may go on printing from its card"):
            look_at(OFFLINE, None, Known(self.RUN), is_patient=False)


def test_a_printer_that_is_not_connected_is_named_with_its_error_and_what_to_do():
    said = look(OFFLINE, known=Known()).not_ready or ""

    assert "not connected (Offline after error) (Too many consecutive timeouts)" in said
    assert "press Connect in OctoPrint" in said


def test_a_connected_printer_is_ready():
    assert look(IDLE, known=Known()).not_ready is None


@pytest.mark.parametrize(
    ("user", "trouble"),
    [
        ({"name": "_api", "permissions": ["ADMIN"]}, "global API key"),
        ({"name": "pi", "permissions": ["STATUS"]}, "may not list files"),
        ({"name": "pi", "permissions": ["STATUS", "FILES_LIST"]}, None),
        ({}, None),
    ],
)
def test_a_key_that_will_not_do_is_told(user, trouble):
    said = trouble_with_key(user)

    assert said is None if trouble is None else trouble in (said or "")


def test_the_flags_of_a_real_answer_are_those_of_an_idle_printer():
    assert view_of(job("Operational", None), OPERATIONAL).state == ReportState.IDLE
