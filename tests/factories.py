"""Rows for tests: small functions with defaults that may be overridden."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from printqueue.access import Actor
from printqueue.models import (
    Alert,
    AlertRule,
    AlertState,
    AlertTarget,
    Fact,
    FactKind,
    Listening,
    Printer,
    PrinterKey,
    PrintQueue,
    PrintRun,
    RunState,
    Who,
)
from printqueue.protocol import ReportState, Scope
from printqueue.reports import Outcome, Progress, Report, Stored, put_progress, receive

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)
_numbers = count(1)


def make_staff(**fields: Any) -> User:
    """Return a member of staff; the password is "tidy-workshop"."""
    number = next(_numbers)
    defaults = {"username": f"staff{number}", "password": hashed_password(), "is_staff": True}
    return User.objects.create(**{**defaults, **fields})


@cache
def hashed_password() -> str:
    """Return the hash of "tidy-workshop", made once: it is slow on purpose."""
    return make_password("tidy-workshop")


def make_printer(serial: str = "", **fields: Any) -> Printer:
    serial = serial or f"printer-{next(_numbers)}"
    return Printer.objects.create(serial=serial, **{"name": serial.title(), **fields})


def make_job(*, by: User | None = None, now: datetime = NOW, **fields: Any) -> PrintQueue:
    number = next(_numbers)
    defaults = {"design_name": f"Splint {number}", "print_file_name": f"splint-{number}.gcode.3mf"}
    return PrintQueue.create(by=Who(user=by), now=now, **{**defaults, **fields})


def make_key(*printers: Printer, scopes: tuple[Scope, ...] = tuple(Scope), **fields: Any) -> tuple[PrinterKey, str]:
    """Return a key for `printers` (none given: for all) and its whole text."""
    fields.setdefault("all_printers", not printers)
    key, token = PrinterKey.issue("Test client", scopes, **fields)
    key.printers.set(printers)
    return key, token


def make_target(
    owner: User | None = None, *, name: str = "My phone", url: str = "ntfys://ntfy.sh/prints"
) -> AlertTarget:
    """Return a place where `owner` is told, or the shop."""
    target = AlertTarget(owner=owner)
    target.edit(name=name, url=url)
    return target


def make_rule(*targets: AlertTarget, kinds: Iterable[FactKind] = FactKind, **fields: Any) -> AlertRule:
    """Return a rule that tells `kinds` (none given: everything) at `targets`, all of one owner."""
    rule = AlertRule(owner=targets[0].owner)
    rule.edit(kinds=[kind.value for kind in kinds], targets=targets, **fields)
    return rule


def make_fact(kind: FactKind = FactKind.NO_MOVEMENT, *, job: PrintQueue | None = None, **fields: Any) -> Fact:
    """Return something that happened to a print of `job`, on a printer of its own unless `run` is given."""
    run = fields.pop("run", None) or PrintRun.objects.create(
        printer=make_printer(), job=job, run_key="1@1", state=RunState.PRINTING, file_name="ring.gcode", started_at=NOW
    )
    fact = Fact.of(run, kind, **{"at": NOW, "noticed_at": NOW, **fields})
    fact.save()
    return fact


def make_alert(target: AlertTarget, fact: Fact | None = None, **fields: Any) -> Alert:
    """Return what was, or will be, told of `fact` at `target`."""
    fact = fact or make_fact()
    defaults = {"state": AlertState.SENT, "created_at": fact.noticed_at, "due_at": fact.noticed_at, "sent_at": NOW}
    return Alert.objects.create(target=target, fact=fact, **{**defaults, **fields})


def listen(now: datetime, *, since: timedelta = timedelta(days=9)) -> None:
    """Let a server have listened for so long at `now`. One that other tests share may say so of itself beside it."""
    Listening.objects.update_or_create(pk=1, defaults={"since": now - since, "seen_at": now})


class Client:
    """A printer client in short: it numbers its reports and counts the seconds between them."""

    def __init__(
        self, printer: Printer, key: PrinterKey | None = None, *, client: str = "", now: datetime = NOW
    ) -> None:
        self.printer = printer
        self.key = key or make_key()[0]
        self.client = client
        self.now = now
        self.sequence = 0

    def says(self, state: str, *, after_seconds: float = 5, **fields: Any) -> Outcome:
        """Report `state` so many seconds after the last report; `fields` as in `Report`."""
        self.now += timedelta(seconds=after_seconds)
        self.sequence += 1
        actor = Actor(key=self.key, printer_ids=None)
        skew = fields.pop("skew", timedelta())
        values = {"measured_at": self.now - skew, "sequence": self.sequence, **fields}
        report = Report(serial=self.printer.serial, state=ReportState(state), **values)
        outcome = receive(report, actor=actor, client=self.client, received_at=self.now, skew=skew)
        self.printer.refresh_from_db()
        return outcome

    def put(self, job: PrintQueue, progress: float, *, after_seconds: float = 5, **fields: Any) -> Stored:
        """Put the progress of a job so many seconds after the last word; `fields` as in `Progress`."""
        self.now += timedelta(seconds=after_seconds)
        actor = Actor(key=self.key, printer_ids=frozenset({self.printer.pk}))
        try:
            return put_progress(job.pk, Progress(progress=progress, **fields), actor=actor, received_at=self.now)
        finally:
            job.refresh_from_db()
