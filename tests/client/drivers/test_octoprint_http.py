"""The OctoPrint driver against a real HTTP server, in its own thread."""

import logging
import time
from dataclasses import replace

import pytest

from printqueue.client.config import OctoPrintPrinter
from printqueue.client.drivers.http import Timing
from printqueue.client.drivers.octoprint import octoprint_driver
from printqueue.protocol import ReportState
from tests.client.octoprint_answers import OPERATIONAL, job, printer, record
from tests.client.octoprint_server import KEY, octoprint_server
from tests.processes import wait_for

pytestmark = pytest.mark.sqlite_only

QUICK = Timing(every=0.05, answer=2, retry_from=0.05, retry_to=0.1, refused=0.1, refused_to=0.2)


@pytest.fixture
def octoprint():
    with octoprint_server() as server:
        yield server


@pytest.fixture
def watch(octoprint):
    """`watch(**changes)`: a started driver for the printer, its settings changed."""
    drivers = []

    def start(**changes):
        settings = replace(OctoPrintPrinter("voron", "Left", octoprint.url, KEY), **changes)
        drivers.append(octoprint_driver(settings, None, QUICK))
        drivers[-1].start()
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.stop()


def present(driver):
    snapshots = driver.poll(time.time())
    return snapshots[-1] if snapshots else None


def wait_for_state(driver, state):
    return wait_for(lambda: (now := present(driver)) and now.state == state and now, what=f"state {state}")


def wait_for_trouble(driver, words):
    wait_for(lambda: words in (driver.trouble() or ""), what=f"trouble {words!r}, not {driver.trouble()}")


def show_printing(octoprint, percent):
    octoprint.show(job("Printing", percent), printer("operational", "printing"), record(1_000.5, success=True))


def test_a_print_is_seen_from_its_start_to_its_end(octoprint, watch):
    driver = watch()
    wait_for_state(driver, ReportState.IDLE)
    show_printing(octoprint, 12.5)
    under_way = wait_for_state(driver, ReportState.PRINTING)
    octoprint.show(job("Operational", 100.0), OPERATIONAL, record(2_000.5, success=True))

    ended = wait_for_state(driver, ReportState.COMPLETED)
    assert (ended.run_key, ended.filename, ended.progress) == (under_way.run_key, "Lid ä.gcode", 100.0)


def test_the_record_is_asked_for_once_at_the_start(octoprint, watch):
    show_printing(octoprint, 12.5)
    wait_for_state(watch(), ReportState.PRINTING)
    wait_for(lambda: octoprint.asked.count("/api/job") > 5)

    assert octoprint.asked.count("/api/files/local/lid.gcode") == 1


def test_no_version_is_asked_for_so_that_octoprint_2_answers_as_before(octoprint, watch):
    wait_for_state(watch(), ReportState.IDLE)

    assert octoprint.versions_wanted == {None}


def test_a_lost_printer_is_offline_after_its_failure(octoprint, watch):
    driver = watch()
    show_printing(octoprint, 12.5)
    wait_for_state(driver, ReportState.PRINTING)
    octoprint.show(job("Offline after error", None, error="Timeout"), None, record(2_000.5, success=False))

    assert wait_for_state(driver, ReportState.FAILED).readings.error_message == "Timeout"
    wait_for_trouble(driver, "press Connect in OctoPrint")


def test_an_octoprint_without_its_printer_is_offline(octoprint, watch):
    octoprint.show(job("Offline", None), None)

    wait_for_state(watch(), ReportState.OFFLINE)


def test_a_wrong_key_is_told_with_how_to_make_one(watch):
    driver = watch(api_key="wrong")

    wait_for_trouble(driver, "(403): make a key in OctoPrint under Settings, Application Keys")
    assert "wrong" not in driver.trouble()


def test_the_global_key_works_and_is_warned_of(octoprint, watch, said):
    octoprint.answers["/api/currentuser"] = (200, {"name": "_api", "permissions": ["ADMIN"]})

    driver = watch()
    wait_for_state(driver, ReportState.IDLE)
    wait_for(lambda: octoprint.asked.count("/api/job") > 3)

    assert "is OctoPrint's global API key" in driver.trouble()
    assert len([line for line in said() if "global API key" in line]) == 1


def test_a_name_that_is_not_utf8_survives(octoprint, watch):
    raw = '{"state": "Operational", "job": {"file": {"path": "W\u00fcrfel.gcode"}}, "progress": {}}'.encode("latin-1")
    octoprint.answers["/api/job"] = (200, raw)

    wait_for_state(watch(), ReportState.IDLE)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>Router</html>"),
        (200, b"[" * 100_000),
        (200, b"\xff\x00"),
        (200, {}),
        (302, b"Found"),
    ],
    ids=["page", "nested", "bytes", "empty", "login"],
)
def test_what_is_no_octoprint_is_told(octoprint, watch, answer):
    octoprint.answers["/api/job"] = answer

    wait_for_trouble(watch(), f"does not answer as OctoPrint ({answer[0]} for /api/job): check `url`")


def test_an_octoprint_that_is_starting_is_told(octoprint, watch):
    octoprint.answers["/api/job"] = (502, b"Bad Gateway")

    wait_for_trouble(watch(), "is broken or starting (502 for /api/job): is OctoPrint running?")


def test_a_file_whose_name_has_to_be_quoted_is_asked_for(octoprint, watch):
    shown = job("Printing", 12.5)
    shown["job"]["file"]["path"] = "Äpfel & Birnen/lid #1.gcode"
    octoprint.show(shown, printer("operational", "printing"))
    wait_for_state(watch(), ReportState.PRINTING)

    assert "/api/files/local/%C3%84pfel%20%26%20Birnen/lid%20%231.gcode" in octoprint.asked


def test_the_key_is_in_no_log(watch, caplog):
    caplog.set_level(logging.DEBUG)
    wait_for_state(watch(), ReportState.IDLE)

    assert KEY not in caplog.text
    assert KEY not in repr(OctoPrintPrinter("voron", None, "http://h", KEY))
