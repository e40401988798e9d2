"""GET /api/printers, GET /api/printers/{serial}"""

import pytest

from printqueue.models import PrinterState
from tests.api.conftest import assert_error
from tests.factories import make_printer


def test_a_printer_is_answered(caller):
    make_printer("voron-1", name="Voron", state=PrinterState.PRINTING, progress=45.3, nozzle_c=219.8)

    body = caller.get("printers/voron-1").json()

    assert body["success"] is True
    assert {name: body[name] for name in ("serial", "name", "state", "progress", "nozzleC", "error")} == {
        "serial": "voron-1", "name": "Voron", "state": "printing", "progress": 45.3, "nozzleC": 219.8, "error": None,
    }  # fmt: skip


def test_all_that_the_model_tells_goes_over_the_wire(caller):
    printer = make_printer("voron-1")

    assert caller.get("printers/voron-1").json() == {"success": True, **printer.as_wire()}


def test_printers_are_listed(caller):
    make_printer("b", name="Beta")
    make_printer("a", name="Alpha")

    assert [item["name"] for item in caller.get("printers").json()["items"]] == ["Alpha", "Beta"]


def test_a_key_sees_its_own_printers_alone(caller_for):
    mine, other = make_printer("mine"), make_printer("other")
    caller = caller_for(mine)

    assert [item["serial"] for item in caller.get("printers").json()["items"]] == ["mine"]
    assert caller.get("printers/mine").status_code == 200
    assert_error(caller.get(f"printers/{other.serial}"), 403)


@pytest.mark.parametrize("serial", ["nowhere", "%00", "%FF", "a/b", "a" * 300, "..%2f..", "voron-1/"])
def test_an_unknown_serial_is_not_found(serial, caller):
    make_printer("voron-1")

    assert_error(caller.get(f"printers/{serial}"), 404)


def test_a_serial_may_hold_any_character(caller):
    make_printer("Ünit 3/left")

    assert caller.get("printers/%C3%9Cnit%203/left").json()["serial"] == "Ünit 3/left"


def test_a_printer_out_of_use_is_not_found(caller):
    make_printer("voron-1", is_enabled=False)

    assert_error(caller.get("printers/voron-1"), 404)
    assert caller.get("printers").json()["items"] == []
