"""What is drawn of a run beside its line: pauses, gaps, marks, layers, and the few lines of its table.

Pure: values in, values out. Times are seconds since the epoch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from printqueue.history import Kept, Point

MOST_TICKS: Final = 60
"""So many layers are marked at the most: more would be one grey bar."""

MOST_LINES: Final = 60
"""Lines of the table: it is there to be read."""

PERCENTS_A_LINE: Final = 10

TROUBLE: Final = {"failed": "Failed", "unknown_end": "Ended, nobody knows how", "cancelled": "Cancelled"}
"""The states of a run that are marked, and what is said of them."""


class Step(NamedTuple):
    """A change of state of the run."""

    at: float
    old: str
    new: str
    reason: str = ""
    is_by_staff: bool = False


class Span(NamedTuple):
    """From when to when something was so; None: it is so still."""

    begin: float
    end: float | None


class Mark(NamedTuple):
    """Something that a person should hear about."""

    at: float
    what: str


class Layers(NamedTuple):
    """When layers began: every so manieth of them."""

    every: int
    ticks: list[tuple[float, int]]  # time, layer


class Line(NamedTuple):
    """A line of the table; `silent_seconds`: how long nobody had reported before."""

    point: Point
    reason: str = ""
    silent_seconds: float = 0


def gaps(samples: Sequence[Kept]) -> list[Span]:
    """Return when nobody reported."""
    pairs = itertools.pairwise(samples)
    return [Span(before.point.at, one.point.at) for before, one in pairs if one.follows_gap]


def pauses(steps: Sequence[Step]) -> list[Span]:
    """Return when the run was paused."""
    return [
        Span(step.at, after.at if after else None)
        for step, after in itertools.zip_longest(steps, steps[1:])
        if step.new == "paused"
    ]


def marks(steps: Sequence[Step]) -> list[Mark]:
    """Return what went wrong: a bad end, and a pause that the printer gives a reason for."""
    found = []
    for step in steps:
        # The reason of the first state is why the print is its job's.
        if not step.old:
            continue
        if step.new in TROUBLE:
            found.append(Mark(step.at, with_reason(TROUBLE[step.new], step.reason)))
        elif step.new == "paused" and step.reason and not step.is_by_staff:
            found.append(Mark(step.at, with_reason("Paused", step.reason)))
    return found


def with_reason(what: str, reason: str) -> str:
    """Return what happened and why, as far as anybody said."""
    return f"{what}: {reason}" if reason else what


def layers(samples: Sequence[Kept]) -> Layers:
    """Return when layers began, where that was reported; of hundreds every fifth, tenth … one."""
    began = [*_layers_of(samples)]
    numbers = [layer for _, layer in began]
    most = max(numbers, default=0) - min(numbers, default=0)
    steps = (step * 10**power for power in itertools.count() for step in (1, 2, 5))
    every = next(step for step in steps if most / step < MOST_TICKS)
    return Layers(every, [(at, layer) for at, layer in began if layer % every == 0])


def _layers_of(samples: Sequence[Kept]) -> Iterator[tuple[float, int]]:
    """Yield each layer from the second on, with the time when it began as the line between the samples has it."""
    last = None
    for before, one in itertools.pairwise(samples):
        low, high = before.point.layer, one.point.layer
        last = low if last is None else last
        if low is None or high is None or last is None or high <= last or one.follows_gap:
            continue
        for layer in range(last + 1, high + 1):
            share = (layer - low) / (high - low) if high > low else 1
            yield before.point.at + max(0.0, share) * (one.point.at - before.point.at), layer
        last = high


# ---------------------------------------------------------------------- the table


def table(samples: Sequence[Kept], steps: Sequence[Step]) -> list[Line]:
    """Return the first and the last sample, each change of state, each end of a gap, and every ten percent between."""
    reasons = {(step.at, step.new): step.reason for step in steps if step.old}
    lines = [
        Line(point, reasons.get((point.at, point.state), ""), silent) for point, silent in _points_of_table(samples)
    ]
    if len(lines) <= MOST_LINES:
        return lines
    kept = {round(place * (len(lines) - 1) / (MOST_LINES - 1)) for place in range(MOST_LINES)}
    return [line for index, line in enumerate(lines) if index in kept]


def _points_of_table(samples: Sequence[Kept]) -> Iterator[tuple[Point, float]]:
    """Yield each point, and how many seconds of silence there were before it."""
    if samples:
        yield samples[0].point, 0
    for before, one in itertools.pairwise(samples):
        if one.follows_gap:
            yield one.point, one.point.at - before.point.at
            continue
        yield from ((point, 0) for point in _tens_between(before.point, one.point))
        if one.point.state != before.point.state or one is samples[-1]:
            yield one.point, 0


def _tens_between(begin: Point, end: Point) -> Iterator[Point]:
    """Yield where the line from one to the other passes ten percent, twenty …; not the end itself."""
    first = int(begin.percent // PERCENTS_A_LINE) + 1
    for ten in range(first, 100 // PERCENTS_A_LINE):
        percent = float(ten * PERCENTS_A_LINE)
        if percent >= end.percent:
            return
        yield between(begin, end, (percent - begin.percent) / (end.percent - begin.percent))


def between(begin: Point, end: Point, share: float) -> Point:
    """Return the point on the line from one to the other, `share` of the way (0 to 1)."""

    def on_the_line(low: float | None, high: float | None) -> float | None:
        return None if low is None or high is None else low + share * (high - low)

    layer = on_the_line(begin.layer, end.layer)
    return Point(
        begin.at + share * (end.at - begin.at),
        begin.state,
        begin.percent + share * (end.percent - begin.percent),
        None if layer is None else int(layer),
        on_the_line(begin.nozzle_c, end.nozzle_c),
        on_the_line(begin.bed_c, end.bed_c),
    )
