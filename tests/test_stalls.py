"""When a print is stalled, and of which kind: a line each."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printqueue.protocol import ReportState
from printqueue.stalls import (
    FIRST_STEP_AT_MOST,
    LONGEST_BY_PACE,
    NEVER,
    Limits,
    StallKind,
    Watched,
    judge,
    standstill_limit,
    usual_step,
)

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)
LIMITS = Limits.of_minutes(5, 20, 60)
MINUTE = timedelta(minutes=1)


def ago(minutes):
    return NOW - minutes * MINUTE


def run(**fields):
    """A run that is printing well."""
    values = {
        "state": ReportState.PRINTING,
        "state_since": ago(9999),
        "moved_at": ago(0),
        "reported_at": ago(0),
        "heard_at": ago(0),
        "back_since": ago(9999),
        "progress": 45.3,
        "layer": 41,
        "total_layers": 160,
    }
    return Watched(**{**values, **fields})


def kinds(watched, *, limits=LIMITS, known=None, listening_minutes=1000):
    since = None if listening_minutes is None else ago(listening_minutes)
    verdict = judge(watched, limits, known=known or {}, listening_since=since, now=NOW)
    return [str(stall.kind) for stall in verdict.holds]


def silent_for(minutes, **fields):
    return run(heard_at=ago(minutes), reported_at=ago(minutes), moved_at=ago(minutes), **fields)


def off_for(minutes, **fields):
    return run(offline_since=ago(minutes), back_since=None, moved_at=ago(minutes), **fields)


def still_for(minutes, **fields):
    return run(moved_at=ago(minutes), **fields)


def paused_for(minutes, **fields):
    return run(state=ReportState.PAUSED, state_since=ago(minutes), moved_at=ago(minutes), **fields)


def preparing_for(minutes, **fields):
    return run(state=ReportState.PREPARING, state_since=ago(minutes), moved_at=None, progress=0, layer=None, **fields)


HEATING = {"nozzle_c": 180.0, "nozzle_target_c": 220.0}
WARM = {"nozzle_c": 219.0, "nozzle_target_c": 220.0, "bed_c": 58.0, "bed_target_c": 60.0}


@pytest.mark.parametrize(
    ("watched", "expected"),
    [
        # it prints
        (run(), []),
        (silent_for(0.53), []),  # the longest pause between two reports of an A1, just after its start
        (silent_for(4.9), []),
        (still_for(19.9), []),
        (paused_for(59), []),
        # each kind
        (silent_for(5), ["no_reports"]),
        (off_for(4.9), []),
        (off_for(5), ["offline"]),
        (still_for(20), ["no_movement"]),
        (paused_for(60), ["paused_too_long"]),
        (silent_for(5, state=ReportState.PREPARING), ["no_reports"]),
        (silent_for(5, state=ReportState.PAUSED), ["no_reports"]),
        # what is not heard is neither still nor paused for long
        (silent_for(300), ["no_reports"]),
        (run(heard_at=ago(5), moved_at=ago(300)), ["no_reports"]),
        (off_for(300), ["offline"]),
        (run(offline_since=ago(3), back_since=None, moved_at=ago(300)), []),
        (paused_for(300, offline_since=ago(3), back_since=None), []),
        (off_for(30, heard_at=ago(10), reported_at=ago(10)), ["no_reports", "offline"]),
        # grace
        (preparing_for(8), []),
        (preparing_for(39.9), []),
        (preparing_for(40), ["no_movement"]),
        (still_for(39.9, **HEATING), []),
        (still_for(40, **HEATING), ["no_movement"]),
        (still_for(39.9, bed_c=40.0, bed_target_c=100.0), []),
        (still_for(20, **WARM), ["no_movement"]),
        (still_for(20, nozzle_c=20.0, nozzle_target_c=0.0), ["no_movement"]),
        (still_for(39.9, layer=1), []),
        (still_for(40, layer=1), ["no_movement"]),
        (still_for(20, layer=2), ["no_movement"]),
        (still_for(39.9, progress=0.0, layer=None), []),
        (still_for(40, progress=0.0, layer=None), ["no_movement"]),
        (still_for(39.9, progress=100.0, layer=160), []),
        (still_for(40, progress=100.0, layer=160), ["no_movement"]),
        # a change of state begins anew, and so does the return of a printer
        (still_for(60, state_since=ago(5)), []),
        (still_for(60, back_since=ago(5)), []),
        (still_for(60, back_since=ago(20)), ["no_movement"]),
        # pace
        (still_for(59, step_seconds=20 * 60), []),  # layers of 20 minutes
        (still_for(60, step_seconds=20 * 60), ["no_movement"]),
        (still_for(20, step_seconds=4 * 60), ["no_movement"]),
        (still_for(39, remaining_seconds=216 * 1200, layer=2, total_layers=218, progress=1.0), []),
        (still_for(40, remaining_seconds=216 * 1200, layer=2, total_layers=218, progress=1.0), ["no_movement"]),
        (still_for(85, remaining_seconds=72 * 3600, layer=None, progress=1.0), []),
        (still_for(88, remaining_seconds=72 * 3600, layer=None, progress=1.0), ["no_movement"]),
        (still_for(20, remaining_seconds=72 * 3600, layer=None, progress=1.05), ["no_movement"]),
        (still_for(240, remaining_seconds=10_000 * 3600, layer=None, progress=1.0), ["no_movement"]),
        # reports that come late speak of their own time
        (run(reported_at=ago(100), moved_at=ago(110)), []),
        (run(reported_at=ago(100), moved_at=ago(120)), ["no_movement"]),
        (run(reported_at=ago(100), offline_since=ago(104), back_since=None), []),
        (run(reported_at=ago(100), state=ReportState.PAUSED, state_since=ago(120)), []),
        # clocks that were set
        (run(heard_at=ago(-60), reported_at=ago(-60), moved_at=ago(-60)), []),
        # who only tells of steps may be silent as long as a print may stand still
        (silent_for(19, tells_news_only=True), []),
        (silent_for(20, tells_news_only=True), ["no_reports"]),
        (silent_for(59, tells_news_only=True, step_seconds=20 * 60), []),
        (silent_for(59, tells_news_only=True, state=ReportState.PAUSED, state_since=ago(59)), []),
        (silent_for(60, tells_news_only=True, state=ReportState.PAUSED, state_since=ago(60)), ["paused_too_long"]),
        (still_for(20, tells_news_only=True), ["no_movement"]),
        # runs from before these columns were there
        (run(state_since=None, moved_at=None, heard_at=None, reported_at=None, back_since=None), []),
    ],
)
def test_a_run_is_stalled(watched, expected):
    assert kinds(watched) == expected


@pytest.mark.parametrize(
    "watched",
    [silent_for(9000), off_for(9000), still_for(9000), paused_for(9000)],
    ids=["silent", "off", "still", "paused"],
)
class TestWhateverLastsForLong:
    def test_it_is_no_stall_without_limits(self, watched):
        assert kinds(watched, limits=NEVER) == []

    def test_it_is_no_stall_when_no_server_listens(self, watched):
        assert kinds(watched, listening_minutes=None) == []

    def test_it_is_no_stall_when_the_server_has_just_begun_to_listen(self, watched):
        assert kinds(watched, listening_minutes=4.9) == []

    def test_it_counts_from_when_the_server_began_to_listen(self, watched):
        [stall] = judge(watched, LIMITS, known={}, listening_since=ago(60), now=NOW).holds

        limit = {"no_movement": 20, "paused_too_long": 60}.get(stall.kind, 5)
        assert (stall.since, stall.at) == (ago(9000), ago(60 - limit))


@pytest.mark.parametrize(
    ("kind", "before", "after", "recovers"),
    [
        ("no_reports", silent_for(30), run(), True),
        ("no_reports", silent_for(30), run(moved_at=ago(10)), True),
        ("no_reports", silent_for(30), paused_for(3), True),
        ("offline", off_for(30), run(back_since=ago(0)), True),
        ("offline", off_for(30), paused_for(40, back_since=ago(0)), True),
        ("no_movement", still_for(30), run(), True),
        ("no_movement", still_for(30), run(state_since=ago(0)), True),
        ("no_movement", still_for(30), paused_for(0), False),
        ("paused_too_long", paused_for(90), run(state_since=ago(0)), True),
        ("paused_too_long", paused_for(90), preparing_for(0), True),
    ],
)
def test_a_stall_lasts_until_something_happens(kind, before, after, recovers):
    known = {StallKind(kind): ago(2)}

    assert kinds(before, known=known, listening_minutes=None) == [kind]
    verdict = judge(after, LIMITS, known=known, listening_since=None, now=NOW)
    assert (verdict.holds, verdict.recovered) == ((), (kind,) if recovers else ())


@pytest.mark.parametrize(
    "watched",
    [
        still_for(30, **HEATING),
        still_for(30, step_seconds=3000),
        still_for(30, heard_at=ago(3)),
        still_for(30, offline_since=ago(3), back_since=None),
        still_for(30, back_since=ago(1)),
    ],
)
def test_a_standstill_does_not_end_because_it_would_not_begin_now(watched):
    assert kinds(watched, known={StallKind.NO_MOVEMENT: ago(10)}) == ["no_movement"]


def test_a_longer_limit_ends_a_stall_and_says_nothing():
    limits = Limits.of_minutes(5, 60, 60)

    verdict = judge(still_for(30), limits, known={StallKind.NO_MOVEMENT: ago(10)}, listening_since=ago(99), now=NOW)

    assert (verdict.holds, verdict.recovered) == ((), ())


def test_a_print_whose_client_is_back_and_that_hangs_still_does_not_go_on():
    known = {StallKind.NO_MOVEMENT: ago(60), StallKind.NO_REPORTS: ago(10)}

    verdict = judge(still_for(90), LIMITS, known=known, listening_since=ago(999), now=NOW)

    assert [stall.kind for stall in verdict.holds] == ["no_movement"]
    assert verdict.recovered == ()


def test_what_is_unseen_keeps_the_stalls_that_were_known():
    known = {StallKind.PAUSED_TOO_LONG: ago(30)}

    assert kinds(silent_for(9, state=ReportState.PAUSED, state_since=ago(99)), known=known) == [
        "no_reports",
        "paused_too_long",
    ]


def test_the_limit_of_a_slow_print_has_an_end():
    slow = run(step_seconds=86_400)

    assert standstill_limit(slow, 20 * MINUTE) == LONGEST_BY_PACE
    assert standstill_limit(slow, timedelta(days=3)) == timedelta(days=3)


def test_a_long_step_is_remembered_for_a_while():
    usual = usual_step(None, 1200)
    for _ in range(5):
        usual = usual_step(usual, 4)

    assert 600 < usual < 1200


def test_a_standstill_of_hours_is_no_step():
    assert usual_step(None, 20_000) == FIRST_STEP_AT_MOST
    assert usual_step(10, 20_000) == FIRST_STEP_AT_MOST
    assert usual_step(1200, 20_000) == 3600


@pytest.mark.parametrize(("minutes_a_step", "hours"), [(4, 72), (20, 72), (43, 72), (0.1, 2)])
def test_a_steady_print_is_never_stalled_however_slow(minutes_a_step, hours):
    usual, at = None, 0.0
    while at < hours * 60:
        progress = 100 * at / (hours * 60)
        watched = still_for(
            minutes_a_step,
            step_seconds=usual,
            layer=None,
            progress=float(int(progress)),
            remaining_seconds=int(hours * 3600 - at * 60),
        )
        assert kinds(watched) == []
        usual = usual_step(usual, minutes_a_step * 60)
        at += minutes_a_step


# ---------------------------------------------------------------------- whatever happens

minutes = st.integers(-500, 5000)
times = st.one_of(st.none(), minutes.map(ago))
degrees = st.one_of(st.none(), st.floats(0, 300))
limits = st.builds(Limits.of_minutes, st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
runs = st.builds(
    Watched,
    state=st.sampled_from([ReportState.PREPARING, ReportState.PRINTING, ReportState.PAUSED]),
    state_since=times,
    moved_at=times,
    reported_at=times,
    heard_at=times,
    offline_since=times,
    back_since=times,
    tells_news_only=st.booleans(),
    progress=st.floats(0, 100),
    layer=st.one_of(st.none(), st.integers(0, 500)),
    total_layers=st.one_of(st.none(), st.integers(0, 500)),
    remaining_seconds=st.one_of(st.none(), st.integers(0, 2**31)),
    step_seconds=st.one_of(st.none(), st.floats(0, 1e6)),
    nozzle_c=degrees,
    nozzle_target_c=degrees,
    bed_c=degrees,
    bed_target_c=degrees,
)
UNSEEN = {StallKind.NO_REPORTS, StallKind.OFFLINE}
known_stalls = st.dictionaries(st.sampled_from(StallKind), minutes.map(ago))


@settings(max_examples=300, deadline=None)
@given(runs, limits, known_stalls, times)
def test_each_kind_holds_once_and_not_before_its_time(watched, limits, known, listening_since):
    verdict = judge(watched, limits, known=known, listening_since=listening_since, now=NOW)

    assert len(verdict.kinds) == len(verdict.holds)
    assert verdict.kinds.isdisjoint(verdict.recovered)
    assert {*verdict.recovered} <= known.keys()
    for stall in verdict.holds:
        assert stall.kind in known or (listening_since is not None and stall.at > listening_since)
        assert stall.since < stall.at
    if verdict.kinds & UNSEEN:
        assert verdict.kinds - known.keys() <= UNSEEN


@settings(max_examples=300, deadline=None)
@given(runs, limits, times)
def test_what_began_is_found_again_and_does_not_begin_again(watched, limits, listening_since):
    first = judge(watched, limits, known={}, listening_since=listening_since, now=NOW)
    known = {stall.kind: stall.at for stall in first.holds}

    again = judge(watched, limits, known=known, listening_since=listening_since, now=NOW)

    assert again.holds == first.holds


@settings(max_examples=300, deadline=None)
@given(runs, limits, known_stalls.filter(bool))
def test_movement_that_is_heard_ends_every_stall(watched, limits, known):
    known = {kind: min(at, NOW) for kind, at in known.items()}
    moves = {
        "state": ReportState.PRINTING, "moved_at": NOW, "reported_at": NOW, "heard_at": NOW, "offline_since": None,
        "state_since": min(watched.state_since or NOW, NOW),
    }  # fmt: skip

    verdict = judge(Watched(**{**vars(watched), **moves}), limits, known=known, listening_since=ago(5000), now=NOW)

    assert verdict.holds == ()
