"""Who may do what, and see which rows. Every surface asks here, and nowhere else."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from printqueue.known_keys import KNOWN_KEYS, printer_ids_of
from printqueue.models import Alert, AlertRule, AlertTarget, Printer, PrinterKey, PrintQueue, Who
from printqueue.models.job import PrintQueueQuerySet
from printqueue.models.printer import PrinterQuerySet
from printqueue.protocol import Scope

LAST_USED_EVERY: Final = timedelta(minutes=1)
"""How often the time of a key's last use is written: a write per request would cost more than it tells."""


class NotLoggedIn(Exception):
    """Neither a key that is good nor the session of a member of staff."""


class NotAllowed(Exception):
    """Known, but not for this verb, or not for this printer. The text says which."""


@dataclass(frozen=True)
class Actor:
    """Somebody who was let in: a member of staff, or a program with a key."""

    user: User | None = None
    key: PrinterKey | None = None
    session_key: str = ""
    printer_ids: frozenset[int] | None = None
    """The printers it may speak of; None stands for all."""

    @property
    def who(self) -> Who:
        """Return the actor as transitions record it."""
        return Who(user=self.user, key=self.key)

    def require(self, scope: Scope) -> None:
        """Raise NotAllowed unless the actor may do what `scope` says. Staff may do all of it."""
        if self.key is not None and not self.key.allows(scope):
            raise NotAllowed(f"This key may not do this: it lacks the scope {scope.value}.")

    def sees_printer(self, printer_id: int | None) -> bool:
        """Whether rows of this printer, or of none (None), are the actor's business."""
        return printer_id is None or self.printer_ids is None or printer_id in self.printer_ids

    def require_printer(self, printer_id: int | None) -> None:
        """Raise NotAllowed for a printer that is not in the key's list."""
        if not self.sees_printer(printer_id):
            raise NotAllowed("This key is not for this printer.")

    @property
    def only_printer_ids(self) -> list[int]:
        """Return the one printer that the actor speaks for; nothing when there are several, or all."""
        return list(self.printer_ids) if self.printer_ids is not None and len(self.printer_ids) == 1 else []


def actor_of(request: HttpRequest, now: datetime) -> Actor:
    """Return who sends `request`. A key that is no good is refused even in a browser with a session.

    Raises NotLoggedIn.
    """
    token = key_of(request)
    if token is not None:
        return actor_of_key(token, now)
    return actor_of_session(request)


def key_of(request: HttpRequest) -> str | None:
    """Return the text of the key that the request shows, or None."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-Api-Key")


def actor_of_key(token: str, now: datetime) -> Actor:
    """Return the actor that `token` lets in, and note the use. Raises NotLoggedIn."""
    known = KNOWN_KEYS.find(token, now)
    if known is None:
        raise NotLoggedIn("The key is unknown, revoked or expired.")
    key = known.key
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
        key.last_used_at = now
        PrinterKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Actor(key=key, printer_ids=known.printer_ids)


def actor_of_session(request: HttpRequest) -> Actor:
    """Return the member of staff whose session the request carries. Raises NotLoggedIn."""
    user: User | AnonymousUser = request.user
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        raise NotLoggedIn("Log in, or show an API key.")
    # A copy: the request's own is lazy and holds all of the request, which a stream would then do for a day.
    return Actor(user=copy(user), session_key=request.session.session_key or "")


def viewer_mark(user: User) -> str:
    """Return what stands for `user` in the address of a page's stream: the same after each log-in, and no secret."""
    return salted_hmac("printqueue.viewer", str(user.pk)).hexdigest()[:16]


def jobs_for(actor: Actor) -> PrintQueueQuerySet:
    """Return the jobs that the actor may see: those of its printers and those without a printer."""
    jobs = PrintQueue.objects.enabled().select_related("printer")
    if actor.printer_ids is None:
        return jobs
    return jobs.filter(Q(printer=None) | Q(printer__in=actor.printer_ids))


def job_for(actor: Actor, pk: int) -> PrintQueue:
    """Return a job. Raises PrintQueue.DoesNotExist, or NotAllowed when it is on a printer that is not the actor's.

    So do the job's verbs, should it have gone to such a printer by then.
    """
    job = PrintQueue.objects.enabled().select_related("printer").get(pk=pk)
    actor.require_printer(job.printer_id)
    job.require_printer = actor.require_printer
    return job


def printers_for(actor: Actor) -> PrinterQuerySet:
    """Return the printers in use that the actor may see."""
    printers = Printer.objects.in_use().with_run()
    return printers if actor.printer_ids is None else printers.filter(pk__in=actor.printer_ids)


def printer_for(actor: Actor, serial: str) -> Printer:
    """Return the printer in use with this serial. Raises Printer.DoesNotExist or NotAllowed."""
    if "\0" in serial:  # no text column of PostgreSQL can be asked for it
        raise Printer.DoesNotExist
    printer = Printer.objects.in_use().with_run().get(serial=serial)
    actor.require_printer(printer.pk)
    return printer


def still_holds(actor: Actor, scope: Scope, now: datetime) -> bool:
    """Whether `actor`, who was let in for `scope` earlier, would be let in now with the same rights.

    Reads everything anew: what the actor carries is as old as the log-in.
    """
    if actor.key is not None:
        key = PrinterKey.objects.all().usable(now).filter(pk=actor.key.pk).first()
        return key is not None and key.allows(scope) and printer_ids_of(key) == actor.printer_ids
    session = SessionStore(session_key=actor.session_key)
    user = User.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True, is_staff=True).first()
    if user is None or user != actor.user:
        return False
    # Changes with the password, which so ends all sessions.
    return session.get(HASH_SESSION_KEY) in {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}


SHOP_ALERTS: Final = "printqueue.change_alerttarget"
"""The permission to decide what the shop, rather than one person, is told."""


def manages_shop_alerts(actor: Actor) -> bool:
    """Whether the actor decides what the shop is told, and sees what anybody was."""
    return actor.user is not None and actor.user.is_active and actor.user.has_perm(SHOP_ALERTS)


def require_shop_alerts(actor: Actor) -> None:
    """Raise NotAllowed unless the actor decides what the shop is told."""
    if not manages_shop_alerts(actor):
        raise NotAllowed("You may not change what the shop is told.")


def alert_target_for(actor: Actor, pk: int) -> AlertTarget:
    """Return a place of the actor's own, or of the shop's. Raises AlertTarget.DoesNotExist, or NotAllowed."""
    target = AlertTarget.objects.select_related("owner").get(_own_or_shops(actor), pk=pk, removed_at=None)
    if target.owner_id is None:
        require_shop_alerts(actor)
    return target


def alert_rule_for(actor: Actor, pk: int) -> AlertRule:
    """Return a rule of the actor's own, or of the shop's. Raises AlertRule.DoesNotExist, or NotAllowed."""
    rule = AlertRule.objects.select_related("owner").get(_own_or_shops(actor), pk=pk)
    if rule.owner_id is None:
        require_shop_alerts(actor)
    return rule


def alerts_for(actor: Actor) -> QuerySet[Alert]:
    """Return the messages that the actor may know of: their own and the shop's, or everybody's."""
    if manages_shop_alerts(actor):
        return Alert.objects.all()
    return Alert.objects.filter(Q(target__owner=actor.user) | Q(target__owner=None))


def _own_or_shops(actor: Actor) -> Q:
    return Q(owner=actor.user) | Q(owner=None)
