"""Samples: what is kept of a report, for the chart."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.models.run import PrintRun, RunState


class Sample(models.Model):
    """One point of a run."""

    run = models.ForeignKey(PrintRun, related_name="samples", on_delete=models.CASCADE)
    at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=RunState.choices)
    progress = models.FloatField()
    layer = models.PositiveIntegerField(null=True, blank=True)
    remaining_seconds = models.PositiveIntegerField(null=True, blank=True)
    nozzle_c = models.FloatField(_("nozzle °C"), null=True, blank=True)
    bed_c = models.FloatField(_("bed °C"), null=True, blank=True)
    is_clamped = models.BooleanField(
        default=False,
        help_text=_("Its time was moved: the client's clock said later than now, or earlier than before."),
    )

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["run", "at"], name="sample_run_at"),  # the chart of one run
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(progress__range=(0, 100)), name="sample_progress_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.progress:.1f} % at {self.at:%H:%M:%S}"
