"""When each periodic task is due: what processes agree by, so that each turn is done once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models


class PeriodicTask(models.Model):
    """One task, by name."""

    name = models.CharField(max_length=80, unique=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def claim(cls, name: str, every: timedelta, now: datetime) -> bool:
        """Whether the task is due at `now` and the caller is the one to do it; it is due next after `every`."""
        if cls.objects.filter(name=name, due_at__lte=now).update(due_at=now + every):
            return True
        if cls.objects.filter(name=name).exists():
            return False
        _, is_mine = cls.objects.get_or_create(name=name, defaults={"due_at": now + every})
        return is_mine
