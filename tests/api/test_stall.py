"""`stall` in jobs and printers: why a print does not go on, or null."""

from datetime import timedelta

import pytest

from printqueue import periodic
from printqueue.models import PrintQueue
from printqueue.stalls import StallKind
from tests.factories import Client, listen, make_job, make_printer


@pytest.fixture
def printing(db):
    """The client of a print that has a job."""
    make_job(print_file_name="ring.gcode")
    client = Client(make_printer("voron-1"))
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=45.3)
    return client


@pytest.fixture
def stalled(printing):
    """The same after ten minutes without a report."""
    now = printing.now + timedelta(minutes=10)
    listen(now)
    periodic.notice_stalls(now)
    return printing


def told(caller):
    """What the job, the list of jobs, the printer and the list of printers say."""
    return [
        caller.get(f"print-queue/{PrintQueue.objects.get().pk}").json()["stall"],
        caller.get("print-queue").json()["items"][0]["stall"],
        caller.get("printers/voron-1").json()["stall"],
        caller.get("printers").json()["items"][0]["stall"],
    ]


def test_a_print_that_goes_on_has_none(printing, caller):
    assert told(caller) == [None] * 4


def test_a_print_that_hangs_says_its_kind(stalled, caller):
    assert told(caller) == ["no_reports"] * 4


def test_a_print_that_goes_on_again_has_none(stalled, caller):
    stalled.says("printing", run_key="1@0", file_name="ring.gcode", progress=46.0)

    assert told(caller) == [None] * 4


def test_a_stall_is_no_state(stalled, caller):
    assert caller.get("printers/voron-1").json()["state"] == "printing"
    assert caller.get(f"print-queue/{PrintQueue.objects.get().pk}").json()["state"] == "printing"


def test_the_document_names_the_kinds(caller):
    schemas = caller.get("openapi.json").json()["components"]["schemas"]

    assert schemas["StallKind"]["enum"] == [kind.value for kind in StallKind]
    for name in ("JobAnswer", "PrinterAnswer"):
        assert {"type": "null"} in schemas[name]["properties"]["stall"]["anyOf"]
