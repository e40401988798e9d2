"""The record of who or what changed a state, and why. Written once, never edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models

from printqueue.models.key import PrinterKey


@dataclass(frozen=True)
class Who:
    """Who acts: a person, a program with a key, or (neither) PrintFactory itself."""

    user: User | None = None
    key: PrinterKey | None = None

    @property
    def name(self) -> str:
        """Return the name to show to people; "" for PrintFactory itself."""
        if self.user is not None:
            return self.user.get_full_name() or self.user.get_username()
        return self.key.name if self.key is not None else ""


PRINTFACTORY = Who()


class InvalidTransition(Exception):
    """The thing is not in a state from which this verb leads on."""

    def __init__(self, verb: str, current: str) -> None:
        super().__init__(f"Cannot {verb}: it is {current}.")
        self.verb = verb
        self.current = current


class Transition(models.Model):
    """One change of state of a job or of a run."""

    job = models.ForeignKey("PrintQueue", null=True, blank=True, related_name="transitions", on_delete=models.CASCADE)
    run = models.ForeignKey("PrintRun", null=True, blank=True, related_name="transitions", on_delete=models.CASCADE)
    old_state = models.CharField(max_length=20, blank=True)
    new_state = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, related_name="+", on_delete=models.SET_NULL)
    key = models.ForeignKey(PrinterKey, null=True, blank=True, related_name="+", on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["job", "at"], name="transition_job_at"),  # the timeline of a job's page
            models.Index(fields=["run", "at"], name="transition_run_at"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(job__isnull=False) ^ models.Q(run__isnull=False),
                name="transition_of_a_job_or_of_a_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_state or '·'} → {self.new_state}"

    @property
    def who(self) -> Who:
        """Return who did it."""
        return Who(user=self.user, key=self.key)


def record(subject: models.Model, *, old: str, new: str, who: Who, at: datetime, reason: str = "") -> Transition:
    """Write one transition of `subject`, a job or a run, in the transaction that is running."""
    column = "job" if subject._meta.model_name == "printqueue" else "run"
    return Transition.objects.create(
        **{column: subject}, old_state=old, new_state=new, reason=reason[:500], user=who.user, key=who.key, at=at
    )
