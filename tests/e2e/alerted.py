"""Who is told what in the shop of `open_shop`: places, rules, and a log with every state."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.contrib.auth.models import User

from printqueue.models import (
    Alert,
    AlertAttempt,
    AlertRule,
    AlertState,
    AlertTarget,
    AttemptOutcome,
    Fact,
    FactKind,
    PrintQueue,
    PrintRun,
)
from tests.e2e.shop import Shop
from tests.factories import make_alert, make_rule, make_target

DENIED = "554 5.7.1 <queue@shop.example>: Relay access denied"


@dataclass(frozen=True)
class Told:
    """What there is to look at."""

    phone: AlertTarget
    rule: AlertRule


def inform(shop: Shop, staff: User, now: datetime) -> Told:
    """Let `staff` and the shop be told of what happened in `shop` until `now`."""
    phone = make_target(staff, name="My phone")
    mail = make_target(staff, name="Office", url="mailtos://me:secret@mail.example")
    mail.switch_off()
    workshop = make_target(None, name="Workshop", url="slack://T0A/B0B/cC1")
    usual = [kind for kind in FactKind if kind != FactKind.CANCELLED]
    rule = make_rule(phone, kinds=usual, quiet_from=time(22), quiet_to=time(7), zone="Europe/Berlin")
    ends = [FactKind.COMPLETED, FactKind.FAILED]
    make_rule(phone, mail, kinds=ends, own_jobs_only=True, longer_than_minutes=120, zone="Europe/Berlin")
    make_rule(workshop, kinds=[FactKind.NO_MOVEMENT, FactKind.UNKNOWN_END], zone="Europe/Berlin")
    _fill_log(shop, phone, workshop, now)
    return Told(phone, rule)


def _fill_log(shop: Shop, phone: AlertTarget, workshop: AlertTarget, now: datetime) -> None:
    completed = _fact(shop.completed, FactKind.COMPLETED, now - timedelta(minutes=1279))
    failed = _fact(shop.failed, FactKind.FAILED, now - timedelta(minutes=206))
    offline = _fact(shop.not_heard, FactKind.OFFLINE, now - timedelta(minutes=105))
    error = _fact(shop.printing, FactKind.ERROR, now - timedelta(minutes=46), "0700_8011 Filament ran out")
    stalled = _fact(shop.printing, FactKind.NO_MOVEMENT, now - timedelta(minutes=38))
    recovered = _fact(shop.printing, FactKind.RECOVERED, now - timedelta(minutes=32))
    paused = _fact(shop.paused, FactKind.PAUSED, now - timedelta(minutes=18), "Filament ran out, slot 2")
    _alert(phone, completed, AlertState.SENT)
    dead = _alert(workshop, failed, AlertState.DEAD, sent_at=None, last_error=DENIED)
    for minutes in (1, 3, 8):
        _attempt(dead, AttemptOutcome.FAILED, minutes, DENIED)
    _alert(phone, offline, AlertState.SENT)
    _alert(phone, error, AlertState.SENT)
    _alert(workshop, stalled, AlertState.LOGGED, sent_at=None)
    repeated = _alert(phone, stalled, AlertState.SENT, is_repeat=True)
    _attempt(repeated, AttemptOutcome.UNCERTAIN, 0, "")
    _attempt(repeated, AttemptOutcome.SENT, 1, "")
    _alert(phone, recovered, AlertState.SENDING, sent_at=None)
    again = {"due_at": now + timedelta(minutes=6), "last_error": "The server did not answer in time."}
    waiting = _alert(phone, paused, AlertState.WAITING, sent_at=None, **again)
    _attempt(waiting, AttemptOutcome.FAILED, 0, "The server did not answer in time.")


def _fact(job: PrintQueue, kind: FactKind, at: datetime, detail: str = "") -> Fact:
    """Return what happened to the latest print of `job`; the reports of the shop may have noticed it already."""
    run = PrintRun.objects.filter(job=job).order_by("-started_at")[0]
    known = Fact.objects.filter(run=run, kind=kind).first()
    if known is not None:
        return known
    fact = Fact.of(run, kind, at=at, noticed_at=at, detail=detail)
    fact.save()
    return fact


def _alert(target: AlertTarget, fact: Fact, state: AlertState, **fields: object) -> Alert:
    sent_at = fact.noticed_at + timedelta(seconds=1)
    alert = make_alert(target, fact, state=state, **{"sent_at": sent_at, **fields})
    if state == AlertState.SENT and not alert.is_repeat:
        _attempt(alert, AttemptOutcome.SENT, 0, "")
    return alert


def _attempt(alert: Alert, outcome: AttemptOutcome, minutes: float, words: str) -> None:
    took = None if outcome == AttemptOutcome.UNCERTAIN else timedelta(seconds=0.4)
    AlertAttempt.note([alert], outcome, words, at=alert.created_at + timedelta(minutes=minutes), took=took)
