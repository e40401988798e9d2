"""Looking at every printer on time."""

import threading

import pytest

from printqueue.client.loop import Poller, Watched, end_together, run_on_time
from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Spool
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0


class ScriptedDriver:
    """Shows one list of snapshots after the other, then raises."""

    def __init__(self, *script, trouble=None):
        self.script = list(script)
        self.said = trouble

    def start(self):
        """Nothing to start."""

    def stop(self):
        """Nothing to stop."""

    def is_known(self):
        return True

    def trouble(self):
        return self.said

    def poll(self, now):
        if not self.script:
            raise RuntimeError("the end of the script")
        return self.script.pop(0)

    def memory(self):
        return {"left": len(self.script)}


class Ticks(threading.Event):
    """A clock that only steps and waits move, and the event that stops the loop after some turns."""

    def __init__(self, step_seconds, turns):
        super().__init__()
        self.now = 100.0
        self.began = []
        self._steps = iter(step_seconds)
        self._turns = turns

    def step(self):
        self.began.append(self.now)
        self.now += next(self._steps, 0.0)

    def wait(self, timeout=None):
        self.now += timeout or 0.0
        return False

    def is_set(self):
        return len(self.began) >= self._turns


@pytest.fixture
def spool():
    spool = Spool(":memory:")
    yield spool
    spool.close()


def began(step_seconds, turns):
    ticks = Ticks(step_seconds, turns)
    run_on_time(ticks.step, 5.0, ticks, lambda: ticks.now)
    return [moment - 100 for moment in ticks.began]


def test_polls_do_not_drift_by_the_time_they_take():
    assert began([1.0, 0.5, 3.0], turns=4) == [0, 5, 10, 15]


def test_after_a_poll_that_took_too_long_turns_are_skipped_and_the_beat_is_kept():
    assert began([12.0], turns=3) == [0, 15, 20]


def test_a_loop_that_is_to_stop_takes_no_further_step():
    stopping = threading.Event()

    run_on_time(stopping.set, 5.0, stopping)

    assert stopping.is_set()


def test_one_poll_gives_the_reports_of_all_printers(spool):
    left, right = ScriptedDriver([Snapshot(ReportState.IDLE)]), ScriptedDriver([Snapshot(ReportState.OFFLINE)])
    poller = Poller([Watched("1", "Left", left), Watched("2", None, right)], spool, lambda: NOW)

    reports = poller.step()

    assert [(report["printer"], report["state"]) for report in reports] == [("1", "idle"), ("2", "offline")]
    assert (reports[0]["printerName"], "printerName" in reports[1]) == ("Left", False)


def test_what_a_driver_remembers_is_kept_with_its_reports(spool):
    poller = Poller([Watched("1", None, ScriptedDriver([Snapshot(ReportState.IDLE)]))], spool, lambda: NOW)
    poller.step()

    assert spool.memory("1") == {"left": 0}


def test_a_driver_that_fails_does_not_blind_us_to_the_others(spool, caplog):
    broken, good = ScriptedDriver(), ScriptedDriver([Snapshot(ReportState.IDLE)])
    poller = Poller([Watched("1", "Left", broken), Watched("2", None, good)], spool, lambda: NOW)

    assert [report["printer"] for report in poller.step()] == ["2"]
    assert "Left could not be polled" in caplog.text


def test_a_driver_that_keeps_failing_is_logged_once(spool, caplog):
    poller = Poller([Watched("1", "Left", ScriptedDriver())], spool, lambda: NOW)
    for _ in range(20):
        poller.step()

    assert caplog.text.count("Left could not be polled") == 1


def test_a_trouble_that_stays_is_said_again_once_a_day(spool, said):
    hours = iter(range(50))
    refused = ScriptedDriver(*[[] for _ in range(50)], trouble="it refuses the key")
    poller = Poller([Watched("1", "Left", refused)], spool, lambda: NOW + 3600 * next(hours))
    for _ in range(50):
        poller.step()

    assert said() == ["Left: still: it refuses the key"] * 2


def test_a_trouble_that_comes_again_is_as_new(spool, said):
    hours = iter(range(40))
    driver = ScriptedDriver(*[[] for _ in range(40)])
    poller = Poller([Watched("1", "Left", driver)], spool, lambda: NOW + 3600 * next(hours))
    for hour in range(40):
        driver.said = None if hour == 20 else "no answer"
        poller.step()

    assert said() == []


def test_what_hangs_at_the_end_is_not_waited_for():
    hanging, ended = threading.Event(), []

    end_together([hanging.wait, lambda: ended.append("the other")], 0.2)

    hanging.set()
    assert ended == ["the other"]


def test_a_printer_of_which_nothing_is_known_yet_is_not_reported(spool):
    assert Poller([Watched("1", None, ScriptedDriver([]))], spool, lambda: NOW).step() == []


def test_a_change_is_one_line_of_log(spool, said):
    printing = [[Snapshot(ReportState.PRINTING, "1@1", "a.gcode", progress=n)] for n in range(3)]
    poller = Poller([Watched("1", "Left", ScriptedDriver(*printing, [Snapshot(ReportState.IDLE)]))], spool, lambda: NOW)
    for _ in range(4):
        poller.step()

    assert said() == ["Left: printing a.gcode 0.0 %", "Left: idle"]
