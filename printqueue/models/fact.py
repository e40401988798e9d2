"""Facts: what happened to a print that somebody may have to hear of. Each is written once, with what brought it about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.models.printer import Printer
from printqueue.models.run import PrintRun, RunState


class FactKind(models.TextChoices):
    """What happened. The words are those of settings and filters; what is said to people is made of templates."""

    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled at the printer")
    UNKNOWN_END = "unknown_end", _("Ended, nobody knows how")
    PAUSED = "paused", _("Paused by the printer")
    ERROR = "error", _("Error named by the printer")
    OFFLINE = "offline", _("Printer offline while printing")
    NO_REPORTS = "no_reports", _("Client offline while printing")
    NO_MOVEMENT = "no_movement", _("Stalled: no movement")
    PAUSED_TOO_LONG = "paused_too_long", _("Paused for too long")
    UNMATCHED = "unmatched", _("Waiting for its job")
    RECOVERED = "recovered", _("Going on again")


STALLS: Final = frozenset({FactKind.OFFLINE, FactKind.NO_REPORTS, FactKind.NO_MOVEMENT, FactKind.PAUSED_TOO_LONG})
"""Kinds that last: true from `at` until `cleared_at`, and at most one of each at a time for a run."""

ONCE: Final = frozenset(
    {FactKind.COMPLETED, FactKind.FAILED, FactKind.CANCELLED, FactKind.UNKNOWN_END, FactKind.UNMATCHED}
)
"""Kinds that happen to a run once, however often it is told."""


KIND_OF_STATE: Final[Mapping[str, FactKind]] = {
    RunState.COMPLETED: FactKind.COMPLETED,
    RunState.FAILED: FactKind.FAILED,
    RunState.CANCELLED: FactKind.CANCELLED,
    RunState.UNKNOWN_END: FactKind.UNKNOWN_END,
    RunState.PAUSED: FactKind.PAUSED,
}
"""What it means that a run came into a state."""


class Fact(models.Model):
    """One thing that happened to a run. It is also the outbox: `routed_at` is empty until alerts were made of it."""

    kind = models.CharField(max_length=20, choices=FactKind.choices)
    run = models.ForeignKey(PrintRun, related_name="facts", on_delete=models.CASCADE)
    printer = models.ForeignKey(Printer, null=True, blank=True, related_name="facts", on_delete=models.PROTECT)
    job = models.ForeignKey(
        "PrintQueue", null=True, blank=True, related_name="facts", on_delete=models.PROTECT,
        help_text=_("The job of the run when it happened."),
    )  # fmt: skip
    at = models.DateTimeField(help_text=_("When it happened, by the server's clock."))
    noticed_at = models.DateTimeField(help_text=_("When PrintFactory learned of it."))
    detail = models.CharField(
        max_length=300, blank=True, help_text=_("The printer's reason or error, if it named one.")
    )
    cleared_at = models.DateTimeField(null=True, blank=True, help_text=_("When a stall ended."))
    routed_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was decided whom to tell."))

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [
            # The outbox and the stalls of now: of all facts ever, only those that are not dealt with.
            models.Index(fields=["noticed_at"], name="fact_unrouted", condition=models.Q(routed_at=None)),
            models.Index(fields=["job", "at"], name="fact_job_at"),
            models.Index(fields=["printer", "-at"], name="fact_printer_at"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "kind"],
                condition=models.Q(kind__in=sorted(STALLS), cleared_at=None),
                name="one_stall_a_run_and_kind",
            ),
            models.UniqueConstraint(
                fields=["run", "kind"], condition=models.Q(kind__in=sorted(ONCE)), name="one_fact_a_run_and_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.run}"

    @property
    def reason(self) -> str:
        """Return its detail in words: of a print that goes on again, after which stall."""
        if self.kind == FactKind.RECOVERED and self.detail in STALLS:
            return f"after “{FactKind(self.detail).label}”"
        return self.detail

    @classmethod
    def of(cls, run: PrintRun, kind: FactKind, *, at: datetime, noticed_at: datetime, detail: str = "") -> Fact:
        """Return a new fact of `run` as it is now; the caller saves it in the transaction of what brought it about."""
        return cls(
            kind=kind, run=run, printer=run.printer, job=run.job, at=at, noticed_at=noticed_at, detail=detail[:300]
        )
