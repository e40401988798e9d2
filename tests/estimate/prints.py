"""Prints invented from a seed: what the printer said when, and when each truly ended.

It was written before anything that predicts, and knows nothing of it. All times are seconds since the print began.
A print is a file on a printer of some family; the file has a curve (how its percent goes with the work), and each of
its prints takes a little longer or shorter. What is drawn from what stands in `Ranges`.

The curves: `linear`; `front-loaded` (percent quick at first, then slow) and `back-loaded`; `multi-plate` (two to five
plates, each with its own pace, and a change between them in which nothing moves); `uneven` (every layer another pace).

The families differ in what percent and remaining time mean:
- `bambu`: whole percents by the slicer's time, preparation included, which end at 93 to 99; remaining in whole minutes,
  rounded down, so 0 before the end. It begins in `preparing`, but heats and levels in `printing`.
- `klipper`: percent by place in the file, or by the slicer's time; the slicer's figure less the time printed is what
  remains; without one, or once it is used up, what the percent lets expect. It heats at 0 %.
- `octoprint`: percent by place in the file; remaining goes over from an analysis of the file, which may be half or
  one and a half of the truth, to what the percent lets expect. It heats at a small percent.
- `prusa`: whole percents by the slicer's time without preparation; remaining in whole minutes, unknown at first.

Any of them may not tell what remains (`mute`), or tell too little so that it is 0 early (`hasty`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Final, Literal

from printqueue.protocol import ReportState

Kind = Literal["linear", "front-loaded", "back-loaded", "multi-plate", "uneven"]
Family = Literal["bambu", "klipper", "octoprint", "prusa"]
Voice = Literal["plain", "mute", "hasty"]

KINDS: Final[tuple[Kind, ...]] = ("linear", "front-loaded", "back-loaded", "multi-plate", "uneven")
FAMILIES: Final[tuple[Family, ...]] = ("bambu", "klipper", "octoprint", "prusa")

REPORT_SECONDS: Final = 5.0
JITTER_SECONDS: Final = 1.0


class Ranges:
    """What is drawn evenly between two bounds (durations evenly in their logarithm), and how often a thing happens."""

    WORK_SECONDS: Final = (600.0, 12 * 3600.0)  # without preparation
    PREPARATION_SECONDS: Final = (60.0, 480.0)  # and no more than a third of the work
    STEEPNESS: Final = (1.2, 1.8)  # of front- and back-loaded: the share done is a power of the share of time
    PLATES: Final = (2, 5)
    PACE_OF_A_PLATE: Final = (0.5, 2.0)
    CHANGE_OF_PLATES: Final = (0.01, 0.04)  # of the work
    UNEVENNESS: Final = (0.2, 0.5)  # standard deviation of the logarithm of the pace of a fortieth
    FLATNESS: Final = {"bambu": 0.75, "prusa": 0.75, "klipper": 0.0, "octoprint": 0.0}  # 1: percent by time is time
    KLIPPER_BY_SLICER: Final = 0.4  # how many tell percent by the slicer's time
    BIAS: Final = (0.85, 1.2)  # remaining by the slicer ÷ truth
    ANALYSIS: Final = (0.5, 1.5)  # the same of OctoPrint's analysis
    LAST_PERCENT: Final = (93.0, 99.0)  # of Bambu, before it is done
    PREPARATION_BY_SLICER: Final = (0.6, 1.8)  # what the slicer thinks that preparation takes ÷ truth
    SLICER_KNOWN: Final = 0.4  # how many files come with the slicer's figure
    KLIPPER_SLICED: Final = 0.6  # how many files tell Klipper the slicer's figure
    MUTE: Final = 0.1
    HASTY: Final = 0.1
    HASTE: Final = (0.05, 0.25)  # what a hasty one leaves out, as a part of the work
    PAUSED: Final = 0.35  # how many prints pause
    PAUSES: Final = (1, 4)
    PAUSE_SECONDS: Final = (60.0, 7200.0)
    CUT_OFF: Final = 0.25  # how many prints have outages of the reports
    OUTAGES: Final = (1, 3)
    OUTAGE: Final = (0.005, 0.12)  # of the run
    PRINTED_BEFORE: Final = 0.5  # how many files were printed before
    EARLIER: Final = (1, 4)
    SPREAD: Final = (0.02, 0.05)  # standard deviation of the pace between prints of one file
    RESLICED: Final = 0.1  # how many of those files had one earlier print under the same name from another slice
    RESLICED_BY: Final = (0.6, 1.6)


@dataclass(frozen=True)
class Reported:
    """One report of a print that is on a printer."""

    at: float
    state: ReportState
    percent: float | None
    remaining: float | None


@dataclass(frozen=True)
class Print:
    """One print: what was said of it, and the truth. `earlier` are earlier prints of the same file, the newest last."""

    name: str
    kind: Kind
    family: Family
    voice: Voice
    reports: tuple[Reported, ...]
    pauses: tuple[tuple[float, float], ...]
    ended_at: float
    slicer_seconds: float | None
    earlier: tuple[Print, ...] = ()

    @property
    def seconds(self) -> float:
        """The run's whole duration without pauses."""
        return self.ended_at - self.paused_after(0)

    def paused_after(self, at: float) -> float:
        """How long it pauses after `at`, in all."""
        return sum(max(0.0, end - max(at, start)) for start, end in self.pauses)


@dataclass(frozen=True)
class Curve:
    """The share of the file that is done by a share of the work: straight between its knots."""

    times: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, time: float) -> float:
        """Return the share done at `time`, 0 to 1."""
        if time >= 1:
            return 1.0
        after = bisect_right(self.times, time)
        (low, high), (start, end) = self.times[after - 1 : after + 1], self.shares[after - 1 : after + 1]
        return start + (end - start) * (time - low) / (high - low)


def by_paces(parts: list[tuple[float, float]]) -> Curve:
    """A curve of parts, each with its share of the file and the time that it takes, in any unit."""
    times = list(accumulate((took for _, took in parts), initial=0.0))
    shares = list(accumulate((share for share, _ in parts), initial=0.0))
    return Curve(tuple(time / times[-1] for time in times), tuple(share / shares[-1] for share in shares))


def curve(kind: Kind, rng: Random) -> Curve:
    """Draw a curve of this kind."""
    steps = [number / 40 for number in range(41)]
    if kind == "multi-plate":
        return by_paces(list(_plates(rng)))
    if kind in ("front-loaded", "back-loaded"):
        power = rng.uniform(*Ranges.STEEPNESS)
        bent = tuple(1 - (1 - step) ** power if kind == "front-loaded" else step**power for step in steps)
        return Curve(tuple(steps), bent)
    spread = rng.uniform(*Ranges.UNEVENNESS) if kind == "uneven" else 0.05
    return by_paces([(1.0, rng.lognormvariate(0, spread)) for _ in steps[1:]])


def _plates(rng: Random) -> Iterator[tuple[float, float]]:
    count = rng.randint(*Ranges.PLATES)
    for number in range(count):
        if number:
            yield 0.0, rng.uniform(*Ranges.CHANGE_OF_PLATES)
        share = rng.uniform(0.5, 1.5) / count
        yield share, share / rng.uniform(*Ranges.PACE_OF_A_PLATE)


@dataclass(frozen=True)
class File:
    """A file as it was sliced for one printer, and what that printer makes of it."""

    name: str
    kind: Kind
    family: Family
    voice: Voice
    curve: Curve
    work_seconds: float
    preparation_seconds: float
    flatness: float
    bias: float
    analysis: float
    is_sliced: bool
    last_percent: float
    preparation_bias: float
    haste: float
    slicer_seconds: float | None
    spread: float

    def done(self, time: float) -> float:
        """The share that the printer counts as done after a share of the work."""
        return self.flatness * time + (1 - self.flatness) * self.curve(time)

    @property
    def believed_preparation(self) -> float:
        """How long the slicer thinks that preparation takes, in seconds."""
        return self.preparation_seconds * self.preparation_bias


def file(name: str, kind: Kind, family: Family, rng: Random) -> File:
    """Draw a file."""
    work = log_uniform(rng, *Ranges.WORK_SECONDS)
    preparation = min(rng.uniform(*Ranges.PREPARATION_SECONDS), work / 3)
    bias = rng.uniform(*Ranges.BIAS)
    draw = rng.random()
    by_slicer = family == "klipper" and rng.random() < Ranges.KLIPPER_BY_SLICER
    return File(
        name=name,
        kind=kind,
        family=family,
        voice="mute" if draw < Ranges.MUTE else "hasty" if draw < Ranges.MUTE + Ranges.HASTY else "plain",
        curve=curve(kind, rng),
        work_seconds=work,
        preparation_seconds=preparation,
        flatness=Ranges.FLATNESS["prusa" if by_slicer else family],
        bias=bias,
        analysis=rng.uniform(*Ranges.ANALYSIS),
        is_sliced=rng.random() < Ranges.KLIPPER_SLICED,
        last_percent=rng.uniform(*Ranges.LAST_PERCENT) if family == "bambu" else 100.0,
        preparation_bias=rng.uniform(*Ranges.PREPARATION_BY_SLICER),
        haste=rng.uniform(*Ranges.HASTE),
        slicer_seconds=(work + preparation) * bias if rng.random() < Ranges.SLICER_KNOWN else None,
        spread=rng.uniform(*Ranges.SPREAD),
    )


def log_uniform(rng: Random, low: float, high: float) -> float:
    """Draw a number whose logarithm is even between those of the bounds."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


class Performance:
    """One print of a file, with its pace and its troubles. Working time is time without pauses."""

    def __init__(self, printed: File, rng: Random) -> None:
        self.file, self.rng = printed, rng
        self.work = printed.work_seconds * max(0.5, rng.gauss(1, printed.spread))
        self.preparation = printed.preparation_seconds * rng.uniform(0.85, 1.15)
        self.announced = rng.uniform(5, 60) if printed.family == "bambu" else 0.0
        self.working = self.preparation + self.work

    def told(self, earlier: tuple[Print, ...] = ()) -> Print:
        """Return the print."""
        return Print(
            name=self.file.name,
            kind=self.file.kind,
            family=self.file.family,
            voice=self.file.voice,
            reports=tuple(self._reports()),
            pauses=self.pauses,
            ended_at=self.ended_at,
            slicer_seconds=self.file.slicer_seconds,
            earlier=earlier,
        )

    @cached_property
    def pauses(self) -> tuple[tuple[float, float], ...]:
        """From when to when it pauses."""
        rng = self.rng
        count = rng.randint(*Ranges.PAUSES) if rng.random() < Ranges.PAUSED else 0
        starts = sorted(rng.uniform(self.preparation, self.working) for _ in range(count))
        found, paused = [], 0.0
        for start in starts:
            took = log_uniform(rng, *Ranges.PAUSE_SECONDS)
            found.append((start + paused, start + paused + took))
            paused += took
        return tuple(found)

    @cached_property
    def ended_at(self) -> float:
        """Its true end."""
        return self.working + sum(end - start for start, end in self.pauses)

    def _reports(self) -> Iterator[Reported]:
        outages = list(self._outages())
        at = 0.0
        while at < self.ended_at:
            if not any(start <= at < end for start, end in outages):
                yield self._report(at)
            at += REPORT_SECONDS + self.rng.uniform(-JITTER_SECONDS, JITTER_SECONDS)

    def _outages(self) -> Iterator[tuple[float, float]]:
        if self.rng.random() < Ranges.CUT_OFF:
            for _ in range(self.rng.randint(*Ranges.OUTAGES)):
                start = self.rng.uniform(0, self.ended_at)
                yield start, start + self.rng.uniform(*Ranges.OUTAGE) * self.ended_at

    def _report(self, at: float) -> Reported:
        worked = at - sum(max(0.0, min(at, end) - start) for start, end in self.pauses if start < at)
        if worked < self.announced:
            return Reported(at, ReportState.PREPARING, None, None)
        is_paused = any(start <= at < end for start, end in self.pauses)
        share = max(0.0, (worked - self.preparation) / self.work)
        percent = self._percent(worked, share)
        state = ReportState.PAUSED if is_paused else ReportState.PRINTING
        return Reported(at, state, percent, self._told_remaining(worked, share, percent))

    def _percent(self, worked: float, share: float) -> float:
        done = self.file.done(share)
        match self.file.family:
            case "bambu":
                return float(math.floor(self._bambu_share(worked, done) * self.file.last_percent))
            case "prusa":
                return float(math.floor(done * 100))
            case "octoprint":
                return round(0.8 * min(1.0, worked / self.preparation) + 99.2 * done, 2)
            case "klipper":
                return round(done * 100, 2)

    def _bambu_share(self, worked: float, done: float) -> float:
        """The share by the slicer's time, with preparation."""
        believed = self.file.believed_preparation
        prepared = min(1.0, worked / self.preparation)
        return (believed * prepared + self.file.work_seconds * done) / (believed + self.file.work_seconds)

    def _told_remaining(self, worked: float, share: float, percent: float) -> float | None:
        remaining = self._remaining(worked, share, percent)
        if remaining is None or self.file.voice == "mute":
            return None
        if self.file.voice == "hasty":
            remaining -= self.file.haste * self.file.work_seconds
        if self.file.family == "bambu":
            return max(0.0, math.floor(remaining / 60) * 60.0)
        if self.file.family == "prusa":
            return max(0.0, round(remaining / 60) * 60.0)
        return max(0.0, float(round(remaining)))

    def _remaining(self, worked: float, share: float, percent: float) -> float | None:
        """What the printer reckons, before it is rounded."""
        printed, whole = max(0.0, worked - self.preparation), self.file.bias * self.file.work_seconds
        match self.file.family:
            case "bambu":
                believed = self.file.believed_preparation + whole
                return believed * (1 - self._bambu_share(worked, self.file.done(share)))
            case "prusa":
                return whole * (1 - self.file.done(share)) if printed > 0 else None
            case "klipper":
                if self.file.is_sliced and whole > printed:
                    return whole - printed
                return printed * (100 / percent - 1) if printed and percent >= 2 else None
            case "octoprint":
                analysed = max(0.0, self.file.analysis * self.file.work_seconds - worked)
                trust = min(1.0, percent / 60)
                return (1 - trust) * analysed + trust * worked * (100 / percent - 1) if percent > 0 else None


def simulated(seed: int, count: int) -> Iterator[Print]:
    """Return `count` prints, each with its earlier ones: every kind on every family in turn. The same for a seed."""
    for number in range(count):
        rng = Random(f"{seed}/{number}")  # noqa: S311 - the same prints each time
        kind = KINDS[number % len(KINDS)]
        family = FAMILIES[number // len(KINDS) % len(FAMILIES)]
        printed = file(f"{kind} {family} {number}", kind, family, rng)
        yield Performance(printed, rng).told(tuple(_earlier(printed, rng)))


def _earlier(printed: File, rng: Random) -> Iterator[Print]:
    if rng.random() >= Ranges.PRINTED_BEFORE:
        return
    count = rng.randint(*Ranges.EARLIER)
    resliced = rng.randrange(count) if rng.random() < Ranges.RESLICED else None
    for number in range(count):
        yield Performance(_resliced(printed, rng) if number == resliced else printed, rng).told()


def _resliced(printed: File, rng: Random) -> File:
    another = file(printed.name, printed.kind, printed.family, rng)
    work = printed.work_seconds * rng.uniform(*Ranges.RESLICED_BY)
    return replace(another, work_seconds=work, preparation_seconds=min(another.preparation_seconds, work / 3))
