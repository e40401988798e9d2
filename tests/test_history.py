"""Which samples are kept, and which are drawn."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.estimate import MARKS
from printqueue.history import LEVELS, MOST_KEPT, Course, Kept, Point, thin
from tests.courses import BEGIN, THREE_DAY_PRINTS, THREE_DAYS, farthest, kept_of, often_silent, reported

logger = logging.getLogger(__name__)

ROUNDING = 1e-6

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def itself(row):
    return row


def test_few_rows_all_stay():
    assert thin([(1,), (2,), (3,)], 3, itself) == [(1,), (2,), (3,)]


def test_no_rows_are_no_rows():
    assert thin([], 1000, itself) == []


@given(st.lists(st.tuples(numbers, numbers), max_size=300), st.integers(6, 50))
def test_the_limit_holds_and_first_last_lowest_and_highest_stay(rows, limit):
    kept = thin(rows, limit, itself)

    assert len(kept) <= limit
    for series in (0, 1):
        before = [row[series] for row in rows if row[series] is not None]
        after = [row[series] for row in kept if row[series] is not None]
        if before:
            assert (min(after), max(after)) == (min(before), max(before))
    if rows:
        assert (kept[0], kept[-1]) == (rows[0], rows[-1])


def test_the_order_stays():
    rows = [(number, number * 7919 % 1009) for number in range(5000)]

    kept = thin(rows, 1000, lambda row: row[1:])

    assert kept == sorted(kept)
    assert len(kept) > 500


def test_a_spike_of_one_sample_is_drawn():
    rows = [(300.0 if number == 777 else 220.0,) for number in range(5000)]

    assert (300.0,) in thin(rows, 100, itself)


def test_a_limit_too_small_for_any_outline_is_refused():
    with pytest.raises(ValueError, match="no room"):
        thin([(1, 2, 3)] * 10, 1, itself)


# ---------------------------------------------------------------------- which are kept


@st.composite
def runs(draw):
    """Reports of a print: mostly a few seconds apart, mostly rising, with other states and silences."""
    at, percent, state, points = BEGIN, 0.0, "preparing", list[Point]()
    for seconds, rise, other, heat in draw(st.lists(said, min_size=1, max_size=120)):
        at, percent, state = at + seconds, min(100.0, max(0.0, percent + rise)), other or state
        points.append(Point(at, state, percent, len(points) // 3, heat, heat and heat / 4))
    return points


said = st.tuples(
    st.sampled_from([0, 1, 5, 5, 5, 5, 30, 61, 400]) | st.floats(0, 20),
    st.sampled_from([0, 0, 0.1, 0.24, 0.26, 1]) | st.floats(-2, 3),
    st.sampled_from([""] * 10 + ["printing", "paused", "completed"]),
    st.none() | st.floats(20, 300),
)


def ranges(points):
    """The lowest and the highest of each number."""
    columns = [[number for number in column if number is not None] for column in zip(*points, strict=True)][2:]
    return [(min(column), max(column)) for column in columns if column]


def turns(points):
    """What must stay: the reports on both sides of each change of state."""
    pairs = [(before, after) for before, after in pairwise(points) if before.state != after.state]
    return [(point.at, point.state) for pair in pairs for point in pair]


@pytest.mark.parametrize("mark", MARKS)
def test_the_first_report_at_a_percent_by_which_others_are_measured_stays_and_the_one_before_it(mark):
    points = reported(lambda n: [n / 10], reports=1000)

    kept, _ = kept_of(points)

    assert {mark - 0.1, mark} <= {one.point.percent for one in kept}
    assert len(kept) <= 10


def test_the_first_layer_stays_and_the_report_before_it():
    kept, _ = kept_of(reported(lambda n: [n / 100, n // 100], reports=800))

    assert [(one.point.percent, one.point.layer) for one in kept[1:3]] == [(0.99, 0), (1, 1)]


@pytest.mark.parametrize("name", THREE_DAY_PRINTS)
def test_of_three_days_at_most_a_thousand_samples_stay_and_half_a_percent_is_lost(name):
    points = THREE_DAY_PRINTS[name]()

    kept, _ = kept_of(points)

    drawn = [one.point for one in kept]
    off = farthest(points, drawn)
    logger.info("%s: %d of %d samples stay, %.3f %% off", name, len(kept), len(points), off)
    assert len(kept) <= MOST_KEPT
    assert off <= 0.5 + ROUNDING
    assert (drawn[0], drawn[-1]) == (points[0], points[-1])
    assert {*turns(points)} <= {(point.at, point.state) for point in drawn}


@given(runs())
def test_the_lines_are_near_every_report(points):
    kept, _ = kept_of(points)

    assert farthest(points, [one.point for one in kept]) <= LEVELS[0].percent + ROUNDING


@given(runs())
def test_every_change_of_state_stays_with_what_was_before(points):
    kept, _ = kept_of(points)

    assert turns([one.point for one in kept]) == turns(points)


@given(runs())
def test_samples_are_kept_in_their_order_and_the_last_report_is_the_last_of_them(points):
    kept, course = kept_of(points)

    assert [one.number for one in kept] == list(range(len(kept)))
    assert [one.point for one in kept] == sorted((one.point for one in kept), key=lambda point: point.at)
    assert (kept[0].point, kept[-1].point, course.size) == (points[0], points[-1], len(kept))


@given(runs())
def test_a_course_is_read_as_it_was_written_and_stays_short(points):
    _, course = kept_of(points)

    assert Course.read(course.written) == course
    assert len(course.written) < 500


def test_a_run_without_samples_has_no_course_yet():
    assert Course.read("") == Course()


def test_a_silence_is_a_gap_between_the_reports_on_both_sides():
    points = reported(lambda n: [n / 100], reports=200)

    kept, _ = kept_of(points[:80] + points[120:])

    [gap] = [index for index, one in enumerate(kept) if one.follows_gap]
    assert (kept[gap - 1].point, kept[gap].point) == (points[79], points[120])


def test_a_run_that_is_reported_seldom_is_not_full_of_gaps():
    every_ten_minutes = reported(lambda n: [n / 10], reports=1000 * 120)[::120]

    kept, _ = kept_of(every_ten_minutes)

    assert not any(one.follows_gap for one in kept[30:])
    assert len(kept) < 100


def test_a_spike_of_one_report_stays():
    points = reported(lambda n: [n / 100, 7, 20 if n == 777 else 220, 60], reports=2000)

    kept, _ = kept_of(points)

    assert 20 in [one.point.nozzle_c for one in kept]


def test_a_temperature_that_is_told_later_has_its_spikes_too():
    points = reported(lambda n: [n / 100, None, None if n < 5 else 20 if n == 777 else 220, None], reports=2000)

    kept, _ = kept_of(points)

    drawn = [(one.point.at, one.point.nozzle_c) for one in kept]
    assert (points[5].at, 220) in drawn
    assert (points[777].at, 20) in drawn


@pytest.mark.parametrize("every", [1, 20, 100])
def test_a_percent_that_rises_is_drawn_within_half_a_percent_whatever_its_states(every):
    points = reported(lambda n: [n * 100 // THREE_DAYS], lambda n: "paused" if n // every % 2 else "printing")

    kept, _ = kept_of(points)

    assert len(kept) <= MOST_KEPT
    assert farthest(points, [one.point for one in kept]) <= 0.5 + ROUNDING


def test_a_sample_follows_a_gap_no_more_when_the_one_before_the_gap_was_dropped():
    points = [point._replace(percent=min(14, (point.at - BEGIN) / 10)) for point in often_silent(float, 40)]
    kept, course = kept_of(points)
    assert len([one for one in kept if one.follows_gap]) == 3

    stay, _ = course._replace(level=2).thinned(kept)

    gaps = [one.point.at - before.point.at for before, one in pairwise(stay) if one.follows_gap]
    assert max(gaps, default=0) <= 95


@pytest.mark.parametrize(
    "flood",
    [
        reported(lambda n: [n * 7919 % 101], reports=5000),
        reported(lambda n: [n / 50], lambda n: "paused" if n % 2 else "printing", 5000),
        often_silent(lambda n: n / 50, 5000),
    ],
    ids=["percents up and down", "another state each time", "many gaps"],
)
def test_no_flood_of_what_should_stay_is_more_than_fits(flood):
    kept, course = kept_of(flood)

    assert len(kept) == course.size <= MOST_KEPT
    assert (kept[0].point, kept[-1].point) == (flood[0], flood[-1])


@given(runs(), st.integers(0, 2))
def test_what_is_thinned_out_is_as_near_as_its_level_says_with_extremes_and_gaps(points, level):
    kept, course = kept_of(points)

    stay, course = course._replace(level=level).thinned(kept)

    drawn, now = [one.point for one in stay], LEVELS[course.level]
    assert farthest(points, drawn) <= now.percent - LEVELS[level].percent + LEVELS[0].percent + ROUNDING
    assert {one.number: one.point for one in stay}.items() <= {one.number: one.point for one in kept}.items()
    assert course.level > level
    assert ranges([one.point for one in kept]) == ranges(drawn)
    if now.keeps_states:
        assert turns(drawn) == turns(points)
        assert [one for one in stay if one.follows_gap] == [one for one in kept if one.follows_gap]


@given(runs(), runs())
def test_a_run_goes_on_after_its_samples_were_thinned_out(points, more):
    kept, course = kept_of(points)
    stay, course = course.thinned(kept)
    later = [point._replace(at=max(points[-1].at, point.at + points[-1].at - BEGIN)) for point in more]

    samples = {one.number: one for one in stay}
    for point in later:
        course = course.after(point)
        samples[course.number] = Kept(course.number, point, course.follows_gap)

    assert list(samples) == sorted(samples)
    assert course.size == len(samples)
    assert farthest(points + later, [one.point for one in samples.values()]) <= LEVELS[course.level].percent + ROUNDING
