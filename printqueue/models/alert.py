"""Alerts: one fact for one target, the outbox until it is sent and the log afterwards. Each attempt to send it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.models.alert_rule import AlertRule, AlertTarget
from printqueue.models.fact import Fact
from printqueue.models.locks import in_transaction
from printqueue.models.transition import InvalidTransition


class AlertState(models.TextChoices):
    """How far an alert is."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DEAD = "dead", _("Given up")
    LOGGED = "logged", _("Too old to be sent")


TRANSITIONS: Final[Mapping[AlertState, frozenset[AlertState]]] = {
    AlertState.WAITING: frozenset({AlertState.SENDING, AlertState.DEAD}),
    AlertState.SENDING: frozenset({AlertState.SENT, AlertState.WAITING, AlertState.DEAD}),
    AlertState.SENT: frozenset(),
    AlertState.DEAD: frozenset({AlertState.WAITING}),
    AlertState.LOGGED: frozenset(),
}


class AlertQuerySet(models.QuerySet["Alert"]):
    """Alerts as delivery and the log look for them. Every change of state is a `move`."""

    def waiting(self) -> Self:
        """Return what is still to be sent and is not being sent now."""
        return self.filter(state=AlertState.WAITING, sent_at=None)

    def due(self, now: datetime) -> Self:
        """Return what is to be sent at `now`."""
        return self.waiting().filter(due_at__lte=now)

    def run_out(self, now: datetime) -> Self:
        """Return what somebody was about to send and has not said how that went in the time there was."""
        return self.filter(state=AlertState.SENDING, sent_at=None, claimed_until__lte=now)

    def move(self, new: AlertState, **values: object) -> int:
        """Move those of these rows to `new` that are, at this moment, in a state which leads there; return how many."""
        leading = [old for old, following in TRANSITIONS.items() if new in following]
        return self.filter(state__in=leading).update(state=new, **values)

    def give_up(self, why: str) -> int:
        """Send those of these alerts that wait no more, and say why; return how many."""
        return self.waiting().move(AlertState.DEAD, last_error=why[:300])


class Alert(models.Model):
    """One fact for one target: the outbox, and afterwards the log."""

    fact = models.ForeignKey(Fact, related_name="alerts", on_delete=models.CASCADE)
    target = models.ForeignKey(AlertTarget, related_name="alerts", on_delete=models.CASCADE)
    rule = models.ForeignKey(AlertRule, null=True, blank=True, related_name="alerts", on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=AlertState.choices, default=AlertState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("Not to be sent before."))
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was tried."))
    delivery = models.CharField(
        max_length=32, blank=True, db_index=True, editable=False,
        help_text=_("The message that it is, or was, sent with: what goes out as one digest shares it."),
    )  # fmt: skip
    claimed_until = models.DateTimeField(
        null=True, blank=True, help_text=_("When its sender must have said how it went.")
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    is_repeat = models.BooleanField(
        default=False, help_text=_("It may have arrived already: nobody could say how an attempt ended.")
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            # The outbox: of all alerts ever, only those that were not sent. By a null, which SQLite sees in a query too.
            models.Index(fields=["target", "due_at"], name="alert_open", condition=models.Q(sent_at=None)),
            models.Index(fields=["target", "-created_at"], name="alert_target_created"),
            models.Index(fields=["-created_at"], name="alert_created"),  # the log
        ]  # fmt: skip
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fact", "target"], name="one_alert_a_fact_and_target"),
        ]

    def __str__(self) -> str:
        return f"{self.fact.get_kind_display()} to {self.target.name}"

    @classmethod
    @in_transaction
    def claim(cls, pks: Collection[int], *, due_by: datetime, until: datetime) -> list[Alert]:
        """Take those of these alerts that are still due at `due_by`, to send them as one message by `until`.

        Whoever takes an alert is the only one to send it, until it says how that went, or `until` is over.
        """
        delivery = secrets.token_hex(16)
        cls.objects.filter(pk__in=pks).due(due_by).move(
            AlertState.SENDING, delivery=delivery, claimed_until=until, attempts=models.F("attempts") + 1
        )
        taken = cls.objects.filter(delivery=delivery).order_by("fact__at", "pk")
        return list(taken.select_related("target__owner", "rule", "fact__run", "fact__printer", "fact__job"))

    def send_again(self, *, now: datetime) -> None:
        """Let one that was given up be tried again, from the beginning. Raises InvalidTransition in another state."""
        if self.target.removed_at is not None:
            raise InvalidTransition("send it again", "for a target that was removed")
        moved = Alert.objects.filter(pk=self.pk, state=AlertState.DEAD).move(
            AlertState.WAITING, due_at=now, attempts=0, claimed_until=None
        )
        self.refresh_from_db()
        if not moved:
            raise InvalidTransition("send it again", self.get_state_display().lower())


class AttemptOutcome(models.TextChoices):
    """How an attempt ended."""

    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Broken off: it may have arrived")


class AlertAttempt(models.Model):
    """One attempt to send an alert, alone or with others."""

    alert = models.ForeignKey(Alert, related_name="log", on_delete=models.CASCADE)
    at = models.DateTimeField()
    seconds = models.FloatField(null=True, help_text=_("How long it took; empty where nobody knows."))
    outcome = models.CharField(max_length=10, choices=AttemptOutcome.choices)
    words = models.CharField(max_length=300, blank=True, help_text=_("What the other side said, without secrets."))
    together = models.PositiveIntegerField(default=1, help_text=_("How many alerts the message held."))

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} at {self.at:%H:%M:%S}"

    @classmethod
    def note(
        cls, alerts: Sequence[Alert], outcome: AttemptOutcome, words: str, *, at: datetime, took: timedelta | None
    ) -> None:
        """Write how an attempt to send `alerts` as one message ended."""
        seconds = None if took is None else round(took.total_seconds(), 3)
        AlertAttempt.objects.bulk_create(
            AlertAttempt(alert=alert, at=at, seconds=seconds, outcome=outcome, words=words[:300], together=len(alerts))
            for alert in alerts
        )
