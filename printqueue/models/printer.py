"""Printers: what each of them last said of itself, and which client speaks for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue import protocol
from printqueue.live.revisions import CHANGED, Audience, Change, Revisioned, RevisionedQuerySet, save_revised
from printqueue.models.estimated import Estimated, Told
from printqueue.models.key import PrinterKey
from printqueue.models.locks import hold, in_transaction
from printqueue.rows import read_rows

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LEASE: Final = timedelta(seconds=60)
"""How long a client that fell silent still speaks for its printers."""

SILENT_AFTER: Final = timedelta(seconds=60)
"""A printer that nobody reported for this long is shown as not heard, whatever it said last."""

REPORTED_FIELDS: Final = (
    "state", "state_since", "run", "progress", "file_name", "remaining_seconds", "layer", "total_layers",
    "nozzle_c", "nozzle_target_c", "bed_c", "bed_target_c", "error_code", "error_message", "name", "model",
    "last_report_at", "last_sequence", "lease_key", "lease_client", "lease_since", "lease_until",
)  # fmt: skip
"""What a report may change."""


READ_WITH_CHANGED: Final = (
    ("context_job_id", 'SELECT "job_id" FROM "printqueue_printrun" AS run WHERE run."id" = "run_id"'),
    (
        "context_job_code",
        'SELECT job."code" FROM "printqueue_printrun" AS run'
        ' JOIN "printqueue_printqueue" AS job ON job."id" = run."job_id" WHERE run."id" = "run_id"',
    ),
    ("context_stall", 'SELECT "stall" FROM "printqueue_printrun" AS run WHERE run."id" = "run_id"'),
    ("context_key_name", 'SELECT "name" FROM "printqueue_printerkey" AS key WHERE key."id" = "lease_key_id"'),
)
"""What `changed` reads of other rows in the same query."""


class Context(NamedTuple):
    """What is told of a printer that stands in other rows: its run with its job, and the key that speaks for it."""

    job_id: int | None
    job_code: str | None
    stall: str | None
    key_name: str | None


class PrinterState(models.TextChoices):
    """The words of `protocol.ReportState`, for people."""

    OFFLINE = protocol.ReportState.OFFLINE.value, _("Offline")
    IDLE = protocol.ReportState.IDLE.value, _("Idle")
    PREPARING = protocol.ReportState.PREPARING.value, _("Preparing")
    PRINTING = protocol.ReportState.PRINTING.value, _("Printing")
    PAUSED = protocol.ReportState.PAUSED.value, _("Paused")
    COMPLETED = protocol.ReportState.COMPLETED.value, _("Completed")
    CANCELLED = protocol.ReportState.CANCELLED.value, _("Cancelled")
    FAILED = protocol.ReportState.FAILED.value, _("Failed")
    UNKNOWN_END = protocol.ReportState.UNKNOWN_END.value, _("Ended, nobody knows how")


class PrinterQuerySet(RevisionedQuerySet["Printer"]):
    """Printers as the pages and the API list them."""

    def in_use(self) -> PrinterQuerySet:
        """Return the printers that staff have not hidden."""
        return self.filter(is_enabled=True)

    def with_run(self) -> PrinterQuerySet:
        """Return the printers with what `as_wire` reads of their run, in the same query."""
        return self.select_related("run__job", "lease_key")


MOST_MINUTES: Final = 7 * 24 * 60
EDITABLE_FIELDS: Final = frozenset({"name", "silent_minutes", "still_minutes", "paused_minutes"})


def _limit(name: StrOrPromise) -> models.PositiveSmallIntegerField[int | None, int | None]:
    """Return the column of one limit of stalls."""
    return models.PositiveSmallIntegerField(
        name, null=True, blank=True, validators=[MaxValueValidator(MOST_MINUTES)],
        help_text=_("Minutes until it is a stall; empty for what holds for all printers, 0 for never."),
    )  # fmt: skip


class Printer(Estimated, Revisioned):
    """One machine, known by its serial."""

    serial = models.CharField(max_length=protocol.MAX_SERIAL, unique=True)
    name = models.CharField(max_length=protocol.MAX_PRINTER_NAME, blank=True)
    is_named_by_staff = models.BooleanField(
        default=False, editable=False, help_text=_("The client's name for it no longer counts.")
    )
    model = models.CharField(max_length=protocol.MAX_PRINTER_NAME, blank=True)
    is_enabled = models.BooleanField(_("in use"), default=True)

    state = models.CharField(max_length=20, choices=PrinterState.choices, default=PrinterState.OFFLINE)
    state_since = models.DateTimeField(null=True, blank=True)
    run = models.OneToOneField(
        "PrintRun", null=True, blank=True, related_name="+", on_delete=models.SET_NULL, help_text=_("Its active run.")
    )
    progress = models.FloatField(null=True, blank=True)
    file_name = models.CharField(max_length=protocol.MAX_FILE_NAME, blank=True)
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
    nozzle_c = models.FloatField(_("nozzle °C"), null=True, blank=True)
    nozzle_target_c = models.FloatField(_("nozzle target °C"), null=True, blank=True)
    bed_c = models.FloatField(_("bed °C"), null=True, blank=True)
    bed_target_c = models.FloatField(_("bed target °C"), null=True, blank=True)
    error_code = models.CharField(max_length=protocol.MAX_ERROR_CODE, blank=True)
    error_message = models.CharField(max_length=protocol.MAX_ERROR_MESSAGE, blank=True)

    last_report_at = models.DateTimeField(null=True, blank=True)
    last_sequence = models.BigIntegerField(null=True, blank=True)
    lease_key = models.ForeignKey(PrinterKey, null=True, blank=True, related_name="+", on_delete=models.SET_NULL)
    lease_client = models.CharField(max_length=64, blank=True)
    lease_since = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    silent_minutes = _limit(_("not heard"))
    still_minutes = _limit(_("no movement"))
    paused_minutes = _limit(_("paused"))
    links_changed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("When staff last said which job one of its runs belongs to, or one that is over was told of late."),
    )

    objects = PrinterQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "serial"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(progress=None) | models.Q(progress__range=(0, 100)), name="printer_progress_0_to_100"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.serial

    def is_held_by(self, key: PrinterKey | None, client: str) -> bool:
        """Whether (key, client) was the last to speak for this printer, be the lease still on or not."""
        holder = (key.pk if key else None, client)
        return self.lease_since is not None and (self.lease_key_id, self.lease_client) == holder

    def is_leased_to_another(self, key: PrinterKey | None, client: str, now: datetime) -> bool:
        """Whether another (key, client) speaks for this printer at `now`."""
        return self.lease_until is not None and self.lease_until > now and not self.is_held_by(key, client)

    def renew_lease(self, key: PrinterKey | None, client: str, now: datetime) -> None:
        """Let (key, client) speak for this printer until a lease after `now`."""
        if not self.is_held_by(key, client):
            self.lease_key, self.lease_client, self.lease_since = key, client, now
        self.lease_until = now + LEASE

    def is_silent(self, now: datetime) -> bool:
        """Whether nobody reported this printer lately, so that what it said last must not look live."""
        return self.last_report_at is None or now - self.last_report_at > SILENT_AFTER

    @in_transaction
    def edit(self, **fields: Any) -> None:
        """Change what staff may say of it, of EDITABLE_FIELDS; an empty name is its client's to give again.

        Raises ValidationError for a value that does not fit.
        """
        hold(Printer, [self.pk])
        self.refresh_from_db()
        for name in fields:
            setattr(self, name, fields[name])
        self.clean_fields(exclude={field.name for field in self._meta.fields} - fields.keys())
        if "name" in fields:
            self.is_named_by_staff = bool(self.name)
        save_revised([Change(self, [*fields, "is_named_by_staff"])])

    def as_wire(self) -> dict[str, Any]:
        """Return the JSON object of GET /api/printers/{serial}; `with_run` saves its queries, `changed` needs none."""
        context = self._context()
        return {
            "serial": self.serial,
            "name": str(self),
            "model": self.model,
            "enabled": self.is_enabled,
            "state": self.state,
            "stateSince": protocol.wire_time(self.state_since),
            "progress": self.progress,
            "filename": self.file_name or None,
            "remainingSeconds": self.remaining_seconds,
            "layer": self.layer,
            "totalLayers": self.total_layers,
            **self.estimate_told.on_wire,
            "nozzleC": self.nozzle_c,
            "nozzleTargetC": self.nozzle_target_c,
            "bedC": self.bed_c,
            "bedTargetC": self.bed_target_c,
            "error": {"code": self.error_code, "message": self.error_message} if self.has_error else None,
            "lastReportTime": protocol.wire_time(self.last_report_at),
            "reportedBy": context.key_name,
            "reportedSince": protocol.wire_time(self.lease_since),
            "runId": str(self.run_id) if self.run_id else None,
            "jobId": str(context.job_id) if context.job_id else None,
            "jobCode": context.job_code,
            "linksChangedTime": protocol.wire_time(self.links_changed_at),
            "stall": context.stall or None,
        }

    def _context(self) -> Context:
        """Return what `as_wire` tells of other rows."""
        read = vars(self)
        if "context_job_id" in read:
            return Context(*(read[f"context_{name}"] for name in Context._fields))
        job = self.run.job if self.run else None
        return Context(
            job_id=job.pk if job else None,
            job_code=job.code if job else None,
            stall=self.run.stall if self.run else None,
            key_name=self.lease_key.name if self.lease_key else None,
        )

    @property
    def estimate_told(self) -> Told:
        """When its print will finish, as it was when it was last reported; nothing while it is not at that print."""
        is_on = self.run_id is not None and self.state in protocol.ACTIVE_STATES
        return self.estimate_at(self.last_report_at) if is_on else Told()

    @property
    def has_error(self) -> bool:
        """Whether the printer named an error in its last report."""
        return bool(self.error_code or self.error_message)

    @classmethod
    def changed(cls, after: int, upto: int, most: int) -> list[Self]:
        return read_rows(cls, CHANGED, [after, upto] * 2, most=most, also=READ_WITH_CHANGED)

    @classmethod
    def rows_on_a_new_page(cls, now: datetime) -> PrinterQuerySet:
        return cls.objects.in_use().with_run()

    def as_event(self) -> dict[str, Any]:
        return self.as_wire()

    def event_type(self, since: int) -> str:
        return "printer"

    def event_audience(self) -> Audience:
        return Audience(job_id=None, printer_id=self.pk)


def links_changed(printer: Printer | None, at: datetime) -> list[Change]:
    """Return what is to be saved of the locked `printer` when something else was said at `at` of one of its runs: which
    job it belongs to, or how it ended although the next one is on the machine already.

    By this every open page learns of it, also of runs that are on no machine any more and belong to no job.
    """
    if printer is None:
        return []
    printer.links_changed_at = at
    return [Change(printer, ["links_changed_at"])]
