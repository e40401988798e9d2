"""Whom a fact is told, and when. Pure: values in, decisions out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

TOGETHER_WITHIN: Final = timedelta(seconds=4)
"""How long an alert waits for others that may go out with it, since many things often happen at once."""

LATE: Final = timedelta(hours=1)
"""What was learned of so long after it happened is told as reported late."""

TOO_LATE: Final = timedelta(hours=24)
"""What happened so long ago is not told any more."""


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in which nothing is sent, from `start` until `end` of the clocks in `zone`.

    With both the same there are none.
    """

    start: time
    end: time
    zone: str

    def over_at(self, moment: datetime) -> datetime:
        """Return when the quiet hours that `moment` is in are over, or `moment` when it is in none."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            last_day = day if self.end >= self.start else day + timedelta(days=1)
            begin, end = self._moment(day, self.start), self._moment(last_day, self.end)
            if begin <= moment < end:
                return end
        return moment

    def _moment(self, day: date, at: time) -> datetime:
        """Return when the clocks show `at` on `day`: for the first time, or, when they leave it out, just as late."""
        # Compared in UTC: times of one zone are compared by what the clocks show, also when they were set in between.
        local = datetime.combine(day, at, ZoneInfo(self.zone))
        return local.astimezone(UTC)


@dataclass(frozen=True)
class Happened:
    """A fact: what decides who hears of it. Primary keys; `minutes` is how long the print takes, as far as known."""

    kind: str
    at: datetime
    noticed_at: datetime
    printer: int | None = None
    owners: frozenset[int] = frozenset()
    minutes: float | None = None


@dataclass(frozen=True)
class Wish:
    """A rule: what somebody wants to hear of. Primary keys; no printers: all of them."""

    pk: int
    kinds: frozenset[str]
    targets: tuple[int, ...]
    owner: int | None = None
    printers: frozenset[int] = frozenset()
    own_jobs_only: bool = False
    longer_than_minutes: int | None = None
    quiet: Quiet | None = None

    def wants(self, fact: Happened) -> bool:
        """Whether it asks for this fact."""
        return (
            fact.kind in self.kinds
            and (not self.printers or fact.printer in self.printers)
            and (not self.own_jobs_only or self.owner in fact.owners)
            and (self.longer_than_minutes is None or (fact.minutes or 0) > self.longer_than_minutes)
        )


@dataclass(frozen=True)
class Told:
    """What comes of a fact for one target: when it is due, or that it only enters the log. Primary keys."""

    target: int
    rule: int
    due_at: datetime
    is_only_logged: bool = False


def alerts_of(fact: Happened, wishes: Iterable[Wish], now: datetime) -> list[Told]:
    """Return what each target is told, once, however many rules name it: by the rule that tells it first."""
    is_only_logged = now - fact.at > TOO_LATE
    soon = fact.noticed_at + TOGETHER_WITHIN
    first: dict[int, Told] = {}
    for wish in wishes:
        if wish.wants(fact):
            due_at = wish.quiet.over_at(max(soon, now)) if wish.quiet else soon
            for target in wish.targets:
                told = Told(target, wish.pk, due_at, is_only_logged)
                if target not in first or due_at < first[target].due_at:
                    first[target] = told
    return [first[target] for target in sorted(first)]
