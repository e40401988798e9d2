"""What `--check` finds, one line each."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from printqueue.client import check
from printqueue.client.config import load
from printqueue.client.loop import Watched
from printqueue.client.server import ServerLink
from printqueue.client.snapshot import Readings, Snapshot
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only


class Driver:
    """Shows one snapshot, or nothing."""

    def __init__(self, *snapshots, trouble=None):
        self.snapshots = list(snapshots)
        self.said = trouble

    def is_known(self):
        return bool(self.snapshots) or self.said is not None

    def poll(self, now):
        return self.snapshots

    def trouble(self):
        return self.said


class Server:
    """Answers a check with what the test says."""

    def __init__(self, answer=lambda: None):
        self.check = answer


@pytest.fixture
def found(configure, tmp_path, monkeypatch):
    """`found(*drivers, server=…, spool=…)`: the lines of the check."""
    monkeypatch.setattr(check, "FIRST_SIGHT_SECONDS", 0.2)
    written = load(configure(server="https://q.example"))

    def look(*drivers, server=None, spool=None, warnings=()):
        config = replace(written, spool=spool or written.spool, warnings=warnings)
        printers = [Watched(f"p{n}", None, driver) for n, driver in enumerate(drivers, 1)]
        return [str(finding) for finding in check.check(config, printers, cast("ServerLink", server or Server()))]

    return look


@pytest.mark.parametrize(
    ("driver", "line"),
    [
        (Driver(Snapshot(ReportState.IDLE)), "ok    printer p1: connected, idle"),
        (
            Driver(Snapshot(ReportState.PAUSED, readings=Readings(error_code="1", error_message="No filament."))),
            "ok    printer p1: connected, paused; it shows: No filament.",
        ),
        (
            Driver(Snapshot(ReportState.IDLE), trouble="the key ends soon"),
            "care  printer p1: connected, idle; but the key ends soon",
        ),
        (Driver(Snapshot(ReportState.OFFLINE), trouble="it is off"), "WRONG printer p1: it is off"),
        (Driver(), "WRONG printer p1: nothing was heard of it: is it on?"),
    ],
)
def test_a_printer_is_a_line(found, driver, line):
    assert found(driver)[0] == line


def test_a_printer_of_which_nothing_is_heard_hides_no_other(found):
    assert found(Driver(), Driver(Snapshot(ReportState.IDLE)))[1] == "ok    printer p2: connected, idle"


def test_a_server_that_hangs_is_not_waited_for(found):
    answers = threading.Event()

    lines = found(server=Server(answers.wait))

    answers.set()
    assert lines[-1] == "WRONG server: https://q.example does not answer within 0 s: is `server` its address?"


def test_a_fault_of_the_check_itself_is_not_taken_for_an_answer(found):
    def fail():
        raise RuntimeError("no answer at all")

    with pytest.raises(RuntimeError, match="no answer at all"):
        found(server=Server(fail))


def test_a_spool_without_a_folder_is_wrong(found, tmp_path):
    folder = tmp_path / "absent"

    assert found(spool=folder / "s")[0] == (
        f"WRONG spool {folder / 's'}: there is no folder {folder}: make it, or name another file as `spool`"
    )


def test_a_spool_that_may_not_be_written_is_wrong(found, tmp_path, monkeypatch):
    # Root may write everywhere, so that the answer of the system is put on.
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != tmp_path)

    assert f"this user may not write it: run as the user who owns {tmp_path}" in found()[0]


def test_what_should_be_mended_comes_first(found):
    assert found(warnings=("key: everyone can read it",))[0] == "care  key: everyone can read it"
