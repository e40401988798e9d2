"""What the pages show of a job: prepared here, so that the templates only write it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from printqueue.file_names import certain_name
from printqueue.forecast import Done
from printqueue.models import JobState, PrinterState, PrintQueue, RunSource, Transition
from printqueue.models.estimated import Told
from printqueue.models.job import PrintQueueQuerySet
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge
from printqueue.views.pages.shown_run import UNKNOWN_END, Why
from printqueue.views.pages.shown_stall import ShownStall


@dataclass(frozen=True)
class ShownJob:
    """A job at one moment."""

    job: PrintQueue
    now: datetime
    position: int | None = None
    """Its place among all ready jobs, from 1; None for a job that is not ready."""
    is_first: bool = False
    """Whether no ready job is before it."""
    is_last: bool = False
    """Whether no ready job is behind it."""
    foreseen: Done | None = None
    """When it will be done, of a ready job, as the queue and the printers stand."""

    @property
    def is_silent(self) -> bool:
        """Whether its printer is off, or was not heard for a minute: what it said last must not look live."""
        if self.heard_at is None or self.job.printer is None:
            return False
        return self.job.printer.state == PrinterState.OFFLINE or self.job.printer.is_silent(self.now)

    @property
    def heard_at(self) -> datetime | None:
        """When its printer was heard last, if it is printed there and fed by reports of that printer."""
        run = self.job.current_run
        if not self.job.is_active or run is None or run.source != RunSource.REPORTS or self.job.printer is None:
            return None
        return self.job.printer.last_report_at

    @property
    def stall(self) -> ShownStall | None:
        """Why its print does not go on, if it hangs."""
        return ShownStall.of(self.job.current_run) if self.job.stall else None

    @property
    def badge(self) -> Badge:
        if self.job.attention:
            return UNKNOWN_END
        if self.job.stall:
            return display.badge("stalled", self.job.progress)
        if self.is_silent:
            return display.badge("offline", self.job.progress)
        return display.badge(self.job.state, self.job.progress)

    @property
    def bar(self) -> str:
        if self.job.stall:
            return display.bar("stalled", self.job.progress)
        if self.job.attention or self.is_silent:
            return "stale"
        return display.bar(self.job.state, self.job.progress)

    @property
    def hero_bar(self) -> str:
        """The pattern of the bar on its own page, which is always there."""
        return "completed" if self.job.state == JobState.COMPLETED else self.bar

    @property
    def hero_value(self) -> float:
        """How full that bar is: 0 to 100."""
        return 100.0 if self.job.state == JobState.COMPLETED else self.job.progress or 0.0

    @property
    def has_bar(self) -> bool:
        """Whether its percent means anything."""
        return self.job.is_active

    @property
    def figure(self) -> str:
        """The large text of its own page: a percent, or a word."""
        if self.job.state == JobState.COMPLETED:
            return "Print Successful"
        return display.figure(self.job.state, self.job.progress)

    @property
    def is_percent(self) -> bool:
        """Whether the large text is a number."""
        return self.figure[0].isdigit()

    @property
    def fresh_at(self) -> datetime | None:
        """When it was reported last; for an ended job without any report, when it ended."""
        return self.job.progress_last_report_time or self.job.ended_at

    @property
    def is_foretold(self) -> bool:
        """Whether what is known of its finish holds: nobody asks how it ended, it goes on, and its printer is heard."""
        is_doubtful = self.job.attention or self.job.stall or self.is_silent or self._has_passed
        return self.job.is_active and not is_doubtful

    @property
    def _has_passed(self) -> bool:
        """Whether a client that may report as seldom as it likes fell silent until after the finish that it told."""
        run, reported_at = self.job.current_run, self.job.progress_last_report_time
        if run is None or run.source != RunSource.PUT:
            return False
        estimated = self.job.estimate_at(reported_at).finish
        done_at = display.finish(self.job.state, reported_at, self.job.remaining_seconds, estimated)
        return done_at is not None and done_at <= self.now

    @property
    def told(self) -> Told:
        """The estimate, as it was when it was last reported."""
        return self.job.estimate_at(self.job.progress_last_report_time) if self.is_foretold else Told()

    @property
    def said(self) -> int | None:
        """How many seconds are left by the printer, if it says so and is heard."""
        return self.job.remaining_seconds if self.is_foretold else None

    @property
    def done_at(self) -> datetime | None:
        """When it will be done: as it is estimated, else as its printer says."""
        return display.finish(self.job.state, self.job.progress_last_report_time, self.said, self.told.finish)

    @property
    def sure(self) -> str:
        """How sure that is, or whose figure."""
        return display.sure(self.said, self.told.spread)

    @property
    def whose(self) -> str:
        return display.whose(self.said, self.told.spread)

    @property
    def late(self) -> str:
        """By how much it will be late, in words; "" when it will not, or nobody knows."""
        return display.late(self.done_at, self.job.due_at)

    @property
    def foreseen_at(self) -> datetime | None:
        """When it will be done, no more exactly than that can be known."""
        return None if self.foreseen is None else display.roughly(self.foreseen.at, self.now)

    @property
    def foreseen_word(self) -> str:
        """How sure that is."""
        return "perhaps" if self.foreseen is not None and self.foreseen.is_guess else "about"

    @property
    def foreseen_why(self) -> str:
        """The same at length, for hovering."""
        if self.foreseen is None:
            return ""
        guess = " How long it takes, or what is printed before it, is guessed from recent prints."
        return f"If the queue is printed in this order.{guess if self.foreseen.is_guess else ''}"

    @property
    def foreseen_late(self) -> str:
        """By how much it will be late if so, in words."""
        return display.late(self.foreseen.at if self.foreseen is not None else None, self.job.due_at)

    @property
    def layers(self) -> str:
        return display.layers(self.job.layer, self.job.total_layers)

    @property
    def remaining(self) -> str:
        """How long it still takes, in words; "" when nobody knows."""
        return display.duration(display.left(self.said, self.told.left))

    @property
    def tells_left_alone(self) -> bool:
        """Whether it is known how long it still takes, and not when that will be over."""
        return bool(self.remaining) and self.done_at is None

    @property
    def remaining_note(self) -> str:
        """The second line of the list's time column."""
        if self.job.attention:
            return "nobody saw it end"
        if self.job.stall:
            return ""
        if self.is_silent:
            return "printer not heard"
        if self.remaining:
            return "" if self.tells_left_alone else f"{self.remaining} left"
        if self.job.state == JobState.FAILED:
            return str(getattr(self.job, "last_reason", "") or "")
        return self.took

    @property
    def why(self) -> Why:
        """Why its print is taken for its own; of a job whose print was taken off it what was known."""
        run = self.job.current_run
        return Why.of(run) if run is not None else Why(self.job.match_reason)

    @property
    def certain_name(self) -> str:
        """The name of a file whose print is linked to this job for certain."""
        return certain_name(self.job.design_name, self.job.code, self.job.print_file_name)

    @property
    def took(self) -> str:
        """How long an ended job was printed, in words."""
        if self.job.ended_at is None or self.job.started_at is None:
            return ""
        return f"took {display.duration((self.job.ended_at - self.job.started_at).total_seconds())}"

    @property
    def due(self) -> str:
        return "" if self.job.due_at is None else display.due(self.job.due_at, self.now)

    @property
    def is_overdue(self) -> bool:
        return self.job.due_at is not None and self.job.ended_at is None and self.job.due_at < self.now

    @property
    def can_start(self) -> bool:
        return self.job.state == JobState.READY

    @property
    def can_retry(self) -> bool:
        return self.job.state in {JobState.FAILED, JobState.CANCELLED}

    @property
    def can_cancel(self) -> bool:
        return self.job.can_become(JobState.CANCELLED)


def with_last_reason(jobs: PrintQueueQuerySet) -> PrintQueueQuerySet:
    """Fetch, in the same query, why each job is in its state."""
    latest = Transition.objects.filter(job=OuterRef("pk")).order_by("-at", "-pk")
    return jobs.annotate(last_reason=Subquery(latest.values("reason")[:1]))
