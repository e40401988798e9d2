"""Courses of prints as they are reported, what is kept of them, and how far what is drawn is from what was reported."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sin
from typing import Any

from printqueue.history import Course, Kept, Point

THREE_DAYS = 72 * 3600 // 5
"""So many reports, one every five seconds."""

BEGIN = 1.79e9
Print = Callable[[int], Sequence[Any]]
"""Percent, and layer and temperatures if any, of a report by its number."""


def reported(says: Print, state: Callable[[int], str] = lambda _: "printing", reports: int = THREE_DAYS) -> list[Point]:
    """Return what a printer says every five seconds."""
    return [Point(BEGIN + 5 * n, state(n), *says(n)) for n in range(reports)]


def often_silent(percent: Callable[[int], float], reports: int) -> list[Point]:
    """Return what is heard of a printer when a minute and a half is lost after every ten reports."""
    return [Point(BEGIN + 5 * n + 90 * (n // 10), "printing", percent(n)) for n in range(reports)]


def kept_of(points: Sequence[Point]) -> tuple[list[Kept], Course]:
    """Return what is kept of a run that was reported so, and its course."""
    course, kept = Course(), dict[int, Kept]()
    for point in points:
        course = course.after(point)
        kept[course.number] = Kept(course.number, point, course.follows_gap)
        if course.is_full:
            stay, course = course.thinned(list(kept.values()))
            kept = {one.number: one for one in stay}
    return list(kept.values()), course


def farthest(reports: Sequence[Point], drawn: Sequence[Point], series: int = 0) -> float:
    """Return how far the lines from each drawn point to the next are from what was reported, where it is farthest."""
    worst, first = 0.0, 0
    for report in reports:
        while first + 1 < len(drawn) and drawn[first + 1].at < report.at:
            first += 1
        worst = max(worst, _distance(report, drawn, first, series))
    return worst


def _distance(report: Point, drawn: Sequence[Point], first: int, series: int) -> float:
    value, nearest = report.numbers[series] or 0, float("inf")
    for start, end in zip(drawn[first:], [*drawn[first + 1 :], drawn[-1]], strict=True):
        if start.at > report.at:
            break
        low, high = start.numbers[series] or 0, end.numbers[series] or 0
        if end.at > start.at:
            low = high = low + (high - low) * (report.at - start.at) / (end.at - start.at)
        nearest = min(nearest, max(min(low, high) - value, value - max(low, high), 0))
    return nearest


# ---------------------------------------------------------------------- three days of printing

_chance = random.Random(72)  # noqa: S311 - the same course each time
_noise = [_chance.gauss(0, 1) for _ in range(THREE_DAYS)]
_jitter = [0.0]
for _ in range(THREE_DAYS):
    _jitter.append(_jitter[-1] + _chance.expovariate(1))


def _share(n: int) -> float:
    return n / (THREE_DAYS - 1)


THREE_DAY_PRINTS: dict[str, Callable[[], list[Point]]] = {
    "at an even pace": lambda: reported(lambda n: [100 * _share(n)]),
    "in whole percents": lambda: reported(lambda n: [float(int(100 * _share(n)))]),
    "at a pace that changes all the time": lambda: reported(lambda n: [100 * _jitter[n] / _jitter[-1]]),
    "with layers of many sizes": lambda: reported(lambda n: [100 * _share(n), int(800 * _jitter[n] / _jitter[-1])]),
    "quick at first": lambda: reported(lambda n: [100 * (1 - (1 - _share(n)) ** 3)]),
    "in waves": lambda: reported(
        lambda n: [100 * _share(n) + 3 * sin(n / 900) * min(1, 50 * _share(n) * (1 - _share(n)))]
    ),
    "with temperatures that waver": lambda: reported(
        lambda n: [100 * _share(n) ** 0.5, n // 60, 220 + _noise[n], 60 + _noise[-n] / 2]
    ),
    "with temperatures that nobody can make sense of": lambda: reported(
        lambda n: [100 * _share(n) ** 0.5, n // 60, 220 + 70 * _noise[n], 60 - 70 * _noise[-n]]
    ),
    "with a pause every hour": lambda: reported(
        lambda n: [100 * _share(n - n % 720)], lambda n: "paused" if n % 720 > 660 else "printing"
    ),
    "with an hour's silence every eight": lambda: [
        point for point in reported(lambda n: [100 * _share(n)]) if (point.at - BEGIN) % (8 * 3600) < 7 * 3600
    ],
}
