"""Which samples of a run are kept, and which of many are drawn. Pure: values in, values out.

A chart draws straight lines from each kept sample to the next. A report is kept only where such a line would lead too far
past what was reported: its sample takes the place of the last one while one line does for both. What must be known to
decide so is as much after a week as after a minute: where the line begins, where it ends, and how steep it may be.
"""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from math import inf
from typing import Final, NamedTuple, Self, TypeVar

from printqueue.estimate import MARKS

RowT = TypeVar("RowT")
Numbers = Sequence[float | None]

MOST_KEPT: Final = 1_000
"""Samples of one run, however long."""

ROOM: Final = 900
"""How many of them may be left when there were too many: so many reports pass at least before that is looked at again."""

GAP_REPORTS: Final = 4
"""So many times the usual time between two reports are no gap for a run that is reported seldom."""


class Level(NamedTuple):
    """How exact the kept samples are. The first and the last sample of each state, beside each gap and of each landmark may
    have to stay."""

    percent: float  # how far the lines may be from what was reported, in percent points
    layers: float  # in layers
    celsius: float  # in °C, of nozzle and bed
    gap_seconds: float  # a silence that is longer is a gap
    keeps_states: bool

    @property
    def tolerances(self) -> tuple[float, ...]:
        """Return how far each number that is drawn may be from what was reported."""
        return self.percent, self.layers, self.celsius, self.celsius


LEVELS: Final = (
    Level(0.15, 1, 5, 60, keeps_states=True),
    Level(0.2, 8, 40, 60, keeps_states=True),
    Level(0.25, inf, inf, 60, keeps_states=True),
    Level(0.5, inf, inf, 600, keeps_states=False),
    Level(0.5, inf, inf, inf, keeps_states=False),
    Level(1, inf, inf, inf, keeps_states=False),
    Level(2, inf, inf, inf, keeps_states=False),
    Level(4, inf, inf, inf, keeps_states=False),
)
"""Each run begins at the first, and goes on to the next that is enough when it has too many samples.

A percent that only rises needs 800 samples at the most where the lines may move by 0.25, as they may from the third level
to the fifth: whatever its states and silences, it is drawn within 0.5. The last three are for what is no course of a print.
"""

Slopes = tuple[tuple[float, float], ...]
_ANY_SLOPE: Final[Slopes] = ((-inf, inf),) * 4
_NO_SLOPE: Final = (inf, -inf)


class Point(NamedTuple):
    """A run at one moment, in seconds since the epoch; temperatures in °C."""

    at: float
    state: str
    percent: float
    layer: int | None = None
    nozzle_c: float | None = None
    bed_c: float | None = None

    @property
    def numbers(self) -> Numbers:
        """Return what is drawn."""
        return self[2:]


class Kept(NamedTuple):
    """A sample as it is kept; numbers rise within a run."""

    number: int
    point: Point
    follows_gap: bool = False


class Course(NamedTuple):
    """What must be known of a run's samples to keep the next one: it does not grow with them."""

    number: int = -1  # of the last sample
    size: int = 0  # how many samples are kept
    level: int = 0  # of LEVELS
    usual_seconds: float | None = None  # between two reports
    follows_gap: bool = False  # the last sample
    corner: Point | None = None  # the last sample that stays whatever comes
    tip: Point | None = None  # the last sample, if it is another: the next may take its place
    slopes: Slopes = _ANY_SLOPE  # how steep a line from the corner may be, for each number that is drawn

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `written` was made from; "" is a run without samples."""
        if not text:
            return cls()
        number, size, level, usual, follows_gap, *ends, slopes = json.loads(text)
        corner, tip = (Point(*end) if end else None for end in ends)
        return cls(number, size, level, usual, follows_gap, corner, tip, tuple((low, high) for low, high in slopes))

    @property
    def written(self) -> str:
        """Return it as a text, about 300 bytes long."""
        return json.dumps(self, separators=(",", ":"))

    @property
    def is_full(self) -> bool:
        """Whether there are too many samples, so that they must be `thinned`."""
        return self.size > MOST_KEPT

    @property
    def longest_seconds(self) -> float:
        """Return how long a silence may be that is no gap."""
        return max(LEVELS[self.level].gap_seconds, GAP_REPORTS * (self.usual_seconds or 0))

    def after(self, point: Point) -> Course:
        """Return the course when the run was reported at `point`, not before its last sample.

        The sample of `point` has its `number`: a new one, or that of the last sample, whose place it takes.
        """
        last = self.tip or self.corner
        if last is None:
            return self._turned(point)
        level, seconds, usual = LEVELS[self.level], point.at - last.at, self.usual_seconds
        longest = self.longest_seconds
        # One silence says little of the time between reports.
        usual = min(seconds, level.gap_seconds) if usual is None else usual + (min(seconds, longest) - usual) / 8
        is_gap = seconds > longest
        is_corner = is_gap or (level.keeps_states and (point.state != last.state or _is_landmark(last, point)))
        course = self._turned(point) if is_corner else self._went_on(point, level.tolerances)
        return course._replace(usual_seconds=usual, follows_gap=is_gap)

    def thinned(self, kept: Sequence[Kept]) -> tuple[list[Kept], Course]:
        """Return which of the `kept` samples stay, and the course from then on.

        `kept` are all samples of this run, in their order. Extremes stay whatever the level. A gap is one between the
        samples on both sides of it: where the one before goes, the other no longer follows a gap.
        """
        extremes = {*_outline([one.point.numbers for one in kept], range(len(kept)))}
        before = LEVELS[self.level].tolerances
        for number, level in [*enumerate(LEVELS)][self.level + 1 :]:
            corners = extremes | {*_corners(kept, level)}
            # The lines are off by so much already: they may move by the rest.
            rest = [inf if now == inf else now - was for now, was in zip(level.tolerances, before, strict=True)]
            stay, course = _drawn_anew(kept, corners, rest)
            if len(stay) <= ROOM:
                stay = _with_their_gaps(stay, kept)
                return stay, course._replace(
                    level=number, usual_seconds=self.usual_seconds, follows_gap=stay[-1].follows_gap
                )
        stay = _with_their_gaps(thin(kept, ROOM, lambda one: one.point.numbers), kept)
        last = stay[-1]
        return stay, Course(last.number, len(stay), len(LEVELS) - 1, self.usual_seconds, last.follows_gap, last.point)

    def _turned(self, point: Point) -> Course:
        """Return the course with a sample more, from which a line begins."""
        return self._replace(number=self.number + 1, size=self.size + 1, corner=point, tip=None, slopes=_ANY_SLOPE)

    def _went_on(self, point: Point, tolerances: Sequence[float]) -> Course:
        """Return the course with its line drawn to `point`, or where that would lead too far past, with a line more."""
        corner = self.corner or point
        goes_on = self.tip is not None and not _comes_or_goes(corner, point, tolerances)
        if goes_on and _is_one_of(self.slopes, corner, point):
            return self._replace(tip=point, slopes=_narrowed(self.slopes, corner, point, tolerances))
        corner = self.tip or corner
        slopes = _narrowed(_ANY_SLOPE, corner, point, tolerances)
        return self._replace(number=self.number + 1, size=self.size + 1, corner=corner, tip=point, slopes=slopes)


def _is_landmark(before: Point, point: Point) -> bool:
    """Whether the print came to its first layer since `before`, or to a percent by which others are measured later."""
    if before.layer == 0 and point.layer:
        return True
    return bisect_right(MARKS, before.percent) < bisect_right(MARKS, point.percent)


def _comes_or_goes(corner: Point, point: Point, tolerances: Sequence[float]) -> bool:
    """Whether one of the two has a number that the other has not, so that no line leads there."""
    both = zip(corner.numbers, point.numbers, tolerances, strict=True)
    return any((start is None) != (end is None) and tolerance < inf for start, end, tolerance in both)


def _is_one_of(slopes: Slopes, corner: Point, point: Point) -> bool:
    """Whether the line from `corner` to `point` is as near as it must be to all that was reported in between."""
    seconds = point.at - corner.at
    for (low, high), start, end in zip(slopes, corner.numbers, point.numbers, strict=True):
        if start is None or end is None:
            continue
        if low > high or (seconds > 0 and not low <= (end - start) / seconds <= high):
            return False
    return True


def _narrowed(slopes: Slopes, corner: Point, point: Point, tolerances: Sequence[float]) -> Slopes:
    """Return which of `slopes` a line from `corner` may have to be near `point` too."""
    seconds, narrowed = point.at - corner.at, list(slopes)
    for series, (start, end) in enumerate(zip(corner.numbers, point.numbers, strict=True)):
        if start is None or end is None:
            continue
        rise, tolerance, (low, high) = end - start, tolerances[series], slopes[series]
        if seconds > 0:
            narrowed[series] = (max(low, (rise - tolerance) / seconds), min(high, (rise + tolerance) / seconds))
        elif abs(rise) > tolerance:
            narrowed[series] = _NO_SLOPE  # straight up, or down
    return tuple(narrowed)


def _corners(kept: Sequence[Kept], level: Level) -> Iterator[int]:
    """Yield the indexes of the samples that must stay, and those before them too."""
    for index, (before, one) in enumerate(itertools.pairwise(kept), start=1):
        is_gap = one.follows_gap and one.point.at - before.point.at > level.gap_seconds
        is_other = one.point.state != before.point.state or _is_landmark(before.point, one.point)
        if is_gap or (level.keeps_states and is_other):
            yield index


def _drawn_anew(
    kept: Sequence[Kept], corners: Collection[int], tolerances: Sequence[float]
) -> tuple[list[Kept], Course]:
    """Return as many of `kept` as are needed, with those at the indexes `corners`, and the course after them."""
    course, stay = Course(), list[Kept]()
    for index, one in enumerate(kept):
        before = course
        course = before._turned(one.point) if index in corners else before._went_on(one.point, tolerances)
        if course.number == before.number:
            stay.pop()
        stay.append(one)
    return stay, course._replace(number=kept[-1].number)


def _with_their_gaps(stay: Sequence[Kept], kept: Sequence[Kept]) -> list[Kept]:
    """Return those of `kept` that stay; one whose gap began with a sample that went follows none."""
    before = {one.number: earlier.number for earlier, one in itertools.pairwise(kept)}
    begins = [None, *(one.number for one in stay[:-1])]
    return [
        one._replace(follows_gap=one.follows_gap and before.get(one.number) == begin)
        for one, begin in zip(stay, begins, strict=True)
    ]


# ---------------------------------------------------------------------- drawing


def thin(rows: Sequence[RowT], limit: int, values: Callable[[RowT], Numbers]) -> list[RowT]:
    """Return at most `limit` of `rows`, in their order, such that a chart of them has the same outline.

    `values` gives the numbers of a row that are drawn, None where it has none. The rows are cut into equal parts;
    of each part stay the first and the last row, and the lowest and the highest of every drawn number. Raises
    ValueError when `limit` has no room for one part.
    """
    if len(rows) <= limit:
        return list(rows)
    numbers = [values(row) for row in rows]
    # Rows of a part often coincide: the first one is also the lowest. So finer parts may fit.
    most = 2 + 2 * len(numbers[0])
    for rows_a_part in (2, 4, most):
        kept = _outlines(numbers, limit // rows_a_part)
        if 0 < len(kept) <= limit:
            return [rows[index] for index in kept]
    raise ValueError(f"A limit of {limit} has no room for one part, which may be {most} rows.")


def _outlines(numbers: Sequence[Numbers], parts: int) -> list[int]:
    edges = [len(numbers) * part // parts for part in range(parts + 1)] if parts else []
    outlines = (_outline(numbers, range(start, end)) for start, end in itertools.pairwise(edges))
    return sorted(set(itertools.chain.from_iterable(outlines)))


def _outline(numbers: Sequence[Numbers], part: range) -> Iterator[int]:
    yield part[0]
    yield part[-1]
    for series in range(len(numbers[0])):
        drawn = [(number, index) for index in part if (number := numbers[index][series]) is not None]
        if drawn:
            yield min(drawn)[1]
            yield max(drawn)[1]
