"""What the page of a job shows of the course of one of its runs: as a chart, as a table, as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from printqueue import chart
from printqueue.history import MOST_KEPT, Course, Kept, Point, thin
from printqueue.models import FactKind, PrintQueue, PrintRun, RunSource, RunState, Sample
from printqueue.models.fact import STALLS
from printqueue.templatetags import display

STATES: Final = {state.value: display.badge(state.value).word for state in RunState}


NEVER_SECONDS: Final = 1e9
"""There is no infinity in JSON."""


@dataclass(frozen=True)
class Expected:
    """When a run will finish; two of three finish within `spread` of it, either way, if anybody can say."""

    finish: datetime
    spread: timedelta | None = None


def expected_of(run: PrintRun, now: datetime) -> Expected | None:
    """Return what is known of the finish of `run`: as it is estimated, else as its printer says; None while it hangs.

    Of one that a PUT feeds, which may come as seldom as it likes, a finish that has passed counts for nothing.
    """
    if run.stall:
        return None
    told = run.estimate_at(run.last_report_at)
    finish = display.finish(run.state, run.last_report_at, run.remaining_seconds, told.finish)
    if finish is None or (finish <= now and run.source == RunSource.PUT):
        return None
    return Expected(finish, None if told.spread is None else timedelta(seconds=told.spread))


@dataclass(frozen=True)
class ShownLine:
    """A line of the table."""

    line: chart.Line

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.line.point.at, UTC)

    @property
    def percent(self) -> str:
        return _percent(self.line.point)

    @property
    def what(self) -> str:
        """The state, why, and how long nobody had reported before."""
        state, silent = STATES[self.line.point.state], self.line.silent_seconds
        after = f", after {display.duration(silent)} without reports" if silent else ""
        return f"{state}{after}: {self.line.reason}" if self.line.reason else f"{state}{after}"


@dataclass(frozen=True)
class ShownChart:
    """The course of `run`, the `number`-th of its job; each of its parts is read when it is asked for, and once."""

    job: PrintQueue
    run: PrintRun
    number: int
    runs: Sequence[tuple[int, PrintRun]]
    """All runs of the job with their numbers, the newest first."""
    is_chosen: bool
    """Whether somebody asked for this very run, else it is the one that the job shows now."""

    @cached_property
    def samples(self) -> list[Kept]:
        """The samples that are drawn: all that are kept, but of runs from before there was a limit."""
        kept = [sample.kept for sample in Sample.objects.filter(run=self.run)]
        return thin(kept, MOST_KEPT, lambda one: one.point.numbers)

    @cached_property
    def steps(self) -> list[chart.Step]:
        """The changes of the run's state."""
        happened = self.run.transitions.values_list("at", "old_state", "new_state", "reason", "user_id")
        return [
            chart.Step(at.timestamp(), old, new, reason, user is not None) for at, old, new, reason, user in happened
        ]

    @property
    def query(self) -> str:
        """What stands behind the addresses of this chart."""
        return f"?run={self.run.pk}" if self.is_chosen else ""

    @property
    def lines(self) -> list[ShownLine]:
        """The table."""
        return [ShownLine(line) for line in chart.table(self.samples, self.steps)]

    @property
    def has_layers(self) -> bool:
        return any(one.point.layer is not None for one in self.samples)

    @property
    def has_temperatures(self) -> bool:
        return any(one.point.nozzle_c is not None or one.point.bed_c is not None for one in self.samples)

    @property
    def summary(self) -> str:
        """What the chart shows, in a sentence."""
        if not self.samples:
            return "No samples of this run are kept."
        first, last = self.samples[0].point, self.samples[-1].point
        said = f"From {_percent(first)} to {_percent(last)}"
        pauses, gaps = len(chart.pauses(self.steps)), len(chart.gaps(self.samples))
        also = [_counted(pauses, "pause", "pauses")] if pauses else []
        also += [_counted(gaps, "gap", "gaps") + " without reports"] if gaps else []
        return f"{said}, with {' and '.join(also)}." if also else f"{said}."

    @property
    def marks(self) -> list[chart.Mark]:
        """What people were, or should have been, told of: what changed its state, and what did not."""
        noticed = self.run.facts.filter(kind__in=[FactKind.ERROR, *STALLS])
        others = [
            chart.Mark(fact.at.timestamp(), chart.with_reason(fact.get_kind_display(), fact.reason)) for fact in noticed
        ]
        return sorted([*chart.marks(self.steps), *others])

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return what the script draws; times in seconds since the epoch."""
        expected, layers = expected_of(self.run, now), chart.layers(self.samples)
        return {
            "run": {
                "id": str(self.run.pk),
                "number": self.number,
                "state": self.run.state,
                "isActive": self.run.is_active,
                "startedAt": self.run.started_at.timestamp(),
                "printer": self.run.printer.serial if self.run.printer else None,
                "gapSeconds": min(Course.read(self.run.course).longest_seconds, NEVER_SECONDS),
            },
            "now": now.timestamp(),
            "columns": _columns([one.point for one in self.samples]),
            "gaps": chart.gaps(self.samples),
            "pauses": chart.pauses(self.steps),
            "layers": {"every": layers.every, "ticks": layers.ticks},
            "marks": [mark._asdict() for mark in self.marks],
            "expected": expected and {
                "finish": expected.finish.timestamp(),
                "spreadSeconds": expected.spread.total_seconds() if expected.spread else None,
            },
        }  # fmt: skip


def _percent(point: Point) -> str:
    """Return the percent in words: nothing is whole before its printer says that it is done."""
    return f"{display.percent(point.percent if point.state == RunState.COMPLETED else min(point.percent, 99.9))}%"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _columns(points: Sequence[Point]) -> dict[str, Sequence[Any]]:
    """Return the points as the wire has them: a list for each thing that is known of them."""
    names = ("at", "state", "percent", "layer", "nozzleC", "bedC")
    return dict(zip(names, [*zip(*points, strict=True)] or [()] * len(names), strict=True))


def shown_chart(job: PrintQueue, runs: Sequence[PrintRun], chosen: str | None) -> ShownChart | None:
    """Return the chart of the run whose id is `chosen`, else of the job's present one, else of the last.

    `runs` are all of the job, the newest first. None: the job was not printed yet.
    """
    numbered = [(len(runs) - index, run) for index, run in enumerate(runs)]
    for number, run in numbered:
        if str(run.pk) == chosen:
            return ShownChart(job, run, number, numbered, is_chosen=True)
    present = [one for one in numbered if one[1].pk == job.current_run_id]
    for number, run in present or numbered:
        return ShownChart(job, run, number, numbered, is_chosen=False)
    return None
