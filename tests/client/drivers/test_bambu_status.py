"""The words of Bambu printers, one field at a time."""

import json

import pytest

from printqueue.client.drivers.bambu.status import decode, is_whole, merge, model_in, sighting_of, status_in
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

CANCELLED_ON_SCREEN = 50348044


def sighting(**fields):
    found = sighting_of({"gcode_state": "RUNNING", **fields})
    assert found is not None
    return found


def test_a_delta_changes_only_what_it_names():
    known = merge({}, {"gcode_state": "RUNNING", "mc_percent": 12, "layer_num": 3})

    assert merge(known, {"mc_percent": 13}) == {"gcode_state": "RUNNING", "mc_percent": 13, "layer_num": 3}


def test_a_delta_of_a_nested_field_keeps_its_other_half():
    known = merge({}, {"3D": {"layer_num": 1, "total_layer_num": 26}})

    assert merge(known, {"3D": {"layer_num": 2}}) == {"3D": {"layer_num": 2, "total_layer_num": 26}}


def test_fields_that_are_not_read_are_not_kept():
    assert merge({}, {"ams": {"ams": []}, "url": "https://example"}) == {}


@pytest.mark.parametrize("command", ["project_file", "print_speed", "extrusion_cali_get"])
def test_an_echo_of_a_command_is_no_report(command):
    assert status_in({"print": {"command": command, "result": "success", "gcode_state": "IDLE"}}) is None


@pytest.mark.parametrize("message", [{}, {"print": None}, {"print": []}, {"info": {"command": "get_version"}}])
def test_other_messages_are_no_reports(message):
    assert status_in(message) is None


def test_a_whole_report_without_msg_is_whole():
    assert is_whole({"gcode_state": "RUNNING", "mc_percent": 0})


def test_a_delta_that_names_the_state_is_not_whole():
    assert not is_whole({"gcode_state": "RUNNING", "msg": 1})


def test_text_that_is_not_utf8_is_read_all_the_same():
    assert decode('{"print": {"subtask_name": "Würfel"}}'.encode("latin-1")) == {"print": {"subtask_name": "Würfel"}}


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[1]", b"{", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_payload_that_is_no_object_is_nothing(payload):
    assert decode(payload) is None


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("IDLE", ReportState.IDLE),
        ("PREPARE", ReportState.PREPARING),
        ("SLICING", ReportState.PREPARING),
        ("RUNNING", ReportState.PRINTING),
        ("PAUSE", ReportState.PAUSED),
        ("FINISH", ReportState.COMPLETED),
        ("FAILED", ReportState.FAILED),
    ],
)
def test_each_state_has_its_word(word, state):
    assert sighting(gcode_state=word).state == state


@pytest.mark.parametrize("word", ["", "INIT", "OFFLINE", "unknown", None, 4])
def test_a_state_that_we_do_not_know_says_nothing(word):
    assert sighting_of({"gcode_state": word, "mc_percent": 50}) is None


@pytest.mark.parametrize("value", [None, True, [], {}, "", "abc", float("nan"), -1, 101, 10**400])
def test_a_percent_that_is_none_is_left_out(value):
    assert sighting(mc_percent=value).percent is None


def test_a_percent_as_text_counts():
    assert sighting(mc_percent="47").percent == 47.0


def test_remaining_minutes_become_seconds():
    assert sighting(mc_remaining_time=12).remaining_seconds == 720


def test_new_names_stand_in_for_missing_old_ones():
    found = sighting(percent=7, remain_time=2, **{"3D": {"layer_num": 3, "total_layer_num": 26}})

    assert (found.percent, found.remaining_seconds, found.layer, found.total_layers) == (7, 120, 3, 26)


@pytest.mark.parametrize(
    ("gcode_file", "subtask_name", "name"),
    [
        ("Würfel.3mf", "Würfel", "Würfel.3mf"),
        ("36mm.gcode.3mf", "36mm", "36mm.gcode.3mf"),
        ("/data/Metadata/plate_1.gcode", "Garden hose", "Garden hose"),
        ("/cache/lid.gcode.3mf", "", "lid.gcode.3mf"),
        ("", "Vase", "Vase"),
        ("/data/Metadata/plate_1.gcode", "", None),
        (None, None, None),
        (17, ["x"], None),
    ],
)
def test_the_file_is_named_by_the_field_that_knows_it(gcode_file, subtask_name, name):
    assert sighting(gcode_file=gcode_file, subtask_name=subtask_name).name == name


@pytest.mark.parametrize(
    ("ids", "native_id"),
    [
        ({"subtask_id": "627521184", "task_id": "1"}, "627521184"),
        ({"subtask_id": "", "task_id": "9012"}, "9012"),
        ({"subtask_id": "0", "task_id": "0", "job_id": 626732162}, "626732162"),
        ({"subtask_id": "0", "task_id": "0", "job_id": 0}, None),
        ({"subtask_id": "2147483647", "task_id": ""}, None),
        ({"subtask_id": " ", "task_id": None, "job_id": ""}, None),
        ({}, None),
    ],
)
def test_the_first_id_that_is_one_is_the_prints(ids, native_id):
    assert sighting(**ids).native_id == native_id


def test_a_failure_with_the_code_of_a_cancel_is_a_cancel():
    assert sighting(gcode_state="FAILED", print_error=CANCELLED_ON_SCREEN).state == ReportState.CANCELLED


def test_a_failure_whose_reason_is_a_cancel_is_a_cancel():
    assert sighting(gcode_state="FAILED", fail_reason="50348044").state == ReportState.CANCELLED


def test_the_reason_of_the_last_cancel_does_not_touch_the_next_print():
    assert not sighting(gcode_state="RUNNING", fail_reason="50348044").cancelled


def test_an_error_is_told_as_the_screen_writes_it():
    assert sighting(gcode_state="PAUSE", print_error=302022662).readings.error_code == "1200_8006"


@pytest.mark.parametrize("print_error", [0, None, 0x0300_1234, CANCELLED_ON_SCREEN, "nonsense"])
def test_codes_that_are_states_are_no_errors(print_error):
    assert sighting(print_error=print_error).readings.error_code is None


def test_temperatures_have_one_decimal():
    assert sighting(nozzle_temper=219.96875, bed_temper="65").readings.nozzle_c == 220.0


def two_nozzles(state):
    """As an H2D shows them: 264 °C of 225 °C in the one at work, and the other cold under the old names."""
    temps = [{"id": 0, "temp": 225 << 16 | 264}, {"id": 1, "temp": 40}]
    return {"nozzle_temper": 40, "nozzle_target_temper": 0, "device": {"extruder": {"state": state, "info": temps}}}


def nozzle(status):
    readings = sighting(**status).readings
    return readings.nozzle_c, readings.nozzle_target_c


@pytest.mark.parametrize(("state", "shown"), [(2, (264, 225)), (274, (40, 0)), (None, (40, 0)), (0x52, (40, 0))])
def test_of_two_nozzles_the_one_at_work_is_shown(state, shown):
    assert nozzle(merge({}, two_nozzles(state))) == shown


def test_a_delta_says_that_the_other_nozzle_is_at_work_or_how_warm_it_is():
    known = merge({}, two_nozzles(2))
    switched = merge(known, {"device": {"extruder": {"state": 274}}})
    warmer = merge(switched, {"device": {"extruder": {"info": [{"id": 1, "temp": 210 << 16 | 180}]}}})

    assert (nozzle(switched), nozzle(warmer)) == ((40, 0), (180, 210))


@pytest.mark.parametrize(
    "device", [None, [], {"extruder": 5}, {"extruder": {"state": "x", "info": [None, {}, {"id": [], "temp": {}}]}}]
)
def test_nozzles_of_another_shape_harm_nothing(device):
    assert nozzle(merge({}, {"nozzle_temper": 21, "device": device})) == (21, None)


def test_the_start_that_old_models_tell_by_a_clock_of_their_own_says_nothing():
    assert sighting(gcode_start_time="1700000000").started_at is None


def test_the_model_is_in_the_answer_to_get_version():
    answer = {"info": {"command": "get_version", "module": [None, {"name": "ota", "product_name": "Bambu Lab A1"}]}}

    assert model_in(json.loads(json.dumps(answer))) == "Bambu Lab A1"


@pytest.mark.parametrize("message", [{}, {"info": 1}, {"info": {"module": 3}}, {"info": {"module": [{"name": "ota"}]}}])
def test_no_model_where_none_is_named(message):
    assert model_in(message) is None
