"""Since when a server listens: what nobody could have reported is no silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models

BEAT_SECONDS: Final = 10.0

MISSED: Final = timedelta(seconds=30)
"""No beat for so long, and nobody listened in between: the server was down, the computer asleep, the database away. So
it is when the clock was set by more."""


class Listening(models.Model):
    """The one row that every serving process renews; a worker elsewhere reads it."""

    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="one_listening"),)

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, now: datetime) -> None:
        """Say that a server listens at `now`."""
        seen_lately = cls.objects.filter(pk=1, seen_at__range=(now - MISSED, now + MISSED))
        if not seen_lately.update(seen_at=now):
            cls.objects.update_or_create(pk=1, defaults={"since": now, "seen_at": now})

    @classmethod
    def since_when(cls, now: datetime) -> datetime | None:
        """Return since when a server listens without a break; None when none does at `now`."""
        seen_lately = cls.objects.filter(pk=1, seen_at__range=(now - MISSED, now + MISSED))
        return seen_lately.values_list("since", flat=True).first()
