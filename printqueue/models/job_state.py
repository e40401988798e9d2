"""The states of a print job, and which leads to which. The one table that every surface goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.models.order import Stage
from printqueue.models.run import RunState


class JobState(models.TextChoices):
    """What became of the wish."""

    READY = "ready", _("Ready")
    PRINTING = "printing", _("Printing")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE: Final = frozenset({JobState.PRINTING, JobState.PAUSED})
ENDED: Final = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})

TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    JobState.READY: frozenset({JobState.PRINTING, JobState.CANCELLED}),
    JobState.PRINTING: frozenset({JobState.PAUSED, JobState.READY}) | ENDED,
    JobState.PAUSED: frozenset({JobState.PRINTING, JobState.READY}) | ENDED,
    JobState.COMPLETED: frozenset({JobState.READY}),
    JobState.FAILED: frozenset({JobState.READY}),
    JobState.CANCELLED: frozenset({JobState.READY}),
}

STAGES: Final[Mapping[JobState, Stage]] = {
    JobState.READY: Stage.READY,
    **dict.fromkeys(ACTIVE, Stage.ON_PRINTER),
    **dict.fromkeys(ENDED, Stage.ENDED),
}

STATE_OF_RUN: Final[Mapping[RunState, JobState]] = {
    RunState.PREPARING: JobState.PRINTING,
    RunState.PRINTING: JobState.PRINTING,
    RunState.PAUSED: JobState.PAUSED,
    RunState.COMPLETED: JobState.COMPLETED,
    RunState.FAILED: JobState.FAILED,
    RunState.CANCELLED: JobState.CANCELLED,
}
"""What a run makes of the job it drives; an unknown end leaves the job where it was."""


class Attention(models.TextChoices):
    """What a job needs a person for."""

    UNKNOWN_END = "unknown_end", _("Nobody knows how its print ended")
