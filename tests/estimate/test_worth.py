"""What each source was worth: predicted against real, of one print and of many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from printqueue.estimate import MARKS, EarlierRun, Seen, completed_run
from printqueue.protocol import ReportState
from printqueue.worth import Figures, Source, figures, measure, read, written
from tests.bench.eta import Replay, foretell, kept, simulated_replays
from tests.estimate.test_estimate import HOUR, PAUSED, at, evenly, seen_until

pytestmark = pytest.mark.sqlite_only

END = Seen(at(HOUR), ReportState.COMPLETED, 100)


def an_hour(remaining=lambda second: HOUR - second) -> list[Seen]:
    return [*seen_until(HOUR - 30, evenly, remaining), END]


def test_a_printer_that_is_right_is_not_off_and_one_that_tells_a_tenth_too_much_is():
    assert measure(an_hour())[Source.PRINTER] == (0, 0, 0, 0)
    assert measure(an_hour(lambda second: HOUR + 360 - second))[Source.PRINTER] == (0.1, 0.1, 0.1, 0.1)


def test_each_source_that_said_something_is_measured_and_no_other():
    everything = measure(an_hour(), [EarlierRun(HOUR)], 1.2 * HOUR)

    assert set(everything) == set(Source)
    assert everything[Source.SLICER] == (0.2, 0.2, 0.2, 0.2)
    assert everything[Source.EARLIER] == pytest.approx((0, 0, 0, 0), abs=0.01)
    assert set(measure(an_hour(lambda second: None))) == {Source.OURS, Source.ELAPSED}


def test_a_pause_counts_against_nobody():
    paused = [
        *seen_until(1800, evenly),
        Seen(at(1800), PAUSED, 50),
        *(Seen(at(7200 + second), ReportState.PRINTING, evenly(second)) for second in range(1800, 3571, 30)),
        Seen(at(7200 + HOUR), ReportState.COMPLETED, 100),
    ]

    assert measure(paused)[Source.ELAPSED] == pytest.approx((0, 0, 0, 0), abs=0.01)


def test_a_mark_that_nobody_saw_is_not_measured():
    leapt = [one for one in an_hour() if one.percent is None or not 20 < one.percent < 40]

    assert [off is not None for off in measure(leapt)[Source.ELAPSED]] == [True, False, True, True]


UNSEEN = {
    "nothing": [],
    "its end alone": [END],
    "another end": [*an_hour()[:-1], replace(END, state=ReportState.FAILED)],
    "no end": an_hour()[:-1],
    "an end long after it was last heard": [*seen_until(1800, evenly), END],
    "a print that was under way already": an_hour()[40:],
}


@pytest.mark.parametrize("seen", UNSEEN.values(), ids=UNSEEN)
def test_a_print_that_nobody_saw_begin_or_end_is_neither_measured_nor_an_example(seen):
    assert completed_run(seen) is None
    assert measure(seen) == {}


def test_a_print_that_pauses_until_it_ends_is_an_example():
    seen = [*seen_until(1800, evenly), Seen(at(1800), PAUSED, 50), Seen(at(1830), ReportState.COMPLETED, 100)]

    assert completed_run(seen) == EarlierRun(1800, (360, 900, 1800, None))


def test_what_is_written_is_what_is_read():
    off = measure(an_hour(), [EarlierRun(HOUR)], HOUR)

    assert read(written(off)) == off
    assert len(written(off)) < 250
    assert (written({}), read("")) == ("", {})


def test_figures_are_the_median_and_what_nine_of_ten_stay_within():
    runs = [{Source.OURS: (number / 10, None, None, None)} for number in range(11)]

    assert figures(runs) == {Source.OURS: (Figures(0.5, 0.9, 11), None, None, None)}


def test_figures_of_nothing_are_none():
    assert figures([]) == {}


def test_it_measures_what_the_bench_does():
    """On prints that were reported without outages; the bench knows pauses, this sees them."""
    compared = 0
    for replay in simulated_replays(seed=5, count=30):
        if longest_silence(replay) > 10:
            continue
        end = Seen(replay.ended_at, ReportState.COMPLETED, 100)
        measured = measure(kept([*replay.seen, end]), replay.earlier, replay.slicer_seconds)
        for place, foretold in enumerate(foretell(replay)):
            if not measured or measured[Source.ELAPSED][place] is None:
                continue
            compared += 1
            assert measured[Source.ELAPSED][place] == pytest.approx(foretold.by_percent, abs=0.02, rel=0.05)
            if foretold.by_printer is not None:
                assert measured[Source.PRINTER][place] == pytest.approx(foretold.by_printer, abs=0.02)
    assert compared > 10 * len(MARKS)


def longest_silence(replay: Replay) -> float:
    moments = [one.at for one in replay.seen] + [replay.ended_at]
    return max((after - before) / timedelta(seconds=1) for before, after in zip(moments, moments[1:], strict=False))
