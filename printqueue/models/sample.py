"""Samples: what is kept of a run's reports, for the chart. Which, is for `history` to say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.estimate import Seen
from printqueue.history import Kept, Point
from printqueue.models.locks import in_transaction
from printqueue.models.run import PrintRun, RunState
from printqueue.protocol import ReportState


class Sample(models.Model):
    """One point of a run. A chart draws straight lines from each to the next, and none to one that follows a gap."""

    # Without an index of its own: that of the constraint below begins with it.
    run = models.ForeignKey(PrintRun, related_name="samples", on_delete=models.CASCADE, db_index=False)
    number = models.IntegerField(help_text=_("Its place within the run. The last one moves on with each report."))
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
    follows_gap = models.BooleanField(default=False, help_text=_("Nobody reported for a while before it."))

    class Meta:
        ordering: ClassVar = ["run_id", "number"]
        constraints: ClassVar = [
            # Also the chart of one run. Moving the last sample changes no index.
            models.UniqueConstraint(fields=["run", "number"], name="one_sample_a_run_and_number"),
            models.CheckConstraint(condition=models.Q(progress__range=(0, 100)), name="sample_progress_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.progress:.1f} % at {self.at:%H:%M:%S}"

    @property
    def point(self) -> Point:
        """Return it as `history` sees it."""
        return Point(self.at.timestamp(), str(self.state), float(self.progress), self.layer, self.nozzle_c, self.bed_c)

    @property
    def kept(self) -> Kept:
        """Return it as `history` sees what is kept."""
        return Kept(self.number, self.point, self.follows_gap)

    @classmethod
    @in_transaction
    def forget(cls, before: datetime, most: int) -> int:
        """Delete those of the `most` oldest samples that are of a time before `before`; return how many.

        Looked for by primary key, which rises with the time of receipt: no search, and no index for it.
        """
        oldest = cls.objects.order_by("pk").values_list("pk", "at")[:most]
        old = [pk for pk, at in oldest if at < before]
        # No report waits for these rows: a run that is reported again moves its last sample, and was not that old then.
        return cls.objects.filter(pk__in=old, at__lt=before).delete()[0] if old else 0


def seen_of(runs: Iterable[PrintRun]) -> dict[int, list[Seen]]:
    """Return what was seen of each of `runs`, by its primary key, in one query."""
    samples = Sample.objects.filter(run__in=[run.pk for run in runs]).order_by("run_id", "number")
    rows = samples.values_list("run_id", "at", "state", "progress", "remaining_seconds", "layer")
    return {
        pk: [
            Seen(at, ReportState(state), percent, remaining, layer) for _, at, state, percent, remaining, layer in some
        ]
        for pk, some in groupby(rows.iterator(), key=lambda row: row[0])
    }
