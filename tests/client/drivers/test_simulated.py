"""The printer that exists only in the client."""

from dataclasses import replace

import pytest

from printqueue.client.config import SimulatedPrinter
from printqueue.client.drivers.simulated import SimulatedDriver, snapshot_at
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

START = 1_700_000_000.0
PRINTER = SimulatedPrinter("sim-1", None, ("a.gcode", "b.gcode"), seconds=100, rest_seconds=200)


def at(seconds, **changes):
    return snapshot_at(replace(PRINTER, **changes), START, START + seconds)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, ReportState.PREPARING),
        (2, ReportState.PRINTING),
        (99, ReportState.PRINTING),
        (100, ReportState.COMPLETED),
        (189, ReportState.COMPLETED),
        (190, ReportState.IDLE),
        (299, ReportState.IDLE),
        (300, ReportState.PREPARING),
    ],
)
def test_a_print_goes_its_way_and_comes_again(seconds, state):
    assert at(seconds).state == state


def test_percent_layer_and_remaining_follow_the_clock():
    snapshot = at(25)

    assert (snapshot.progress, snapshot.layer, snapshot.remaining_seconds) == (25.0, 40, 75)


def test_each_print_has_its_own_key_and_the_next_file():
    assert (at(10).run_key, at(10).filename) == ("1@1700000000", "a.gcode")
    assert (at(310).run_key, at(310).filename) == ("2@1700000300", "b.gcode")


def test_speed_shortens_the_print_and_not_the_rest():
    assert [at(seconds, speed=10).state for seconds in (9, 10, 99)] == [
        ReportState.PRINTING,
        ReportState.COMPLETED,
        ReportState.COMPLETED,
    ]


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_print_may_end_badly_before_its_end(outcome):
    snapshot = at(60, outcome=outcome)

    assert (snapshot.state, snapshot.progress) == (ReportState(outcome), 60.0)


def test_a_pause_stops_the_print_for_its_time():
    paused = [at(seconds, pause_at_percent=40, pause_seconds=20) for seconds in (39, 40, 59, 60)]

    assert [snapshot.state.value for snapshot in paused] == ["printing", "paused", "paused", "printing"]
    assert [snapshot.progress for snapshot in paused] == [39.0, 40.0, 40.0, 40.0]


def test_a_printer_that_does_not_repeat_is_idle_for_ever():
    assert at(100_000, repeat=False).state == ReportState.IDLE


def test_the_first_poll_begins_the_first_print():
    driver = SimulatedDriver(PRINTER, None)

    [snapshot] = driver.poll(START)

    assert snapshot.run_key == "1@1700000000"


def test_the_first_print_may_be_under_way():
    [snapshot] = SimulatedDriver(replace(PRINTER, start_at_seconds=30), None).poll(START)

    assert snapshot.progress == 30.0


def test_a_restart_goes_on_with_the_same_print():
    driver = SimulatedDriver(PRINTER, None)
    driver.poll(START)

    [snapshot] = SimulatedDriver(PRINTER, driver.memory()).poll(START + 50)

    assert (snapshot.run_key, snapshot.progress) == ("1@1700000000", 50.0)
