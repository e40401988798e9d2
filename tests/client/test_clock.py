"""Own time, which never jumps, and what it is on a clock that does."""

from dataclasses import dataclass

import pytest

from printqueue.client.clock import LEAP_SECONDS, Clock, Dates, Era, uptime

pytestmark = pytest.mark.sqlite_only

TODAY = 1_790_000_000.0
HOUR = 3600.0
YEARS = 56 * 365 * 24 * HOUR


@dataclass
class Machine:
    """A computer: its clock on the wall, which may be set, and the time since its boot, which may not."""

    wall: float = TODAY
    uptime: float = 30.0

    def pass_by(self, seconds):
        self.wall += seconds
        self.uptime += seconds

    def boot(self, wall):
        self.wall, self.uptime = wall, 30.0

    def clock(self, *past):
        return Clock(past, lambda: self.wall, lambda: self.uptime)


@pytest.fixture
def machine():
    return Machine()


def test_own_time_is_the_wall_s_when_nothing_happens(machine):
    clock = machine.clock()
    machine.pass_by(HOUR)

    assert (clock.now(), clock.dates().shift(TODAY)) == (TODAY + HOUR, 0)


@pytest.mark.parametrize("jump", [-YEARS, -60, 60, YEARS])
def test_own_time_does_not_jump_with_the_clock(machine, jump):
    clock = machine.clock()
    machine.wall += jump
    machine.pass_by(5)

    assert clock.now() == TODAY + 5


@pytest.mark.parametrize("jump", [-YEARS, -60, 60, YEARS])
def test_what_was_recorded_before_a_jump_is_dated_by_the_clock_after_it(machine, jump):
    clock = machine.clock()
    recorded = clock.now()
    machine.pass_by(HOUR)
    machine.wall += jump

    dates = clock.dates()

    assert dates.now - (recorded + dates.shift(recorded)) == HOUR


def test_a_jump_smaller_than_a_second_is_none(machine):
    clock = machine.clock()
    machine.wall += 0.9

    assert clock.dates().shift(TODAY) == 0


def test_a_client_that_is_started_again_goes_on_counting(machine):
    before = machine.clock()
    machine.pass_by(HOUR)
    machine.wall -= 20 * HOUR
    after = machine.clock(before.era())
    machine.pass_by(5)

    assert after.now() == before.now()


def test_a_clock_set_after_a_restart_of_the_client_dates_what_came_before_it(machine):
    machine.pass_by(HOUR)
    before = machine.clock()
    after = machine.clock(before.era())
    machine.pass_by(60)
    machine.wall += 5 * HOUR

    dates = after.dates()

    assert dates.now - (TODAY + HOUR + dates.shift(TODAY + HOUR)) == 60


def test_after_a_boot_with_the_right_clock_each_time_stays_what_it_was(machine):
    before = machine.clock().era()
    machine.boot(TODAY + HOUR)
    clock = machine.clock(before)

    assert clock.now() == TODAY + HOUR
    assert clock.dates().shift(TODAY) == 0


@pytest.mark.parametrize("wall", [0.0, TODAY - HOUR, TODAY])
def test_after_a_boot_with_a_clock_that_is_behind_own_time_is_past_all_before_it(machine, wall):
    before = machine.clock()
    machine.pass_by(60)
    last = before.era()
    machine.boot(wall)

    assert machine.clock(last).now() == last.ended + LEAP_SECONDS


def test_two_boots_in_1970_are_two_boots(machine):
    machine.boot(30.0)
    last = machine.clock().era()
    machine.boot(30.0)
    machine.pass_by(10)

    assert machine.clock(last).now() == last.ended + LEAP_SECONDS


def test_what_was_recorded_with_a_clock_put_right_in_the_course_of_its_boot_keeps_its_time(machine):
    machine.boot(0.0)
    first = machine.clock()
    recorded = first.now()
    machine.pass_by(60)
    machine.wall = TODAY
    last = first.era()
    machine.boot(TODAY + HOUR)

    dates = machine.clock(last).dates()

    assert recorded + dates.shift(recorded) == TODAY - 60


def test_what_was_recorded_with_a_clock_never_set_is_put_right_before_the_next_boot(machine):
    machine.boot(0.0)
    first = machine.clock()
    recorded = first.now()
    machine.pass_by(60)
    last = first.era()
    machine.boot(TODAY)

    dates = machine.clock(last).dates()

    assert recorded + dates.shift(recorded) == TODAY - 60


def test_nothing_is_dated_after_the_present_while_the_clock_is_wrong(machine):
    """The server would refuse it as a time in the future."""
    before = machine.clock().era()
    machine.boot(0.0)

    dates = machine.clock(before).dates()

    assert TODAY + dates.shift(TODAY) <= dates.now


ERAS = [Era(0, 10, 0, 10), Era(20, 30, TODAY, 10), Era(40, 50, 2 * TODAY, 10)]
PRESENT = Era(60, 70, TODAY + HOUR, 10)


def test_times_rise_over_boots_whose_clocks_disagree():
    dates = Dates(ERAS, PRESENT)

    on_wall = [own + dates.shift(own) for own in (0, 10, 20, 30, 40, 50, 60, 70)]

    assert on_wall == sorted(on_wall)
    assert on_wall[-1] == dates.now


def test_uptime_does_not_go_back():
    assert uptime() <= uptime()
