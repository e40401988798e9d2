"""What is said of a print, situation by situation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from printqueue.estimate import EarlierRun, Estimate, Seen, earlier_run, estimate, is_news
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

START = datetime(2026, 11, 25, 8, tzinfo=UTC)
HOUR = 3600.0
PREPARING, PRINTING, PAUSED = ReportState.PREPARING, ReportState.PRINTING, ReportState.PAUSED


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def seen_until(
    seconds: float,
    percent: Callable[[int], float | None] = lambda second: None,
    remaining: Callable[[int], float | None] = lambda second: None,
    layer: Callable[[int], int | None] = lambda second: None,
    state: ReportState = PRINTING,
) -> list[Seen]:
    """A print that is seen every 30 s and says what the functions make of the second."""
    return [
        Seen(at(second), state, percent(second), remaining(second), layer(second))
        for second in range(0, int(seconds) + 1, 30)
    ]


def evenly(second: float) -> float:
    """The percent of a print of an hour."""
    return second / HOUR * 100


def minutes_left(found: Estimate | None, now: datetime) -> float:
    assert found is not None
    return (found.finish - now).total_seconds() / 60


def test_nothing_is_said_of_what_was_never_seen():
    assert estimate([], START) is None


@pytest.mark.parametrize("state", [PREPARING, PRINTING, PAUSED])
def test_nothing_is_said_while_nothing_is_known(state):
    assert estimate(seen_until(300, state=state), at(300)) is None


def test_nothing_is_said_at_0_percent_or_at_the_first_rise():
    assert estimate(seen_until(300, lambda second: 0), at(300)) is None
    assert estimate(seen_until(300, lambda second: 1 if second == 300 else 0), at(300)) is None


@pytest.mark.parametrize("state", [ReportState.COMPLETED, ReportState.FAILED, ReportState.UNKNOWN_END])
def test_nothing_is_said_of_what_has_ended(state):
    assert estimate([*seen_until(1800, evenly), Seen(at(1830), state, 51)], at(1830)) is None


SITUATIONS = {
    "an even percent alone": (seen_until(1800, evenly), {}, 30, 2),
    "an even percent after ten minutes of heating": (
        seen_until(2400, lambda second: max(0, second - 600) / HOUR * 100),
        {},
        30,
        3,
    ),
    "percents of preparation that leap, then layers": (
        seen_until(
            2400,
            lambda second: 30 + max(0, second - 600) / 60 if second >= 120 else 0,
            layer=lambda second: second // 600,
        ),
        {},
        36,
        4,
    ),
    "what the printer says alone": (seen_until(1800, remaining=lambda second: HOUR - second), {}, 30, 1),
    "what the printer says in whole minutes": (
        seen_until(1800, evenly, lambda second: (HOUR - second) // 60 * 60),
        {},
        30,
        1,
    ),
    "a printer that says 0 too early": (seen_until(2700, evenly, lambda second: 0), {}, 15, 1),
    "the slicer's figure before anything is printed": (
        seen_until(60, state=PREPARING),
        {"slicer_seconds": HOUR},
        59.5,
        1,
    ),
    "an earlier run before anything is printed": (
        seen_until(60, state=PREPARING),
        {"earlier": [EarlierRun(HOUR)]},
        60,
        1,
    ),
    "an earlier run whose percent was quick at first": (
        seen_until(990, lambda second: second / 20),
        {"earlier": [EarlierRun(HOUR, (200, 500, 1000, 2000))]},
        38,
        5,
    ),
    "an earlier run of another slice against what is seen": (
        seen_until(1800, evenly, lambda second: HOUR - second),
        {"earlier": [EarlierRun(3 * HOUR, (1080, 2700, 5400, 8100))]},
        30,
        4,
    ),
    "a print that was under way when it was first seen": (
        [Seen(at(second), PRINTING, 50 + second / 60, HOUR - second) for second in range(0, 601, 30)],
        {},
        45,
        8,
    ),
}


@pytest.mark.parametrize(("seen", "known", "minutes", "give_or_take"), SITUATIONS.values(), ids=SITUATIONS)
def test_minutes_left_are(seen, known, minutes, give_or_take):
    now = seen[-1].at

    assert minutes_left(estimate(seen, now, **known), now) == pytest.approx(minutes, abs=give_or_take)


def test_each_source_that_agrees_makes_it_surer():
    said = [
        estimate(seen_until(1800, evenly), at(1800)),
        estimate(seen_until(1800, evenly, lambda second: HOUR - second), at(1800)),
        estimate(
            seen_until(1800, evenly, lambda second: HOUR - second),
            at(1800),
            earlier=[EarlierRun(HOUR, (360, 900, 1800, 2700))],
        ),
    ]

    spreads = [one.spread for one in said if one]
    assert len(spreads) == 3
    assert spreads == sorted(spreads, reverse=True)


def test_sources_that_contradict_each_other_make_it_less_sure():
    agreed = estimate(seen_until(1800, evenly, lambda second: HOUR - second), at(1800))
    contradicted = estimate(seen_until(1800, evenly, lambda second: 2 * HOUR - second), at(1800))

    assert agreed is not None and contradicted is not None
    assert contradicted.spread > agreed.spread


def test_a_printer_that_tells_too_much_is_overruled_by_earlier_runs():
    seen = seen_until(1800, evenly, lambda second: 1.4 * (HOUR - second))
    earlier = [EarlierRun(HOUR, (360, 900, 1800, 2700))]

    assert minutes_left(estimate(seen, at(1800), earlier=earlier), at(1800)) == pytest.approx(30, abs=1)


def test_the_finish_stays_while_no_report_comes_and_is_never_in_the_past():
    seen = seen_until(1800, evenly)

    assert estimate(seen, at(1800)) == estimate(seen, at(2700))
    late = estimate(seen, at(2 * HOUR))
    assert late is not None
    assert late.finish == at(2 * HOUR)


def test_a_paused_print_goes_on_from_now():
    seen = [*seen_until(1800, evenly), Seen(at(1800), PAUSED, 50)]

    for paused in (0, 600, 7200):
        now = at(1800 + paused)
        assert minutes_left(estimate(seen, now), now) == pytest.approx(30, abs=2)


def test_a_layer_that_stays_0_means_nothing_late_in_a_print():
    seen = seen_until(2700, evenly, layer=lambda second: 0)

    assert minutes_left(estimate(seen, at(2700)), at(2700)) == pytest.approx(15, abs=1)


def test_a_line_from_one_sample_to_the_next_is_no_leap():
    every = seen_until(1800, evenly)
    thinned = [every[0], *every[3:31:9], every[-1]]

    known, thin = estimate(every, at(1800)), estimate(thinned, at(1800))

    assert known is not None and thin is not None
    assert abs(thin.finish - known.finish) < timedelta(seconds=10)
    assert abs(thin.spread - known.spread) < 0.2 * known.spread


def test_what_is_kept_of_a_run_is_its_time_without_pauses_and_its_curve():
    seen = [
        *seen_until(1800, evenly),
        Seen(at(1800), PAUSED, 50),
        *(Seen(at(600 + second), PRINTING, evenly(second)) for second in range(1800, 3571, 30)),
    ]

    kept = earlier_run(seen, at(600 + HOUR))

    assert kept == EarlierRun(HOUR, (360, 900, 1800, 2700))


def test_a_mark_that_nobody_saw_is_not_kept():
    assert earlier_run(seen_until(1200, evenly), at(1210)) == EarlierRun(1210, (360, 900, None, None))


SAID = Estimate(at(HOUR), timedelta(minutes=5), timedelta(hours=1))


@pytest.mark.parametrize(
    ("finish", "spread", "is_noticed"),
    [
        (at(HOUR), timedelta(minutes=5), False),
        (at(HOUR + 18), timedelta(minutes=5), False),
        (at(HOUR + 19), timedelta(minutes=5), True),
        (at(HOUR - 19), timedelta(minutes=5), True),
        (at(HOUR), timedelta(minutes=4.5), False),
        (at(HOUR), timedelta(minutes=3), True),
        (None, None, True),
    ],
)
def test_news_is_a_finish_or_a_spread_that_moved_noticeably_or_was_not_known(finish, spread, is_noticed):
    assert is_news(SAID, finish, spread) is is_noticed


def test_of_a_short_print_ten_seconds_are_no_news():
    short = Estimate(at(60), timedelta(seconds=5), timedelta(minutes=2))

    assert not is_news(short, at(69), timedelta(seconds=5))
    assert is_news(short, at(71), timedelta(seconds=5))


def test_it_is_news_that_nothing_is_known_any_more():
    assert is_news(None, at(HOUR), timedelta(minutes=5))
    assert not is_news(None, None, None)


def test_nothing_is_said_of_a_print_that_would_take_months():
    assert estimate(seen_until(600, remaining=lambda second: 2**31 - 1), at(600)) is None


def test_a_time_when_it_was_taken_for_ended_is_not_worked():
    lost = Seen(at(1800), ReportState.UNKNOWN_END, 50)
    again = [Seen(at(9000 + second), PRINTING, evenly(1800 + second)) for second in range(0, 901, 30)]

    kept = earlier_run([*seen_until(1800, evenly), lost, *again], at(9000 + 1800))

    assert kept.seconds == HOUR
