"""Who wants to hear of what, and where: targets and rules. What was told is in `alert`, what happened in `fact`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.alerts import channels, sealing
from printqueue.models.fact import FactKind
from printqueue.models.locks import in_transaction

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
        self.alerts.waiting().give_up(REMOVED)
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
