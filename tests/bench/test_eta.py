"""The measurement of what is foretold tells no lies, and ours is good on prints with which it was not made."""

from dataclasses import replace
from datetime import timedelta

import pytest

from printqueue.estimate import MARKS, EarlierRun, Seen
from printqueue.history import MOST_KEPT
from printqueue.protocol import ReportState
from tests.bench.eta import (
    START,
    Foretold,
    Replay,
    foretell,
    kept,
    recorded_replays,
    simulated_replays,
    verdict,
)
from tests.client.drivers.recorded_prints import composed_recordings

pytestmark = pytest.mark.sqlite_only

HOUR = 3600


def at(seconds):
    return START + timedelta(seconds=seconds)


def an_hour(remaining=lambda second: HOUR - second, paused=0):
    """A print of an hour whose percent is even; at half of it, it pauses for so long."""
    moved = [(second, second + (paused if second > HOUR / 2 else 0)) for second in range(0, HOUR, 5)]
    seen = [
        Seen(
            at(moment),
            ReportState.PAUSED if paused and second == HOUR / 2 else ReportState.PRINTING,
            second / HOUR * 100,
            remaining(second),
        )
        for second, moment in moved
    ]
    pauses = ((at(HOUR / 2), at(HOUR / 2 + paused)),)
    return Replay("an hour", tuple(seen), at(HOUR + paused), pauses)


def test_a_printer_that_is_right_is_not_off_and_one_that_is_wrong_by_a_tenth_of_the_whole_is():
    assert [one.by_printer for one in foretell(an_hour())] == [0, 0, 0, 0]
    assert [one.by_printer for one in foretell(an_hour(lambda second: HOUR + 360 - second))] == [0.1] * 4


def test_a_pause_to_come_is_held_against_nobody():
    for one in foretell(an_hour(paused=7200)):
        assert one.by_printer == pytest.approx(0)
        assert one.by_percent == pytest.approx(0)
        assert one.ours == pytest.approx(0, abs=0.02)


def test_each_mark_is_foretold_from_what_was_seen_until_then():
    half = replace(an_hour(), seen=an_hour().seen[: HOUR // 10 + 1])

    assert [one.mark for one in foretell(half)] == [10, 25, 50]
    assert list(foretell(half)) == list(foretell(an_hour()))[:3]


def test_a_printer_that_says_nothing_is_not_counted():
    assert [one.by_printer for one in foretell(an_hour(lambda second: None))] == [None] * 4


def test_ours_is_foretold_from_no_more_than_is_stored_of_a_run():
    whole = an_hour(paused=600).seen

    thinned = kept(whole)

    assert len(thinned) < 20 < len(whole) < MOST_KEPT
    assert thinned[-1] == whole[-1]
    assert {one for one in whole if one.state == ReportState.PAUSED} <= set(thinned)


def test_no_earlier_run_is_the_one_that_is_replayed():
    for one in simulated_replays(seed=3, count=20):
        assert EarlierRun(one.seconds(one.seen[0].at, one.ended_at)) not in [
            replace(before, marks=EarlierRun(0).marks) for before in one.earlier
        ]
    assert all(one.earlier == () for one in recorded_replays(composed_recordings()))


@pytest.mark.parametrize(
    ("ours", "printer", "is_past", "is_met"),
    [
        (0.05, 0.05, False, True),
        (0.059, 0.05, False, True),
        (0.07, 0.05, False, False),
        (0.12, 0.2, False, False),
        (0.05, None, False, True),
        (0.05, 0.05, True, False),
    ],
)
def test_ours_is_met_near_the_best_other_source_and_a_tenth_and_never_in_the_past(ours, printer, is_past, is_met):
    foretold = [Foretold(mark, printer, 0.3, ours, is_new=True, is_past=is_past) for mark in MARKS]

    assert verdict(15, "", foretold, is_judged=True).is_met is is_met
    assert verdict(15, "", foretold, is_judged=False).is_met is None


@pytest.mark.slow
def test_ours_is_good_on_prints_that_nobody_looked_at_before():
    foretold = [one for replay in simulated_replays(seed=4242, count=60) for one in foretell(replay)]

    row = verdict(15, "", foretold, is_judged=True)

    assert row.is_met, row.figures


@pytest.mark.slow
def test_ours_is_good_also_of_files_of_which_nothing_else_is_known():
    replays = simulated_replays(seed=777, count=240)  # of fewer, the worst tenth is a handful of prints
    new = (replace(replay, earlier=(), slicer_seconds=None) for replay in replays)

    row = verdict(15, "", [one for replay in new for one in foretell(replay)], is_judged=True)

    assert row.is_met, row.figures
