"""Runs: each physical print, as a printer performs it. What is observed, apart from what was wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from printqueue import protocol
from printqueue.file_words import says_nothing
from printqueue.live.revisions import Change, save_revised
from printqueue.models.estimated import Estimated
from printqueue.models.locks import in_transaction, locked
from printqueue.models.printer import Printer, links_changed
from printqueue.models.transition import InvalidTransition, Who, record
from printqueue.stalls import StallKind, usual_step

if TYPE_CHECKING:
    from printqueue.models.job import PrintQueue


class RunState(models.TextChoices):
    """How far a physical print is."""

    PREPARING = protocol.ReportState.PREPARING.value, _("Preparing")
    PRINTING = protocol.ReportState.PRINTING.value, _("Printing")
    PAUSED = protocol.ReportState.PAUSED.value, _("Paused")
    COMPLETED = protocol.ReportState.COMPLETED.value, _("Completed")
    FAILED = protocol.ReportState.FAILED.value, _("Failed")
    CANCELLED = protocol.ReportState.CANCELLED.value, _("Cancelled")
    UNKNOWN_END = protocol.ReportState.UNKNOWN_END.value, _("Ended, nobody knows how")


ACTIVE: Final = frozenset({RunState.PREPARING, RunState.PRINTING, RunState.PAUSED})
TRANSITIONS: Final[Mapping[RunState, frozenset[RunState]]] = {
    RunState.PREPARING: frozenset(RunState) - {RunState.PREPARING},
    RunState.PRINTING: frozenset(RunState) - {RunState.PRINTING},
    RunState.PAUSED: frozenset(RunState) - {RunState.PAUSED},
    RunState.UNKNOWN_END: frozenset(RunState) - {RunState.UNKNOWN_END},
    RunState.COMPLETED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}

TRAY_KEEPS: Final = timedelta(hours=24)
"""How long an ended run without a job waits in the tray."""

OBSERVED_FIELDS: Final = (
    "source", "file_name", "progress", "remaining_seconds", "layer", "total_layers",
    "error_code", "error_message", "last_report_at", "last_sequence", "fed_by", "course", "moved_at", "step_seconds",
)  # fmt: skip
"""What an observation may change while the state stays."""


class Stalled(models.TextChoices):
    """The kinds of `stalls.StallKind`, for people."""

    NO_REPORTS = StallKind.NO_REPORTS.value, _("client offline")
    OFFLINE = StallKind.OFFLINE.value, _("printer offline")
    NO_MOVEMENT = StallKind.NO_MOVEMENT.value, _("no movement")
    PAUSED_TOO_LONG = StallKind.PAUSED_TOO_LONG.value, _("paused")


class RunSource(models.TextChoices):
    """Who feeds a run."""

    REPORTS = "reports", _("Printer reports")
    PUT = "put", _("Progress of a job")


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What somebody saw of a run at one moment; None and "" where they did not say."""

    state: RunState
    progress: float | None = None
    file_name: str = ""
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    sequence: int | None = None
    error_code: str = ""
    error_message: str = ""


class PrintRunQuerySet(models.QuerySet["PrintRun"]):
    """Runs as the tray, the pages and the reports look for them."""

    def active(self) -> Self:
        """Return the runs that are on a machine: by the column whose index holds these alone, however many ended."""
        return self.filter(ended_at=None)

    def to_be_measured(self) -> Self:
        """Return the runs that completed under our eyes, of which nothing is kept yet for later."""
        return self.filter(state=RunState.COMPLETED, is_measured=False, is_history=False)

    def unmatched(self, now: datetime) -> Self:
        """Return the runs that wait for a person to say which job they are: active, or ended lately."""
        # Each half by itself is a range of the index that holds just such runs: however many ended, those of a day alone
        # are looked at. In one condition, joined by "or", neither database takes them for that.
        unlinked = PrintRun.objects.filter(job=None, is_history=False).order_by().values("pk")
        lately = unlinked.filter(ended_at=None).union(unlinked.filter(ended_at__gt=now - TRAY_KEEPS), all=True)
        return self.filter(pk__in=lately, not_ours_at=None, printer__is_enabled=True)


class PrintRun(Estimated, models.Model):
    """One physical print, from its start to its end. It may belong to no job."""

    printer = models.ForeignKey(Printer, null=True, blank=True, related_name="runs", on_delete=models.PROTECT)
    job = models.ForeignKey("PrintQueue", null=True, blank=True, related_name="runs", on_delete=models.PROTECT)
    run_key = models.CharField(max_length=protocol.MAX_RUN_KEY, db_index=True)
    source = models.CharField(max_length=10, choices=RunSource.choices, default=RunSource.REPORTS)
    state = models.CharField(max_length=20, choices=RunState.choices)
    is_history = models.BooleanField(
        default=False, help_text=_("It had ended already when the printer was seen for the first time.")
    )
    file_name = models.CharField(max_length=protocol.MAX_FILE_NAME, blank=True)

    progress = models.FloatField(default=0)
    remaining_seconds = models.PositiveIntegerField(null=True, blank=True)
    layer = models.PositiveIntegerField(null=True, blank=True)
    total_layers = models.PositiveIntegerField(null=True, blank=True)
    estimated_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("From when the work that is left counts.")
    )
    estimated_left_seconds = models.PositiveIntegerField(null=True, blank=True, editable=False)
    estimated_spread_seconds = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text=_("Two of three such prints finish within it, either way.")
    )
    error_code = models.CharField(max_length=protocol.MAX_ERROR_CODE, blank=True)
    error_message = models.CharField(max_length=protocol.MAX_ERROR_MESSAGE, blank=True)

    state_since = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True, help_text=_("When its percent or layer changed last."))
    step_seconds = models.FloatField(
        null=True, blank=True, help_text=_("How long it lately took from one change of percent or layer to the next.")
    )
    stall = models.CharField(max_length=20, choices=Stalled.choices, blank=True)
    stall_since = models.DateTimeField(null=True, blank=True, help_text=_("Since when it is as its stall says."))

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    last_report_at = models.DateTimeField(null=True, blank=True)
    last_sequence = models.BigIntegerField(null=True, blank=True)
    fed_by = models.CharField(max_length=100, blank=True, help_text=_("Who sends its reports."))
    course = models.TextField(
        blank=True, editable=False, help_text=_("What decides whether its next report is one sample more.")
    )

    is_measured = models.BooleanField(
        default=False, editable=False, help_text=_("It completed, and what is kept of that for later is in place.")
    )
    file_key = models.CharField(max_length=protocol.MAX_FILE_NAME * 3, blank=True, default="", editable=False)
    worked_seconds = models.FloatField(
        null=True, blank=True, editable=False, help_text=_("Without pauses; known where it was seen from begin to end.")
    )
    marks = models.CharField(
        max_length=100, blank=True, default="", editable=False,
        help_text=_("Worked seconds at 10, 25, 50 and 75 %."),
    )  # fmt: skip
    worth = models.TextField(
        blank=True, default="", editable=False, help_text=_("How far off its finish was foretold, by each source.")
    )

    is_counted = models.BooleanField(default=False, help_text=_("It is one of its job's good copies."))
    match_reason = models.CharField(max_length=200, blank=True)
    linked_by = models.ForeignKey(User, null=True, blank=True, related_name="+", on_delete=models.SET_NULL)
    linked_at = models.DateTimeField(null=True, blank=True)
    not_ours_by = models.ForeignKey(User, null=True, blank=True, related_name="+", on_delete=models.SET_NULL)
    not_ours_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When staff said that it is for no job of the queue.")
    )

    objects = PrintRunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        verbose_name = _("run")
        indexes: ClassVar = [
            models.Index(fields=["job", "-started_at"], name="run_job_started"),  # the runs of a job's page
            models.Index(fields=["printer", "-started_at"], name="run_printer_started"),  # those of a printer's page
            # The tray: of all runs ever, only those without a job.
            models.Index(fields=["job", "ended_at"], name="run_unmatched", condition=models.Q(job=None, is_history=False)),
            # Each of these holds completed runs alone, which no report changes.
            models.Index(
                fields=["ended_at"], name="run_to_measure",
                condition=models.Q(state=RunState.COMPLETED.value, is_measured=False, is_history=False),
            ),
            models.Index(
                fields=["file_key", "ended_at"], name="run_earlier", condition=models.Q(worked_seconds__isnull=False)
            ),
            models.Index(fields=["ended_at"], name="run_worth", condition=models.Q(worth__gt="")),
        ]  # fmt: skip
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["printer", "run_key"], name="one_run_a_printer_and_key"),
            models.UniqueConstraint(
                fields=["run_key"], condition=models.Q(printer=None), name="one_run_a_key_without_printer"
            ),
            models.UniqueConstraint(
                fields=["printer"], condition=models.Q(ended_at=None), name="one_active_run_a_printer"
            ),
            models.CheckConstraint(condition=models.Q(progress__range=(0, 100)), name="run_progress_0_to_100"),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ACTIVE), ended_at=None)
                | (~models.Q(state__in=sorted(ACTIVE)) & models.Q(ended_at__isnull=False)),
                name="run_ended_or_active",
            ),
            models.CheckConstraint(
                condition=models.Q(stall="") | models.Q(ended_at=None), name="run_stalled_when_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name or self.run_key} on {self.printer or 'no printer'}"

    @property
    def is_active(self) -> bool:
        """Whether it is on a machine."""
        return self.state in ACTIVE

    @property
    def is_decided(self) -> bool:
        """Whether a person took it off its job, or said that it is not ours: no report links it any more."""
        return self.job_id is None and (self.linked_at is not None or self.not_ours_at is not None)

    @property
    def ends_with_its_job(self) -> bool:
        """Whether nobody but staff, who close its job, can still say how it ended: its printer does not report it."""
        return self.state == RunState.UNKNOWN_END or (self.is_active and self.source == RunSource.PUT)

    def change_state(self, new: RunState, *, who: Who, at: datetime, reason: str = "") -> None:
        """Move this locked run to `new` and record it; the caller saves. `at` is also its end, if `new` is one.

        Raises InvalidTransition from a state that does not lead there.
        """
        old = RunState(self.state)
        if new not in TRANSITIONS[old]:
            raise InvalidTransition(f"become {new}", old)
        if new not in ACTIVE:
            self.forget_estimate()
        elif new == RunState.PAUSED:
            self.pause_estimate(at)
        elif old == RunState.PAUSED:
            self.resume_estimate(at)
        self.state, self.state_since = new, at
        self.ended_at = None if new in ACTIVE else at
        if self.ended_at is not None:
            self._end_stalls(at)
        record(self, old=old, new=new, who=who, at=at, reason=reason)

    @property
    def reason_of_state(self) -> str:
        """Return why it is in its state, as far as the printer said."""
        where = f"On {self.printer}" if self.printer else ""
        return ": ".join(part for part in (where, self.error_text) if part)

    @property
    def error_text(self) -> str:
        """Return the error that the printer names, or ""."""
        return " ".join(part for part in (self.error_code, self.error_message) if part)

    def is_newer(self, sequence: int | None) -> bool:
        """Whether a report with this sequence says something that this run does not know yet."""
        return sequence is None or self.last_sequence is None or sequence > self.last_sequence

    def agrees_with(self, file_name: str) -> bool:
        """Whether `file_name` may be this run's: the same when normalised, or one of the two is not known."""
        ours, theirs = protocol.file_name_key(self.file_name), protocol.file_name_key(file_name)
        return not ours or not theirs or ours == theirs

    def observe(self, seen: Observation, *, who: Who, at: datetime) -> None:
        """Take over what was seen at `at`; the caller holds the lock and saves.

        Raises InvalidTransition when the run has ended and its end is known.
        """
        self.error_code, self.error_message = seen.error_code, seen.error_message
        if seen.state != self.state:
            self.change_state(seen.state, who=who, at=at, reason=self.error_text)
        self._note_movement(seen, at)
        if seen.progress is not None:
            self.progress = seen.progress
        if seen.file_name and seen.file_name != self.file_name and says_nothing(self.file_name):
            self.file_name = seen.file_name
        self.remaining_seconds = seen.remaining_seconds if self.is_active else None
        self.layer = seen.layer if seen.layer is not None else self.layer
        self.total_layers = seen.total_layers if seen.total_layers is not None else self.total_layers
        self.heard(at, seen.sequence)

    def _note_movement(self, seen: Observation, at: datetime) -> None:
        """Note if `seen` differs in percent or layer from what is known, and how long that step took."""
        is_at_another_percent = seen.progress is not None and seen.progress != self.progress
        if not is_at_another_percent and (seen.layer is None or seen.layer == self.layer):
            self.moved_at = self.moved_at or at
            return
        if self.state == RunState.PRINTING and self.moved_at is not None and self.state_since is not None:
            seconds = (at - max(self.moved_at, self.state_since)).total_seconds()
            self.step_seconds = usual_step(self.step_seconds, seconds)
        self.moved_at = at

    def _end_stalls(self, at: datetime) -> None:
        """End what held when the run ended at `at`: nothing is said of it, as the end says it all."""
        if self.stall:
            # By the printer's time the end may have been before the stall was noticed.
            cleared_at = Greatest("at", models.Value(at, models.DateTimeField()))
            self.facts.filter(kind__in=Stalled.values, cleared_at=None).update(cleared_at=cleared_at)
        self.stall, self.stall_since = "", None

    def heard(self, at: datetime, sequence: int | None = None) -> None:
        """Note that somebody reported at `at`, and with which sequence; the caller saves."""
        self.last_report_at = at
        self.last_sequence = sequence if sequence is not None else self.last_sequence

    def join(self, job: PrintQueue, reason: str, *, by: Who, now: datetime) -> None:
        """Belong to `job` for `reason`; the caller saves."""
        self.job = job
        self.match_reason = reason
        self.linked_by, self.linked_at = by.user, now
        self.not_ours_by = self.not_ours_at = None

    def leave(self) -> None:
        """Belong to no job; the caller saves. `linked_at` stays, and tells that somebody has decided since."""
        self.job = self.linked_by = None
        self.match_reason, self.is_counted = "", False

    # ------------------------------------------------------------------ what people do with it

    @in_transaction
    def not_ours(self, *, by: Who, now: datetime) -> None:
        """Say that it is for no job of the queue, so that it leaves the tray; `ours` takes that back.

        Raises InvalidTransition when it belongs to a job by now.
        """
        printer = self.lock()
        if self.job is not None:
            raise InvalidTransition("set a print aside as not ours", f"linked to {self.job.code} by now")
        if self.not_ours_at is None:
            self._set_not_ours(now, by.user, printer, now)

    @in_transaction
    def ours(self, *, now: datetime) -> None:
        """Undo `not_ours`."""
        printer = self.lock()
        if self.not_ours_at is not None:
            self._set_not_ours(None, None, printer, now)

    def _set_not_ours(self, at: datetime | None, by: User | None, printer: Printer | None, now: datetime) -> None:
        self.not_ours_at, self.not_ours_by = at, by
        self.save(update_fields=["not_ours_at", "not_ours_by"])
        save_revised(links_changed(printer, now))

    def lock(self) -> Printer | None:
        """Lock its printer, which is returned, then the run itself; this object is read anew.

        Whoever gives it a job, or takes it away, locks the printer first.
        """
        seen = PrintRun.objects.get(pk=self.pk)
        printer = locked(Printer, [seen.printer_id]).get(seen.printer_id or 0)
        self.refresh_from_db(from_queryset=PrintRun.objects.select_for_update(no_key=True))
        return printer


def printer_shows(run: PrintRun, stall_before: str) -> list[Change]:
    """Return what is to be saved of the locked printer of `run`, which shows the run's stall, if that changed."""
    if run.stall == stall_before or run.printer is None or run.printer.run_id != run.pk:
        return []
    return [Change(run.printer, [])]


def linked_by(who: Who, now: datetime) -> str:
    """Return the reason of a link that a person made, with the time of day in the house's zone, whoever reads it."""
    at = timezone.localtime(now, timezone.get_default_timezone())
    return f"linked by {who.name[:150]} at {at:%H:%M}" if who.name else "linked by hand"
