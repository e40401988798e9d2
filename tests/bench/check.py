"""What became of every report on every page. Pure: what was said and what was heard go in, a tally comes out.

Each report carries a value that no other report of the run has, so that it is known again wherever it turns up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Heard: TypeAlias = tuple[int, int]
"""The job and the value that an event names."""

Log: TypeAlias = Sequence[tuple[int, Sequence[Heard]]]
"""What a page read: when (ns), and the events in it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A report that the server accepted: of which job, with which value, and since when it counts (ns).

    Values rise: of two reports of a job the one with the higher value is the newer.
    """

    job: int
    value: int
    at: int


@dataclass
class Tally:
    """What all pages heard, in events.

    A server may leave a value out when it has a newer one of the same job to tell (`skipped`). It must not lose one:
    then neither the value nor any newer one of its job was heard. `stale` counts what pages show at the end: pages
    times jobs whose last word is not the last that was said.
    """

    expected: int = 0
    delivered: int = 0
    skipped: int = 0
    lost: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    stale: int = 0
    foreign: int = 0
    last_at: int = 0
    latencies: list[int] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether every page was told everything that it had to be told, once, in order."""
        return not (self.lost or self.duplicates or self.out_of_order or self.stale or self.foreign)

    @property
    def faults(self) -> str:
        """What was wrong, in words; "" when nothing was."""
        names = ("lost", "duplicates", "out_of_order", "stale", "foreign")
        return ", ".join(f"{getattr(self, name)} {name.replace('_', ' ')}" for name in names if getattr(self, name))


def account(said: Iterable[Said], pages: Iterable[Log], earlier: int = 0) -> Tally:
    """Return what became of `said` on `pages`; values below `earlier` are known to be older than this."""
    by_value = {one.value: one for one in said}
    newest: dict[int, int] = {}
    for value in sorted(by_value):
        newest[by_value[value].job] = value
    tally = Tally()
    for log in pages:
        tally.expected += len(by_value)
        _add_page(tally, log, by_value, newest, earlier)
    return tally


def _add_page(tally: Tally, log: Log, said: Mapping[int, Said], newest: Mapping[int, int], earlier: int) -> None:
    seen: set[int] = set()
    best: dict[int, int] = {}  # the newest value of each job that was heard
    shown: dict[int, int] = {}  # the last one heard: what the page shows
    for at, events in log:
        for job, value in events:
            one = said.get(value)
            if one is None or one.job != job:
                tally.foreign += value >= earlier
                continue
            if value in seen:
                tally.duplicates += 1
                continue
            seen.add(value)
            tally.latencies.append(at - one.at)
            tally.last_at = max(tally.last_at, at)
            tally.out_of_order += best.get(job, -1) > value
            best[job] = max(best.get(job, -1), value)
            shown[job] = value
    tally.delivered += len(seen)
    for value in said.keys() - seen:
        is_overtaken = best.get(said[value].job, -1) > value
        tally.skipped += is_overtaken
        tally.lost += not is_overtaken
    tally.stale += sum(shown.get(job) != value for job, value in newest.items())


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least this share of them does not exceed; NaN of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
