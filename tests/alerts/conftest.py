"""Receivers, and a shop that has something to tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from printqueue.alerts import delivery
from printqueue.alerts.outbox import route_facts
from printqueue.models import Alert, AlertRule, AlertTarget, FactKind, PrintQueue
from printqueue.models.alert import AlertAttempt
from tests.alerts.receivers import MailReceiver, Silent, WebReceiver
from tests.factories import Client, make_job, make_printer


@pytest.fixture
def private_targets(settings: Any) -> None:
    """The receivers are on this machine."""
    settings.ALERT_PRIVATE_TARGETS = True


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    receiver = WebReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    receiver = Silent()
    yield receiver
    receiver.close()


def make_target(url: str, **fields: Any) -> AlertTarget:
    target = AlertTarget(**{"name": "Bench", **fields})
    target.seal(url)
    target.save()
    return target


def make_rule(*targets: AlertTarget, **fields: Any) -> AlertRule:
    """A rule of all kinds for these targets."""
    owner = targets[0].owner if targets else None
    rule = AlertRule.objects.create(**{"kinds": FactKind.values, "owner": owner, **fields})
    rule.targets.set(targets)
    return rule


FILE = "splint.gcode"


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=10)


@pytest.fixture
def client(now: datetime) -> Client:
    return Client(make_printer(name="Left P1S"), now=now)


def printed(client: Client, state: str = "completed", **fields: Any) -> PrintQueue:
    """A print of a job, which ends so."""
    job = make_job(design_name="Infinity Splint", print_file_name=FILE, customer_id="C-1042", note="Soft edge")
    client.says("printing", run_key=f"{job.pk}@0", file_name=FILE, progress=40)
    client.says(state, run_key=f"{job.pk}@0", progress=100, **fields)
    return job


def log(**wanted: Any) -> list[tuple[str, str]]:
    """How each attempt to send ended, and in which words."""
    return list(AlertAttempt.objects.filter(**wanted).values_list("outcome", "words"))


@pytest.fixture
def deliver(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Route all facts, and deliver what comes of them as if it were due already; return when nothing is being sent."""
    own = delivery.Deliveries()
    monkeypatch.setattr(delivery, "deliveries", own)

    def at_once() -> None:
        route_facts(timezone.now())
        Alert.objects.waiting().update(due_at=timezone.now() - timedelta(seconds=1))
        own.deliver(timezone.now())
        own.wait()

    return at_once
