"""Alerts: who wants to hear of what, where, and what was told. Facts say what happened."""

from __future__ import annotations

import secrets
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.alerts import channels, sealing
from printqueue.models.fact import Fact, FactKind
from printqueue.models.locks import in_transaction
from printqueue.models.transition import InvalidTransition

if TYPE_CHECKING:
    from printqueue.alerts.courier import Answer
    from printqueue.models.printer import Printer

REMOVED: Final = "The target was removed."


class AlertTarget(models.Model):
    """A place that alerts go to: somebody's phone, a mail address, a channel of the shop."""

    owner = models.ForeignKey(
        User, null=True, blank=True, related_name="alert_targets", on_delete=models.CASCADE,
        help_text=_("Whose it is; nobody's: the whole shop's."),
    )  # fmt: skip
    name = models.CharField(max_length=80, help_text=_("Such as “My phone”."))
    scheme = models.CharField(max_length=30, editable=False)
    sealed_url = models.TextField(editable=False)
    is_enabled = models.BooleanField(default=True, help_text=_("Off: what happens meanwhile is not told later either."))
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        verbose_name = _("alert target")

    def __str__(self) -> str:
        return f"{self.name} ({self.channel})"

    @property
    def channel(self) -> str:
        """Return what kind of place it is, in words."""
        return channels.label(self.scheme)

    @property
    def is_legible(self) -> bool:
        """Whether its URL can still be opened: not after SECRET_KEY was changed."""
        try:
            return bool(self.unseal())
        except sealing.CannotUnseal:
            return False

    def seal(self, url: str) -> None:
        """Take an Apprise URL, or a plain e-mail address; the caller saves. Nobody is shown it again.

        Raises ValidationError for the field `url` when no alert may go there.
        """
        try:
            self.scheme, to_be_sealed = channels.checked(url)
        except channels.Refused as reason:
            raise ValidationError({"url": str(reason)}) from None  # the cause might hold a piece of the URL
        self.sealed_url = sealing.seal(to_be_sealed)

    def unseal(self) -> str:
        """Return the URL, to be sent to and never to be shown. Raises CannotUnseal."""
        return sealing.unseal(self.sealed_url)

    def edit(self, *, name: str, url: str = "") -> None:
        """Call it `name`, and send to `url` from now on; "" keeps the one that it has.

        Raises ValidationError, for `url` or `name`, and saves nothing then.
        """
        self.name = name
        if url:
            self.seal(url)
        self.full_clean()
        # Whoever edits it does not undo that somebody switched it off, or removed it, meanwhile.
        changed = ["name", "scheme", "sealed_url"] if url else ["name"]
        self.save(update_fields=None if self._state.adding else changed)

    def switch_off(self) -> None:
        """Send nothing there until it is switched on again."""
        self.is_enabled = False
        self.save(update_fields=["is_enabled"])

    def switch_on(self) -> None:
        """Send things there again."""
        self.is_enabled = True
        self.save(update_fields=["is_enabled"])

    def send_test(self) -> Answer:
        """Send a test now, and return how that went, in words that anybody may read: takes seconds."""
        from printqueue.alerts.delivery import send_test  # which knows these models

        return send_test(self)

    @in_transaction
    def remove(self, now: datetime) -> None:
        """Forget the URL, and send nothing there any more; what was sent stays in the log."""
        self.rules.clear()
        self.alerts.waiting().move(AlertState.DEAD, last_error=REMOVED)
        self.sealed_url, self.is_enabled, self.removed_at = "", False, now
        self.save(update_fields=["sealed_url", "is_enabled", "removed_at"])


def _check_kinds(kinds: object) -> None:
    if not isinstance(kinds, list) or not kinds or not {*kinds} <= {*FactKind.values}:
        raise ValidationError(f"Give a list of one or more of: {', '.join(FactKind.values)}.")


def _check_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Expected a time zone such as Europe/Berlin.")


def house_zone() -> str:
    """Return the zone of the house."""
    return settings.TIME_ZONE


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    """Rules as the outbox looks for them."""

    def in_force(self) -> Self:
        """Return the rules that may lead to alerts, of people who may still see the pages."""
        is_staff = models.Q(owner__is_active=True, owner__is_staff=True)
        return self.filter(is_enabled=True).filter(models.Q(owner=None) | is_staff)


class AlertRule(models.Model):
    """What somebody wants to hear of, and where."""

    owner = models.ForeignKey(
        User, null=True, blank=True, related_name="alert_rules", on_delete=models.CASCADE,
        help_text=_("Whose it is; nobody's: the whole shop's."),
    )  # fmt: skip
    kinds = models.JSONField(default=list, validators=[_check_kinds], help_text=_("Of what to tell."))
    printers: models.ManyToManyField[Printer, models.Model] = models.ManyToManyField(
        "Printer", blank=True, related_name="alert_rules", help_text=_("None: all of them.")
    )
    targets: models.ManyToManyField[AlertTarget, models.Model] = models.ManyToManyField(
        AlertTarget, blank=True, related_name="rules"
    )
    own_jobs_only = models.BooleanField(
        default=False, help_text=_("Only prints of jobs which the owner made or started.")
    )
    longer_than_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Only prints that take longer. Empty: all of them.")
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text=_("From then on nothing is sent, but kept …"))
    quiet_to = models.TimeField(null=True, blank=True, help_text=_("… until then."))
    zone = models.CharField(max_length=64, default=house_zone, validators=[_check_zone])
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        verbose_name = _("alert rule")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_to=None)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="quiet_from_and_to",
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False) | models.Q(own_jobs_only=False), name="the_shop_owns_no_jobs"
            ),
        ]

    def __str__(self) -> str:
        whose = self.owner.get_username() if self.owner is not None else "the shop"
        return f"{', '.join(self.kinds)} for {whose}"

    def clean(self) -> None:
        """Raise ValidationError where two fields contradict each other."""
        if (self.quiet_from is None) != (self.quiet_to is None):
            missing = "quiet_from" if self.quiet_from is None else "quiet_to"
            raise ValidationError({missing: "Give both ends of the quiet hours, or neither."})
        if self.own_jobs_only and self.owner_id is None:
            raise ValidationError({"own_jobs_only": "The shop has no jobs of its own: leave this off."})

    def check_targets(self, targets: Iterable[AlertTarget]) -> None:
        """Raise ValidationError for a target that is another's."""
        if any(target.owner_id != self.owner_id or target.removed_at is not None for target in targets):
            raise ValidationError({"targets": "Expected targets of the rule's own owner."})

    @in_transaction
    def edit(self, *, targets: Collection[AlertTarget], printers: Collection[Printer] = (), **values: object) -> None:
        """Tell of prints on `printers` (none: on all) at `targets`; `values` are those of the other fields.

        Raises ValidationError, and saves nothing then.
        """
        for name, value in values.items():
            setattr(self, name, value)
        self.full_clean()
        self.check_targets(targets)
        self.save(update_fields=None if self._state.adding else list(values))
        self.targets.set(targets)
        self.printers.set(printers)

    def switch_off(self) -> None:
        """Lead to no alerts until it is switched on again."""
        self.is_enabled = False
        self.save(update_fields=["is_enabled"])

    def switch_on(self) -> None:
        """Lead to alerts again."""
        self.is_enabled = True
        self.save(update_fields=["is_enabled"])


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
    def claim(cls, pks: Collection[int], now: datetime, until: datetime) -> list[Alert]:
        """Take those of these alerts that are still due, to send them as one message by `until`.

        Whoever takes an alert is the only one to send it, until it says how that went, or `until` is over.
        """
        delivery = secrets.token_hex(16)
        cls.objects.filter(pk__in=pks).due(now).move(
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
