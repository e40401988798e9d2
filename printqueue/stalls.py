"""Is a print stalled, and of which kind? Pure: values in, a verdict out.

Four things look alike on a bar that does not move, and need different people: nobody reports any more, the printer does
not answer its client, the print stands still, the print waits for a person. What was not watched counts for nothing:
neither the time before the server began to listen, nor that in which the printer was away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Self

from printqueue.protocol import ReportState


class StallKind(StrEnum):
    """Why a print does not go on, as far as anybody can see; the first that holds is the one that is shown."""

    NO_REPORTS = "no_reports"  # nobody reports: its client or the network is away
    OFFLINE = "offline"  # its client says that the printer does not answer
    NO_MOVEMENT = "no_movement"  # reports come, percent and layer stay
    PAUSED_TOO_LONG = "paused_too_long"


GRACE: Final = timedelta(minutes=20)
"""So much longer may it stand still before its first layer is done, after its last one, and whenever it heats."""

HEATING_C: Final = 5.0
"""So far below its target a nozzle or bed is being heated."""

STEPS: Final = 3
"""So many times as long as the print lately took for a step of percent or layer, it may stand still."""

EXPECTED_STEPS: Final = 2
"""The same for a step as the remaining time lets expect it."""

LONGEST_BY_PACE: Final = timedelta(hours=4)
"""However slow a print is, nobody waits longer for its next step, unless staff set a longer limit."""

FIRST_STEP_AT_MOST: Final = timedelta(minutes=30).total_seconds()
"""What is believed of the first step that was seen, which may hold a standstill already."""

FORGETTING: Final = 0.9
"""What is left of a long step's weight after each shorter one."""


@dataclass(frozen=True)
class Limits:
    """How long until it is a stall; None for never."""

    silent: timedelta | None  # without reports, or with the printer not answering
    still: timedelta | None  # without a step of percent or layer: the least, a slow print gets more
    paused: timedelta | None

    @classmethod
    def of_minutes(cls, silent: int, still: int, paused: int) -> Self:
        """Return the limits of so many minutes each; 0 stands for never."""
        return cls(*(timedelta(minutes=minutes) if minutes else None for minutes in (silent, still, paused)))


NEVER: Final = Limits(None, None, None)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A run on a machine, as it was last seen. Temperatures in °C; None for what nobody said."""

    state: ReportState
    state_since: datetime | None
    moved_at: datetime | None  # when percent or layer changed last
    reported_at: datetime | None  # the time that the newest report speaks of: it may have come late
    heard_at: datetime | None  # when it came
    offline_since: datetime | None = None  # since when the client says that the printer does not answer; None: it does
    back_since: datetime | None = None  # since when the printer is there without having been away
    tells_news_only: bool = False  # whoever feeds it may say nothing as long as nothing moves
    progress: float = 0.0
    layer: int | None = None
    total_layers: int | None = None
    remaining_seconds: int | None = None
    step_seconds: float | None = None  # see `usual_step`
    nozzle_c: float | None = None
    nozzle_target_c: float | None = None
    bed_c: float | None = None
    bed_target_c: float | None = None


class Stall(NamedTuple):
    """A stall: since when it is so, and when that had lasted too long."""

    kind: StallKind
    since: datetime
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """The stalls that hold, the one to show first; and those that were known and ended because it goes on."""

    holds: tuple[Stall, ...]
    recovered: tuple[StallKind, ...] = ()

    @property
    def shown(self) -> Stall | None:
        return self.holds[0] if self.holds else None

    @property
    def kinds(self) -> frozenset[StallKind]:
        return frozenset(stall.kind for stall in self.holds)


@dataclass(frozen=True)
class _Claim:
    """What may be a stall: so since `since`, as far as `until` tells; it counts from `counted_from` at the earliest."""

    since: datetime
    until: datetime
    limit: timedelta  # for it to become a stall
    least: timedelta  # for it to stay one: what gave it more time may have passed
    counted_from: datetime
    may_begin: bool = True

    def is_new_stall(self, listening_since: datetime) -> bool:
        return self.may_begin and self.until - max(self.counted_from, listening_since) >= self.limit

    def is_still_a_stall(self, at: datetime) -> bool:
        """Whether the stall of `at` lasts: nothing happened since, and no longer limit was set."""
        return self.since < at and self.until - self.since >= self.least


def judge(
    run: Watched,
    limits: Limits,
    *,
    known: Mapping[StallKind, datetime],
    listening_since: datetime | None,
    now: datetime,
) -> Verdict:
    """Return the stalls of an active run that hold at `now`.

    `known` are those that hold already, each with its `Stall.at`: they last until something happens. None begins unless
    the server listens, `listening_since` which it has done so without a break; None: it does not.
    """
    claims = _claims(run, limits, now, frozenset(known))
    holds: list[Stall] = []
    for kind, claim in claims.items():
        if kind in known and claim.is_still_a_stall(known[kind]):
            holds.append(Stall(kind, claim.since, known[kind]))
        elif kind not in known and listening_since is not None and claim.is_new_stall(listening_since):
            # Whether it moves cannot be known of one that is not heard.
            if kind in _SEEN_BY_REPORTS and any(stall.kind in _UNSEEN for stall in holds):
                continue
            holds.append(Stall(kind, claim.since, max(claim.counted_from, listening_since) + claim.limit))
    over = [kind for kind in StallKind if kind in known and kind not in {stall.kind for stall in holds}]
    recovered = tuple(kind for kind in over if _goes_on(kind, run, known[kind]))
    # A print that hangs in another way than before does not go on.
    return Verdict(tuple(holds), () if holds else recovered)


def usual_step(usual: float | None, seconds: float) -> float:
    """Return how long a step of percent or layer takes by now, when the last one took `seconds`.

    The longest ones count, and are forgotten slowly. One that took far longer than usual was no step but a standstill,
    and counts as the longest that is none.
    """
    if usual is None:
        return min(seconds, FIRST_STEP_AT_MOST)
    return max(min(seconds, max(FIRST_STEP_AT_MOST, STEPS * usual)), FORGETTING * usual)


def standstill_limit(run: Watched, least: timedelta) -> timedelta:
    """Return how long `run` may stand still: the `least`, longer where it heats or begins, or its steps are long."""
    limit = least + (GRACE if _takes_its_time(run) else timedelta())
    steps = [STEPS * run.step_seconds] if run.step_seconds else []
    expected = _expected_step(run)
    steps += [EXPECTED_STEPS * expected] if expected else []
    by_pace = timedelta(seconds=min(max(steps, default=0.0), LONGEST_BY_PACE.total_seconds()))
    return max(limit, by_pace)


# ---------------------------------------------------------------------- what may be a stall

_UNSEEN: Final = frozenset({StallKind.NO_REPORTS, StallKind.OFFLINE})
_SEEN_BY_REPORTS: Final = frozenset(StallKind) - _UNSEEN


def _claims(run: Watched, limits: Limits, now: datetime, known: frozenset[StallKind]) -> dict[StallKind, _Claim]:
    """Return what may be a stall, the one to show first."""
    found = {
        StallKind.NO_REPORTS: _silence(run, limits, now),
        StallKind.OFFLINE: _absence(run, limits.silent),
        StallKind.NO_MOVEMENT: _standstill(run, limits.still),
        StallKind.PAUSED_TOO_LONG: _pause(run, limits.paused, now),
    }
    return {kind: claim for kind, claim in found.items() if claim is not None}


def _silence(run: Watched, limits: Limits, now: datetime) -> _Claim | None:
    if limits.silent is None or run.heard_at is None:
        return None
    limit = limits.silent
    if run.tells_news_only:
        # Nothing may have happened that were worth a word.
        if run.state == ReportState.PAUSED:
            return None
        limit = max(limit, standstill_limit(run, limits.still or limit))
    return _Claim(run.heard_at, now, limit, limits.silent, run.heard_at)


def _absence(run: Watched, limit: timedelta | None) -> _Claim | None:
    if limit is None or run.offline_since is None or run.reported_at is None:
        return None
    # By the reports' own time: they may come late, and the printer be there again.
    return _Claim(run.offline_since, run.reported_at, limit, limit, run.offline_since)


def _standstill(run: Watched, least: timedelta | None) -> _Claim | None:
    since = _last_movement(run)
    if least is None or run.state == ReportState.PAUSED or since is None or run.reported_at is None:
        return None
    counted_from = max(since, run.back_since or since)
    limit = standstill_limit(run, least)
    return _Claim(since, run.reported_at, limit, least, counted_from, may_begin=run.offline_since is None)


def _pause(run: Watched, limit: timedelta | None, now: datetime) -> _Claim | None:
    until = now if run.tells_news_only else run.reported_at
    if limit is None or run.state != ReportState.PAUSED or run.state_since is None or until is None:
        return None
    return _Claim(run.state_since, until, limit, limit, run.state_since, may_begin=run.offline_since is None)


def _last_movement(run: Watched) -> datetime | None:
    """Return when percent, layer or state changed last."""
    return max((time for time in (run.moved_at, run.state_since) if time is not None), default=None)


def _goes_on(kind: StallKind, run: Watched, at: datetime) -> bool:
    """Whether the stall of `at`, which is over, ended because the print goes on, and not because a limit was changed."""
    match kind:
        case StallKind.NO_REPORTS:
            return run.heard_at is not None and run.heard_at >= at
        case StallKind.OFFLINE:
            return run.offline_since is None
        case StallKind.NO_MOVEMENT:
            moved_at = _last_movement(run)
            return run.state != ReportState.PAUSED and moved_at is not None and moved_at >= at
        case StallKind.PAUSED_TOO_LONG:
            return run.state != ReportState.PAUSED


def _takes_its_time(run: Watched) -> bool:
    """Whether nothing need move for a while: it prepares, heats, is at its first layer, or cools down at the end."""
    is_at_an_end = run.progress in (0, 100) or (run.layer is not None and run.layer <= 1)
    is_heating = _is_heated(run.nozzle_c, run.nozzle_target_c) or _is_heated(run.bed_c, run.bed_target_c)
    return run.state == ReportState.PREPARING or is_at_an_end or is_heating


def _is_heated(now_c: float | None, target_c: float | None) -> bool:
    return now_c is not None and target_c is not None and now_c < target_c - HEATING_C


def _expected_step(run: Watched) -> float | None:
    """Return how many seconds the next step should take by what remains; None when nobody says what remains."""
    if not run.remaining_seconds:
        return None
    steps_left = []
    if run.progress < 100:
        # Who reports whole percents has fewer steps than who reports tenths.
        steps_left.append((100 - run.progress) * (1 if run.progress == int(run.progress) else 10))
    if run.layer is not None and run.total_layers is not None and run.layer < run.total_layers:
        steps_left.append(run.total_layers - run.layer)
    return run.remaining_seconds / max(steps_left) if steps_left else None
