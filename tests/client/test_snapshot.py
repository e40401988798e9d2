"""A snapshot as the wire says it."""

import pytest

from printqueue.client.snapshot import Readings, Snapshot, report_of
from printqueue.protocol import ReportState, is_safe_text

pytestmark = pytest.mark.sqlite_only


def report(snapshot, name=None):
    return report_of(snapshot, serial="sim-1", name=name, sequence=7, measured_at=1_700_000_000.5)


def test_what_is_not_known_is_left_out():
    assert report(Snapshot(ReportState.OFFLINE)) == {
        "printer": "sim-1",
        "state": "offline",
        "measuredAt": "2023-11-14T22:13:20.500Z",
        "sequence": 7,
    }


def test_zero_is_known():
    full = report(Snapshot(ReportState.PRINTING, "1@1", progress=0.0, layer=0, remaining_seconds=0))

    assert (full["progress"], full["layer"], full["remainingSeconds"]) == (0.0, 0, 0)


def test_a_file_name_with_characters_that_do_harm_is_made_harmless():
    name = report(Snapshot(ReportState.PRINTING, "1@1", "bad\n\u202ename\ud800" + "x" * 300))["filename"]

    assert is_safe_text(name)
    assert (name[:9], len(name)) == ("bad\ufffd\ufffdname"[:9], 255)


def test_an_error_has_its_code_and_a_sentence():
    readings = Readings(error_code="1200_8006", error_message="The printer shows error 1200_8006.")

    assert report(Snapshot(ReportState.PAUSED, "1@1", readings=readings))["error"] == {
        "code": "1200_8006",
        "message": "The printer shows error 1200_8006.",
    }
