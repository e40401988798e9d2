"""What holds of every estimate, whatever was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.estimate import MARKS, EarlierRun, Seen, earlier_run, estimate
from printqueue.protocol import ACTIVE_STATES, ReportState
from printqueue.worth import measure, read, written

pytestmark = pytest.mark.sqlite_only

START = datetime(2026, 11, 25, 8, tzinfo=UTC)
MOST_SECONDS = 2**31

percents = st.none() | st.floats(0, 100)
remaining = st.none() | st.integers(0, MOST_SECONDS)
reports = st.tuples(
    st.floats(0, 1e5), st.sampled_from(sorted(ACTIVE_STATES)), percents, remaining, st.none() | st.integers(0, 1000)
)


@st.composite
def courses(draw: st.DrawFn) -> list[Seen]:
    """Anything that reports may say, in order of time."""
    said = draw(st.lists(reports, min_size=1, max_size=30))
    moments = accumulate(report[0] for report in said)
    return [
        Seen(START + timedelta(seconds=moment), state, percent, left, layer)
        for moment, (_, state, percent, left, layer) in zip(moments, said, strict=True)
    ]


@st.composite
def earlier_runs(draw: st.DrawFn) -> EarlierRun:
    """A run that may have been, with what was seen of its curve."""
    seconds = draw(st.floats(0, 1e6))
    shares = sorted(draw(st.lists(st.floats(0, 1), min_size=len(MARKS), max_size=len(MARKS))))
    seen_marks = draw(st.integers(0, len(MARKS)))
    return EarlierRun(
        seconds, tuple(share * seconds if index < seen_marks else None for index, share in enumerate(shares))
    )


known = st.fixed_dictionaries(
    {"earlier": st.lists(earlier_runs(), max_size=4), "slicer_seconds": st.none() | st.floats(0, 1e6)}
)
waits = st.floats(0, 1e6).map(lambda seconds: timedelta(seconds=seconds))


@given(courses(), waits, known)
def test_the_finish_is_never_in_the_past_and_the_spread_is_a_time(seen, wait, facts):
    now = seen[-1].at + wait

    said = estimate(seen, now, **facts)

    if said is not None:
        assert said.finish >= now
        assert said.spread > timedelta()
        assert isfinite(said.spread.total_seconds())


@given(courses(), waits, known)
def test_the_same_facts_say_the_same(seen, wait, facts):
    now = seen[-1].at + wait

    assert estimate(list(seen), now, **facts) == estimate(tuple(seen), now, **facts)


@given(courses(), known, st.data())
def test_a_pause_moves_the_finish_by_its_own_length_and_changes_nothing_else(seen, facts, data):
    paused_at = data.draw(st.integers(0, len(seen) - 1))
    took = data.draw(st.timedeltas(timedelta(seconds=1), timedelta(days=2)))
    before, after = seen[: paused_at + 1], seen[paused_at + 1 :]
    last = replace(before[-1], percent=None, remaining_seconds=None, layer=None)
    pause = [replace(last, state=ReportState.PAUSED), replace(last, at=last.at + took)]
    later = [replace(one, at=one.at + took) for one in after]
    now = seen[-1].at

    plain = estimate(seen, now, **facts)
    paused = estimate([*before, *pause, *later], now + took, **facts)

    assert paused == (plain and replace(plain, finish=plain.finish + took))


@given(courses(), st.floats(0, 1e5), st.lists(earlier_runs(), max_size=3), st.none() | st.floats(0, 1e6))
def test_whatever_a_print_said_it_can_be_measured_how_far_off_that_was(seen, rest, earlier, slicer_seconds):
    last = seen[-1]
    end = replace(last, at=last.at + timedelta(seconds=rest), state=ReportState.COMPLETED)

    off = measure([*seen, end], earlier, slicer_seconds)

    said = [far for at_marks in off.values() for far in at_marks if far is not None]
    assert all(isfinite(far) and far >= 0 for far in said)
    assert read(written(off)) == off


@given(courses())
def test_what_is_kept_of_a_run_never_goes_back(seen):
    kept = earlier_run(seen, seen[-1].at)

    marks = [mark for mark in kept.marks if mark is not None]
    assert marks == sorted(marks)
    assert all(0 <= mark <= kept.seconds for mark in marks)
