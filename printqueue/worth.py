"""What each source of a finish was worth: predicted against real, once a run has completed. Pure.

At each of MARKS it is asked again how long the print had yet to work: what the printer said then, what elapsed time over
percent lets expect, what the earlier runs of the file and the slicer's figure do, and what we said of all that. How far
each was off is a part of the whole time that the print worked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from printqueue.estimate import MARKS, EarlierRun, Seen, by_earlier_runs, completed_run, course_of, estimate
from printqueue.protocol import PERCENT_STATES

MOST_PAST: Final = 5.0
"""A first report that is more percent points past a mark tells of another moment."""


class Source(StrEnum):
    """Who foretells a finish."""

    OURS = "ours"
    PRINTER = "printer"
    ELAPSED = "elapsed"
    EARLIER = "earlier"
    SLICER = "slicer"


Off = tuple[float | None, ...]
"""How far a source was off at each of MARKS, as a part of the whole; None where it said nothing."""

NOTHING: Final[Off] = (None,) * len(MARKS)


def measure(
    seen: Sequence[Seen], earlier: Sequence[EarlierRun] = (), slicer_seconds: float | None = None
) -> dict[Source, Off]:
    """Return how far each source was off on a run that was `seen` so, its completion last; {} if that is not known."""
    whole = completed_run(seen)
    if whole is None:
        return {}
    at_marks = [_off(_until(seen, mark), whole.seconds, earlier, slicer_seconds) for mark in MARKS]
    by_source = {source: tuple(off.get(source) for off in at_marks) for source in Source}
    return {source: off for source, off in by_source.items() if off != NOTHING}


def _until(seen: Sequence[Seen], mark: float) -> Sequence[Seen]:
    """Return what was seen up to the first report at `mark`; nothing if none was near."""
    for index, one in enumerate(seen):
        if one.state in PERCENT_STATES and one.percent is not None and one.percent >= mark:
            return seen[: index + 1] if one.percent <= mark + MOST_PAST else ()
    return ()


def _off(
    seen: Sequence[Seen], whole: float, earlier: Sequence[EarlierRun], slicer_seconds: float | None
) -> dict[Source, float]:
    if not seen:
        return {}
    left = whole - course_of(seen).worked
    return {source: round(abs(said - left) / whole, 4) for source, said in _said(seen, earlier, slicer_seconds)}


def _said(
    seen: Sequence[Seen], earlier: Sequence[EarlierRun], slicer_seconds: float | None
) -> Iterator[tuple[Source, float]]:
    """How many seconds of work were left by each source that said something."""
    course, now = course_of(seen), seen[-1].at
    ours = estimate(seen, now, earlier=earlier, slicer_seconds=slicer_seconds)
    by_earlier = by_earlier_runs(course, earlier)
    if ours is not None:
        yield Source.OURS, (ours.finish - now).total_seconds()
    if seen[-1].remaining_seconds is not None:
        yield Source.PRINTER, seen[-1].remaining_seconds
    if course.percent > 0:
        yield Source.ELAPSED, course.worked * (100 / course.percent - 1)
    if by_earlier is not None:
        yield Source.EARLIER, by_earlier.left
    if slicer_seconds is not None:
        yield Source.SLICER, max(0.0, slicer_seconds - course.worked)


# ---------------------------------------------------------------------- as a text


def written(off: Mapping[Source, Off]) -> str:
    """Return it as a text, about 150 bytes long; "" for nothing."""
    return json.dumps(off, separators=(",", ":")) if off else ""


def read(text: str) -> dict[Source, Off]:
    """Return what `written` was made from."""
    return {Source(name): tuple(off) for name, off in json.loads(text).items()} if text else {}


# ---------------------------------------------------------------------- of many prints


class Figures(NamedTuple):
    """How far a source was off at one mark: half of `prints` by no more than `median`, nine of ten than `most`."""

    median: float
    most: float
    prints: int


def figures(runs: Iterable[Mapping[Source, Off]]) -> dict[Source, tuple[Figures | None, ...]]:
    """Return the figures of each source that said something, at each of MARKS."""
    known = list(runs)
    found = {source: tuple(_figures(known, source, place) for place in range(len(MARKS))) for source in Source}
    return {source: marks for source, marks in found.items() if any(marks)}


def _figures(runs: Sequence[Mapping[Source, Off]], source: Source, place: int) -> Figures | None:
    off = sorted(far for run in runs if (far := run.get(source, NOTHING)[place]) is not None)
    return Figures(_at(off, 0.5), _at(off, 0.9), len(off)) if off else None


def _at(ranked: Sequence[float], part: float) -> float:
    """Return what `part` of the ranked values stay within: between two of them evenly."""
    place = part * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
