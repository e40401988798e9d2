"""The columns of a print job, and what the database holds them to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Final

from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from printqueue import protocol
from printqueue.file_words import LONGEST_KEY
from printqueue.live.revisions import Revisioned
from printqueue.models.estimated import Estimated
from printqueue.models.job_state import ACTIVE, ENDED, Attention, JobState
from printqueue.models.order import Stage
from printqueue.models.printer import Printer
from printqueue.models.run import PrintRun, Stalled

_YEARS: Final = _("Expected a year from 1900 to 2999.")
_IN_THESE_YEARS: Final = (
    MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC), _YEARS),
    MaxValueValidator(datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC), _YEARS),
)
"""As the API has it: a time at the end of the calendar overflows in some zone, and PostgreSQL gives back none after it."""


class JobRow(Estimated, Revisioned):
    """A row of the queue. What happens at a printer is read from its run, and copied here where the list needs it."""

    code = models.CharField(max_length=8, unique=True, editable=False)
    design_name = models.CharField(_("design"), max_length=200)
    customer_id = models.CharField(_("customer"), max_length=20, blank=True)
    note = models.CharField(max_length=500, blank=True)
    print_file_name = models.CharField(_("print file"), max_length=protocol.MAX_FILE_NAME)
    file_key = models.CharField(max_length=protocol.MAX_FILE_NAME * 3, editable=False, db_index=True)
    customer_key = models.CharField(max_length=LONGEST_KEY, editable=False, db_index=True, default="")
    design_key = models.CharField(max_length=LONGEST_KEY, editable=False, default="")
    copies = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(999)])
    copies_done = models.PositiveSmallIntegerField(default=0, editable=False)
    rush = models.BooleanField(default=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, validators=_IN_THESE_YEARS)
    wanted_printer = models.ForeignKey(
        Printer, verbose_name=_("printer"), null=True, blank=True, related_name="+", on_delete=models.PROTECT
    )
    printer = models.ForeignKey(
        Printer, null=True, blank=True, editable=False, related_name="jobs", on_delete=models.PROTECT,
        help_text=_("The one it is on; before that, the one it is wanted on."),
    )  # fmt: skip
    is_enabled = models.BooleanField(_("shown"), default=True)

    state = models.CharField(max_length=20, choices=JobState.choices, default=JobState.READY, editable=False)
    stage = models.PositiveSmallIntegerField(choices=Stage.choices, default=Stage.READY, editable=False)
    queue_order = models.BigIntegerField(default=0, editable=False)
    ready_order = models.BigIntegerField(
        null=True, blank=True, editable=False,
        help_text=_("Its order when it was last ready, to go back to when its print turns out to be another job's."),
    )  # fmt: skip
    attention = models.CharField(max_length=20, choices=Attention.choices, blank=True, editable=False)
    stall = models.CharField(
        max_length=20, choices=Stalled.choices, blank=True, editable=False, help_text=_("Why its print does not go on.")
    )
    current_run = models.ForeignKey(
        PrintRun, null=True, blank=True, editable=False, related_name="+", on_delete=models.PROTECT,
        help_text=_("The run that moves it, or moved it last."),
    )  # fmt: skip
    match_reason = models.CharField(max_length=200, blank=True, editable=False)
    progress = models.FloatField(null=True, blank=True, editable=False)
    progress_last_report_time = models.DateTimeField(null=True, blank=True, editable=False)
    remaining_seconds = models.PositiveIntegerField(null=True, blank=True, editable=False)
    layer = models.PositiveIntegerField(null=True, blank=True, editable=False)
    total_layers = models.PositiveIntegerField(null=True, blank=True, editable=False)
    estimated_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("From when the work that is left counts.")
    )
    estimated_left_seconds = models.PositiveIntegerField(null=True, blank=True, editable=False)
    estimated_spread_seconds = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text=_("Two of three such prints finish within it, either way.")
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, related_name="+", on_delete=models.SET_NULL
    )
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, related_name="+", on_delete=models.SET_NULL
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, related_name="+", on_delete=models.SET_NULL
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["stage", "queue_order", "pk"]
        verbose_name = _("print job")
        indexes: ClassVar = [
            # The list, in its order, of all printers and of one. Hidden jobs are few, and passed over in the index:
            # as its first column SQLite would not search by it, since Django compares a boolean with nothing.
            models.Index(fields=["stage", "queue_order", "id", "is_enabled"], name="job_list_order"),
            models.Index(fields=["printer", "stage", "queue_order", "id", "is_enabled"], name="job_printer_order"),
            # Whether a job that is not over wants one of the designs that a file name may have.
            models.Index(fields=["design_key", "stage", "id", "is_enabled"], name="job_design"),
            models.Index(fields=["ended_at"], name="job_ended"),  # what failed lately; what a new page is told of
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(progress=None) | models.Q(progress__range=(0, 100)), name="job_progress_0_to_100"
            ),
            models.CheckConstraint(condition=models.Q(copies__range=(1, 999)), name="job_copies_1_to_999"),
            models.CheckConstraint(
                condition=models.Q(copies_done__lte=models.F("copies")), name="job_copies_done_up_to_copies"
            ),
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ENDED), ended_at__isnull=False)
                | (~models.Q(state__in=sorted(ENDED)) & models.Q(ended_at=None)),
                name="job_ended_or_open",
            ),
            models.CheckConstraint(
                condition=models.Q(attention="") | models.Q(state__in=sorted(ACTIVE)), name="job_attention_when_active"
            ),
        ]
