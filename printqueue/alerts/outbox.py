"""From facts to alerts: each fact is routed once, in one transaction with the alerts that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef

from printqueue.alerts.routing import Happened, Quiet, Wish, alerts_of
from printqueue.models import Alert, AlertRule, AlertState, Fact, FactKind, PrintRun
from printqueue.models.locks import in_transaction, locked

FACTS_AT_ONCE: Final = 50
"""Routed in one transaction, a matter of milliseconds: on SQLite every report waits for it."""

FACTS_A_TURN: Final = 1_000


def route_facts(now: datetime) -> None:
    """Make alerts of the facts that nobody has looked at yet."""
    for _ in range(FACTS_A_TURN // FACTS_AT_ONCE):
        if not Fact.objects.filter(routed_at=None).exists() or route_some(now) < FACTS_AT_ONCE:
            break


@in_transaction
def route_some(now: datetime) -> int:
    """Route a few facts, unless somebody else does; return how many there were to route."""
    facts = list(
        Fact.objects.filter(routed_at=None).select_related("run", "job").order_by("pk")[:FACTS_AT_ONCE],
    )
    wishes = [_wish(rule) for rule in AlertRule.objects.in_force().prefetch_related("targets", "printers")]
    alerts = []
    for fact in facts:
        if Fact.objects.filter(pk=fact.pk, routed_at=None).update(routed_at=now):
            alerts += _alerts(fact, wishes, now)
    Alert.objects.bulk_create(alerts)
    return len(facts)


def note_unmatched(now: datetime) -> None:
    """Raise a fact for each print that waits for its job for longer than ALERT_UNMATCHED_MINUTES."""
    before = now - timedelta(minutes=settings.ALERT_UNMATCHED_MINUTES)
    told = Fact.objects.filter(run=OuterRef("pk"), kind=FactKind.UNMATCHED)
    # One that staff took off its job needs nobody to be told of it.
    waiting = PrintRun.objects.unmatched(now).filter(started_at__lte=before, linked_at=None).exclude(Exists(told))
    pks = list(waiting.values_list("pk", flat=True)[:FACTS_AT_ONCE])
    if pks:
        _note_unmatched(pks, now)


@in_transaction
def _note_unmatched(pks: Iterable[int], now: datetime) -> None:
    # Looked at again under the lock: its job may be found at this very moment.
    runs = [run for run in locked(PrintRun, pks).values() if run.job_id is None and run.not_ours_at is None]
    facts = [Fact.of(run, FactKind.UNMATCHED, at=now, noticed_at=now) for run in runs]
    Fact.objects.bulk_create(facts, ignore_conflicts=True)


def put_off(now: datetime) -> None:
    """Let what is due in its rule's quiet hours wait for their end: a further attempt, or what nobody was there to send."""
    due = Alert.objects.due(now).order_by()
    for rule in AlertRule.objects.exclude(quiet_from=None).filter(pk__in=due.values("rule")):
        quiet = _quiet_of(rule)
        if quiet is not None and (over_at := quiet.over_at(now)) > now:
            _put_off(rule, now, over_at)


@in_transaction
def _put_off(rule: AlertRule, now: datetime, until: datetime) -> None:
    Alert.objects.due(now).filter(rule=rule).update(due_at=until)


def _quiet_of(rule: AlertRule) -> Quiet | None:
    if rule.quiet_from is None or rule.quiet_to is None:
        return None
    return Quiet(rule.quiet_from, rule.quiet_to, rule.zone)


def _wish(rule: AlertRule) -> Wish:
    return Wish(
        pk=rule.pk,
        kinds=frozenset(rule.kinds),
        # Its own owner's alone, whatever somebody made of it since.
        targets=tuple(
            target.pk for target in rule.targets.all() if target.is_enabled and target.owner_id == rule.owner_id
        ),
        owner=rule.owner_id,
        printers=frozenset(printer.pk for printer in rule.printers.all()),
        own_jobs_only=rule.own_jobs_only,
        longer_than_minutes=rule.longer_than_minutes,
        quiet=_quiet_of(rule),
    )


def _alerts(fact: Fact, wishes: Iterable[Wish], now: datetime) -> list[Alert]:
    job, run = fact.job, fact.run
    takes = fact.at - run.started_at
    if run.ended_at is None:
        left = run.estimate_at(fact.at).left
        takes += timedelta(seconds=left if left is not None else run.remaining_seconds or 0)
    happened = Happened(
        kind=fact.kind,
        at=fact.at,
        noticed_at=fact.noticed_at,
        printer=fact.printer_id,
        # By a key: nobody's.
        owners=frozenset({job.created_by_id, job.started_by_id} - {None}) if job is not None else frozenset(),  # type: ignore[arg-type]
        minutes=takes.total_seconds() / 60,
    )
    return [
        Alert(
            fact=fact,
            target_id=told.target,
            rule_id=told.rule,
            state=AlertState.LOGGED if told.is_only_logged else AlertState.WAITING,
            created_at=now,
            due_at=told.due_at,
        )
        for told in alerts_of(happened, wishes, now)
    ]
