"""When a print will finish, and how sure that is. Pure: what was seen of it in, a moment out.

Five opinions are heard, each on how much work is left and how far that may be off: what the printer says, the pace at
which its percent goes, elapsed time over percent, earlier prints of the same file, and the slicer's figure. They are
blended by their precision, so that one which says nothing, or wavers, hardly counts.

All reckoning is in *worked* seconds: time on the printer without pauses, preparation included. So a pause moves the
finish by its own length and changes nothing else; pauses to come are not foreseen.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from printqueue.protocol import ACTIVE_STATES, PERCENT_STATES, ReportState

MARKS: Final = (10.0, 25.0, 50.0, 75.0)
"""Percents at which the worked time of an earlier run is kept, the file's own curve; `history` keeps samples of them."""

MOST_DOUBT: Final = 0.4
"""Nothing is said while the doubt is a larger part of the whole print."""
MOST_LEFT: Final = 90 * 86_400.0
"""Nor of more seconds than that: no print takes so long."""

# How far an opinion may be off. Found with simulated prints of other seeds than `./run bench eta` has, and not sharp: a
# quarter more or less of any of them moves no column of its table by a point.
PRINTER_OFF: Final = 0.18  # of what is left: printers are wrong by a factor
COUNTDOWN_OFF: Final = 0.12  # of the whole: whoever only counts down from a figure is as wrong at the end as at first
WAVER: Final = 0.7  # of what the printer took back since the first third
MINUTES_OFF: Final = 35.0  # seconds, where whole minutes are told
PACE_OFF: Final = 0.14  # of what is left by pace
PACE_YOUNG: Final = 2.5  # more of it while the pace was seen over few percents: 0.25 over 10
PACE_BENT: Final = 0.45  # of what it makes whether the older or the newer pace goes on
PACE_BLURRED: Final = 4.0  # seconds: when percents are seen to come, at either end
ELAPSED_OFF: Final = 0.25  # of the whole: a late start weighs the more, the less is done
LEAPT_OFF: Final = 0.25  # of the whole, for the part that preparation leapt over
EARLIER_OFF: Final = 0.035  # of what was left of it
EARLIER_APART: Final = 0.7  # of how far it was elsewhere at this percent
SLICER_OFF: Final = 0.11  # of the slicer's figure
BLUR: Final = 2.0  # seconds, of anything

SAME_PLACE: Final = 0.05
"""Prints of one file that are apart by less of their time are as alike as such prints are."""
MOST_PACE: Final = 1.15
"""No print of a file is that much slower than another, or faster: it is another slice, or it heats longer."""
PACE_LASTS: Final = 0.7
"""How much of being slower than an earlier print goes on."""

WORKING: Final = ACTIVE_STATES - {ReportState.PAUSED}
"""A run that was taken for ended may turn out to go on: meanwhile nobody knows."""
MINUTE: Final = 60.0
WITHOUT_LAYERS: Final = 60.0
"""A printer that is this far (percent) and still in layer 0 does not count layers."""
AT_ITS_BEGIN: Final = 5.0
"""A print that is further (percent) when it is first seen began before."""
MOST_UNSEEN: Final = 60.0
MOST_UNSEEN_PART: Final = 0.03
"""A print whose end came after a silence of more seconds, and of more of the whole, may have ended long before."""
LEAST_RISE: Final = 0.01
"""Percents that are closer together are the same."""
LEAST_SPREAD: Final = timedelta(seconds=5)
LEAST_NEWS: Final = timedelta(seconds=10)
LEAST_NEWS_PART: Final = 0.005
"""A finish that moves by less, or by less of the whole, is the same to whoever reads it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a run at one moment; `percent` is 0 to 100. None where nothing was said."""

    at: datetime
    state: ReportState
    percent: float | None = None
    remaining_seconds: float | None = None
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A completed run of the same file: worked seconds in all, and until each of MARKS (None where nobody saw)."""

    seconds: float
    marks: tuple[float | None, ...] = (None,) * len(MARKS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """When a run will finish unless it pauses; two of three finish within `spread` of it, either way.

    `whole` is how long it takes in all, without pauses.
    """

    finish: datetime
    spread: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Point:
    """A change, after so many worked seconds, of a percent or of the seconds that remain."""

    worked: float
    value: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """Seconds of work that are left, and the standard deviation of that in seconds."""

    left: float
    doubt: float


def estimate(
    seen: Sequence[Seen], now: datetime, *, earlier: Iterable[EarlierRun] = (), slicer_seconds: float | None = None
) -> Estimate | None:
    """Return when an active run will finish of which this was `seen`, in order of time; None while too little is known.

    `earlier` are completed runs of the same file; `slicer_seconds` is what the slicer thinks that the whole takes. A
    run that is paused is taken to go on now. The finish is never before `now`.
    """
    if not seen or seen[-1].state not in ACTIVE_STATES:
        return None
    course = course_of(seen)
    opinion = _blended(list(_opinions(course, earlier, slicer_seconds)))
    if opinion is None or opinion.left > MOST_LEFT or opinion.doubt > MOST_DOUBT * (course.worked + opinion.left):
        return None
    since = now if course.is_paused else course.last_at
    finish = max(now, since + timedelta(seconds=opinion.left))
    whole = timedelta(seconds=course.worked + opinion.left)
    return Estimate(finish, max(LEAST_SPREAD, timedelta(seconds=opinion.doubt)), whole)


def is_news(new: Estimate | None, finish: datetime | None, spread: timedelta | None) -> bool:
    """Whether `new` says noticeably another finish, or another spread, than was said before (None: nothing was)."""
    if new is None or finish is None or spread is None:
        return (new is None) != (finish is None)
    noticeable = max(LEAST_NEWS, LEAST_NEWS_PART * new.whole)
    return abs(new.finish - finish) > noticeable or abs(new.spread - spread) > max(noticeable, spread / 5)


def earlier_run(seen: Sequence[Seen], ended_at: datetime) -> EarlierRun:
    """Return what is kept of a run that completed at `ended_at`, of which this was `seen` before, at least once."""
    course = course_of(seen)
    rest = 0.0 if course.is_paused else max(0.0, (ended_at - course.last_at).total_seconds())
    return EarlierRun(course.worked + rest, tuple(course.worked_at(mark) for mark in MARKS))


def completed_run(seen: Sequence[Seen]) -> EarlierRun | None:
    """Return what is kept of a run that was `seen` so from its first report to that of its completion.

    None when nobody saw it begin or end, so that it is not known how long it worked.
    """
    if len(seen) < 2 or seen[-1].state != ReportState.COMPLETED:
        return None
    before, ended_at = seen[:-1], seen[-1].at
    kept = earlier_run(before, ended_at)
    silence = (ended_at - before[-1].at).total_seconds()
    is_seen = silence <= max(MOST_UNSEEN, MOST_UNSEEN_PART * kept.seconds) and not course_of(before).began_unseen
    return kept if is_seen and kept.seconds > 0 else None


def by_earlier_runs(course: Course, earlier: Iterable[EarlierRun]) -> Opinion | None:
    """What earlier runs of the file let expect, all of them together."""
    return _blended([_by_an_earlier_run(course, run) for run in earlier if run.seconds > 0])


# ---------------------------------------------------------------------- the course of a run


@dataclass(frozen=True)
class Course:
    """How a run went: each rise of its percent, each change of what remains, and where it stands.

    `step` is by how much the percent last rose at once, after it had stood still; 0 where it rises with each report.
    `prepared_at` is when it left layer 0, or now while it is in it; 0 where the printer does not tell. Percents move by
    leaps until then.
    """

    worked: float
    percents: tuple[Point, ...]
    step: float
    remaining: tuple[Point, ...]
    prepared_at: float
    last_at: datetime
    is_paused: bool

    @property
    def began_unseen(self) -> bool:
        """Whether it was under way when it was first seen, so that nobody knows how long it has worked."""
        return bool(self.percents) and self.percents[0].worked <= 0 and self.percents[0].value > AT_ITS_BEGIN

    @property
    def percent(self) -> float:
        """The percent that was reached; 0 while none is known."""
        return self.percents[-1].value if self.percents else 0.0

    @property
    def is_preparing(self) -> bool:
        """Whether it is known not to have come to its first layer."""
        return self.prepared_at > 0 and self.prepared_at >= self.worked

    @property
    def percents_of_printing(self) -> tuple[Point, ...]:
        """The percents after preparation, of which there is at least one if there is any at all."""
        first = bisect_left(self.percents, self.prepared_at, key=lambda point: point.worked)
        return self.percents[min(first, len(self.percents) - 1) :] if self.percents else ()

    def worked_at(self, percent: float) -> float | None:
        """Return after how many worked seconds `percent` was reached; None if it was not."""
        return None if self.percent < percent else _at(self.percents, percent).worked


def course_of(seen: Sequence[Seen]) -> Course:
    """Return the course of a run of which this was `seen`, at least once."""
    worked, percents, remaining = 0.0, list[Point](), list[Point]()
    prepared_at, has_layers = 0.0, False
    step, stood_still = 0.0, False
    before = seen[0]
    for one in seen:
        if before.state in WORKING:
            worked += max(0.0, (one.at - before.at).total_seconds())
        before = one
        if one.state not in PERCENT_STATES:
            continue
        if one.percent is not None:
            if not percents or one.percent >= percents[-1].value + LEAST_RISE:
                step = one.percent - percents[-1].value if stood_still else 0.0
                percents.append(Point(worked, one.percent))
                stood_still = False
            else:
                stood_still = True
        if one.remaining_seconds is not None and (not remaining or one.remaining_seconds != remaining[-1].value):
            remaining.append(Point(worked, one.remaining_seconds))
        if one.layer is not None and not has_layers:
            has_layers, prepared_at = one.layer > 0, worked
    counts_layers = has_layers or not percents or percents[-1].value < WITHOUT_LAYERS
    return Course(
        worked=worked,
        percents=tuple(percents),
        step=step,
        remaining=tuple(remaining),
        prepared_at=prepared_at if counts_layers else 0.0,
        last_at=seen[-1].at,
        is_paused=seen[-1].state == ReportState.PAUSED,
    )


def _at(points: Sequence[Point], value: float) -> Point:
    """Return when rising `points` came to `value`, which the last one has reached: between two of them evenly."""
    after = bisect_left(points, value, key=lambda point: point.value)
    if after == 0 or points[after].value == value:
        return points[after]
    low, high = points[after - 1], points[after]
    part = (value - low.value) / (high.value - low.value)
    return Point(low.worked + (high.worked - low.worked) * part, value)


# ---------------------------------------------------------------------- opinions


def _opinions(course: Course, earlier: Iterable[EarlierRun], slicer_seconds: float | None) -> Iterator[Opinion]:
    """What those say that have something to say."""
    slicer = None if slicer_seconds is None else _by_slicer(course, slicer_seconds)
    found = (_by_printer(course), _by_pace(course), _by_elapsed(course), by_earlier_runs(course, earlier), slicer)
    yield from (opinion for opinion in found if opinion is not None)


def _blended(opinions: Sequence[Opinion]) -> Opinion | None:
    """The mean of opinions, weighed by their precision; the more they contradict each other, the more doubt is left."""
    if not opinions:
        return None
    weights = [1 / (one.doubt + BLUR) ** 2 for one in opinions]
    total = sum(weights)
    left = sum(weight * one.left for weight, one in zip(weights, opinions, strict=True)) / total
    apart = sum(weight * (one.left - left) ** 2 for weight, one in zip(weights, opinions, strict=True)) / total
    return Opinion(left, math.sqrt(1 / total + apart / 2))


def _by_printer(course: Course) -> Opinion | None:
    """What the printer says that remains. 0 says nothing: some reach it minutes before the end, or do not know."""
    if not course.remaining or course.remaining[-1].value <= 0:
        return None
    last = course.remaining[-1]
    since = course.worked - last.worked
    in_minutes = all(point.value % MINUTE == 0 for point in course.remaining)
    left = last.value if in_minutes else max(0.0, last.value - since)
    whole = course.worked + left
    taken_back = abs(_whole_said_before(course) - whole)
    if in_minutes:
        return Opinion(left, math.hypot(WAVER * max(0.0, taken_back - MINUTE), MINUTES_OFF, PRINTER_OFF * left))
    is_countdown = taken_back < 0.004 * whole
    return Opinion(left, math.hypot(WAVER * taken_back, COUNTDOWN_OFF * whole if is_countdown else PRINTER_OFF * left))


def _whole_said_before(course: Course) -> float:
    """What the whole was to take by the printer at the first third of the time, or as soon as it was prepared."""
    moment = max(course.remaining[0].worked, course.prepared_at, 0.3 * course.worked)
    said = bisect_right(course.remaining, moment, key=lambda point: point.worked) - 1
    return moment + max(0.0, course.remaining[said].value)


def _by_pace(course: Course) -> Opinion | None:
    """The newer pace of the percent goes on to the end. How it began is left out: there it may have been heating."""
    points = course.percents_of_printing
    if len(points) < 2:
        return None
    first, last = points[0].value, points[-1]
    older, newer = (_at(points, first + part * (last.value - first)) for part in (0.15, 0.6))
    span, rest = last.value - older.value, 100 - last.value
    pace = (last.worked - newer.worked) / (last.value - newer.value)
    bend = (last.worked - older.worked) / span - pace
    step = course.step * pace
    left = max(0.0, rest * pace - min(course.worked - last.worked, step))
    return Opinion(
        left,
        math.hypot(
            (PACE_OFF + PACE_YOUNG / span * rest / 100) * rest * pace,
            PACE_BENT * bend * rest,
            PACE_BLURRED * rest * pace / max(1.0, last.worked - older.worked),
            step / 2,
        ),
    )


def _by_elapsed(course: Course) -> Opinion | None:
    """Percent stands for time. That of preparation hardly does, where the printer tells which it was."""
    if course.percent < LEAST_RISE or course.is_preparing or course.began_unseen:
        return None
    done = course.percent / 100
    left = max(0.0, course.percents[-1].worked / done - course.worked)
    whole = course.worked + left
    leapt = course.percents_of_printing[0].value / 100 if course.prepared_at else 0.0
    return Opinion(left, whole * math.hypot(ELAPSED_OFF * (1 - done) / done, LEAPT_OFF * leapt))


def _by_an_earlier_run(course: Course, run: EarlierRun) -> Opinion:
    """What was left of an earlier run at this percent; a run that came here in another time counts less."""
    marks = (Point(worked, mark) for mark, worked in zip(MARKS, run.marks, strict=True) if worked is not None)
    spent = _at((Point(0, 0), *marks, Point(run.seconds, 100)), course.percent).worked
    left = run.seconds - spent
    off = EARLIER_OFF * max(left, SAME_PLACE * run.seconds)
    if course.began_unseen:
        return Opinion(left, off)
    slower = 1.0
    if course.percent >= MARKS[0]:
        slower = min(MOST_PACE, max(1 / MOST_PACE, course.worked / max(1.0, spent)))
    # At 0 % it may be heating still, and longer than it did.
    apart = course.worked - run.seconds / 10 if course.percent <= 0 else abs(course.worked - spent) - SAME_PLACE * spent
    return Opinion(left * (1 + PACE_LASTS * (slower - 1)), math.hypot(off, EARLIER_APART * max(0.0, apart)))


def _by_slicer(course: Course, seconds: float) -> Opinion:
    """The slicer's figure less the part that is done, and less the time that was worked: the mean of both."""
    done = course.percent / 100
    by_percent = seconds * (1 - done)
    by_time = by_percent if course.began_unseen else max(0.0, seconds - course.worked)
    return Opinion(
        (by_time + by_percent) / 2,
        math.hypot(SLICER_OFF * seconds * (1 - done / 2), (by_time - by_percent) / 2),
    )
