"""Delivery from the outbox: each alert once, whoever else delivers, and whatever the other side does.

An alert is claimed at the last moment before it is sent, when its message is made and the process that sends it is ready.
Whoever claimed it says afterwards how it went. If he never does (his process was killed), the claim runs out, and the alert
is sent once more, as one that may be a repeat: nobody can know whether it had gone out. If that happens again, it is given up,
and the log says so. While something is sent, no database connection is held.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.db.models import Min
from django.utils import timezone

from printqueue.alerts import channels, words
from printqueue.alerts.courier import Answer, Courier
from printqueue.alerts.outbox import put_off
from printqueue.alerts.routing import TOGETHER_WITHIN
from printqueue.alerts.sealing import CannotUnseal
from printqueue.models import Alert, AlertAttempt, AlertState, AlertTarget, AttemptOutcome, Busy
from printqueue.models.alert import AlertQuerySet
from printqueue.models.locks import in_transaction

logger = logging.getLogger(__name__)

LANES: Final = 3
"""Targets that one process sends to at the same time: one that hangs must not hold up all others."""

DIGEST_OF: Final = 4
"""So many alerts that are due for one target go out as one message."""

MOST_TOGETHER: Final = 200

WAITS: Final = (1, 4, 10, 30, 60, 120, 120)
"""How long to wait before the next attempt, in units of ALERT_RETRY_SECONDS; after the last, an alert is given up."""

MARGIN: Final = timedelta(seconds=30)
"""How much longer than a send may take its claim lasts."""

LAST_SENDS: Final = 0.7
"""Seconds that sends under way are given at the end of the process."""

TEST_START_SECONDS: Final = 8.0
TEST_SEND_SECONDS: Final = 9.0
"""What somebody who looks at a page waits for a test. A request must be answered in 20 seconds."""

CUT_OFF: Final = "Whoever was sending it stopped in the middle: it may have arrived."


class Deliveries:
    """What this process is delivering: a thread for each target that something is sent to, while that lasts."""

    def __init__(self) -> None:
        self._lanes: dict[int, threading.Thread] = {}
        self._changing = threading.Lock()
        self._ends_at: float | None = None

    def deliver(self, now: datetime) -> None:
        """Begin to send what is due at `now`, and return at once."""
        take_back(now)
        put_off(now)
        with self._changing:
            if self._ends_at is not None:
                return
            for target_id in waiting_targets(now):
                if len(self._lanes) >= LANES:
                    break
                if target_id not in self._lanes:
                    lane = threading.Thread(target=self._serve, args=[target_id], name="alerts", daemon=True)
                    self._lanes[target_id] = lane
                    lane.start()

    def end(self) -> list[threading.Thread]:
        """Begin nothing more, and break off what is not sent in a moment; return the threads that end."""
        with self._changing:
            self._ends_at = time.monotonic() + LAST_SENDS
            return list(self._lanes.values())

    def wait(self) -> None:
        """Return when nothing is being sent."""
        for lane in [*self._lanes.values()]:
            lane.join()

    def _is_ending(self) -> bool:
        return self._ends_at is not None and time.monotonic() > self._ends_at

    def _serve(self, target_id: int) -> None:
        try:
            self._send_all(target_id)
        except Exception:
            # What was claimed is taken back when its claim has run out.
            logger.exception("Alerts for the target %s stand still for a moment.", target_id)
        finally:
            connections.close_all()
            with self._changing:
                self._lanes.pop(target_id, None)

    def _send_all(self, target_id: int) -> None:
        """Send what is due for one target, message by message, through one process."""
        route = _route(target_id)
        connections.close_all()
        if route is None:
            return
        with Courier(route, send_seconds=settings.ALERT_SEND_SECONDS, is_ending=self._is_ending) as courier:
            refusal = courier.get_ready()
            while self._ends_at is None and (pks := together(target_id, timezone.now())):
                now = timezone.now()
                alerts = Alert.claim(pks, due_by=now + TOGETHER_WITHIN, until=now + _claim_lasts())
                if alerts and not self._send(courier, alerts, refusal):
                    break
            connections.close_all()

    def _send(self, courier: Courier, alerts: list[Alert], refusal: Answer | None) -> bool:
        """Send these claimed alerts as one message and note how that went; return whether the next may be tried."""
        try:
            message = words.message(alerts)
        except Exception:
            logger.exception("An alert for the target %s cannot be put into words.", alerts[0].target_id)
            refusal = Answer("failed", "It could not be put into words.")
        connections.close_all()
        began = timezone.now()
        answer = refusal or courier.send(message)
        self._settle(alerts, answer, began)
        return answer.outcome == "sent"

    def _settle(self, alerts: list[Alert], answer: Answer, began: datetime) -> None:
        """Note how a send went; a database that is away is waited for as long as the claim lasts."""
        ended = timezone.now()
        while True:
            try:
                settle(alerts, answer, at=began, now=ended)
                return
            except (OperationalError, InterfaceError, Busy):
                connections.close_all()
                if self._is_ending() or timezone.now() > ended + MARGIN - timedelta(seconds=2):
                    raise
                time.sleep(1)


def waiting_targets(now: datetime) -> list[int]:
    """Return the primary keys of the targets for which something is due, that with the oldest first."""
    due = Alert.objects.due(now).order_by().values("target").annotate(since=Min("due_at"))
    return [row["target"] for row in due.order_by("since")]


def together(target_id: int, now: datetime) -> list[int]:
    """Return the alerts for a target that go out as the next message at `now`, by primary key."""
    open_alerts = Alert.objects.waiting().filter(target=target_id).order_by("fact__at", "pk")
    first = open_alerts.due(now).values("pk", "is_repeat").first()
    if first is None:
        return []
    # Those that would be due in a moment come along; what may have arrived already is not mixed with news.
    alike = open_alerts.due(now + TOGETHER_WITHIN).filter(is_repeat=first["is_repeat"])
    soon = list(alike.values_list("pk", flat=True)[:MOST_TOGETHER])
    return soon if len(soon) >= DIGEST_OF else [first["pk"]]


def take_back(now: datetime) -> None:
    """Take back what somebody claimed and never said of how it went."""
    if Alert.objects.run_out(now).exists():
        _take_back(now)


@in_transaction
def _take_back(now: datetime) -> None:
    for alert in Alert.objects.run_out(now).order_by("pk"):
        if _retry(Alert.objects.run_out(now).filter(pk=alert.pk), alert, Answer("uncertain", CUT_OFF), now):
            AlertAttempt.note([alert], AttemptOutcome.UNCERTAIN, CUT_OFF, at=now, took=None)


@in_transaction
def settle(alerts: list[Alert], answer: Answer, *, at: datetime, now: datetime) -> None:
    """Note how sending these alerts, which the caller claimed, went: begun at `at`, over at `now`."""
    for alert in alerts:
        mine = Alert.objects.filter(pk=alert.pk, delivery=alert.delivery)
        if answer.outcome == "sent":
            mine.move(AlertState.SENT, sent_at=now, claimed_until=None, last_error="")
        else:
            _retry(mine, alert, answer, now)
    outcome = {"sent": AttemptOutcome.SENT, "uncertain": AttemptOutcome.UNCERTAIN}
    kind = outcome.get(answer.outcome, AttemptOutcome.FAILED)
    AlertAttempt.note(alerts, kind, answer.words, at=at, took=now - at)
    if answer.outcome != "sent":
        logger.warning("An alert did not go out to the target %s: %s", alerts[0].target_id, answer.words)


def _retry(mine: AlertQuerySet, alert: Alert, answer: Answer, now: datetime) -> int:
    """Let an alert wait for its next attempt, or give it up."""
    is_uncertain = answer.outcome == "uncertain"
    values = {"claimed_until": None, "last_error": answer.words[:300]}
    is_over = alert.attempts > len(WAITS) or answer.outcome == "invalid" or (is_uncertain and alert.is_repeat)
    if is_over:
        return mine.move(AlertState.DEAD, **values)
    wait = timedelta(seconds=WAITS[max(alert.attempts, 1) - 1] * settings.ALERT_RETRY_SECONDS)
    return mine.move(AlertState.WAITING, due_at=now + wait, is_repeat=alert.is_repeat or is_uncertain, **values)


def _route(target_id: int) -> channels.Route | None:
    """Return where a target is; None, and its alerts are given up with the reason, when nothing may be sent there."""
    target = AlertTarget.objects.get(pk=target_id)
    if not target.is_enabled:
        why = "The target is switched off."
    else:
        try:
            return channels.route(target.unseal())
        except (CannotUnseal, channels.Refused) as reason:
            why = str(reason)
            logger.error("Alerts for the target %s are given up. %s", target_id, why)
    target.alerts.due(timezone.now()).give_up(why)
    return None


def _claim_lasts() -> timedelta:
    return timedelta(seconds=settings.ALERT_SEND_SECONDS) + MARGIN


def send_test(target: AlertTarget) -> Answer:
    """Send a test to `target` now, and return how that went; in less time than a request may take, and one at a time."""
    try:
        route = channels.route(target.unseal())
    except (CannotUnseal, channels.Refused) as reason:
        return Answer("failed", str(reason))
    if not _testing.acquire(blocking=False):
        # Each holds one of the few threads that answer requests.
        return Answer("failed", "Another test is under way: try again in a moment.")
    try:
        seconds = min(settings.ALERT_SEND_SECONDS, TEST_SEND_SECONDS)
        with Courier(route, start_seconds=TEST_START_SECONDS, send_seconds=seconds) as courier:
            return courier.get_ready() or courier.send(words.test_message(target, timezone.now()))
    finally:
        _testing.release()


_testing: Final = threading.Lock()
deliveries: Final = Deliveries()


def deliver_alerts(now: datetime) -> None:
    """Begin to send what is due; see `Deliveries`."""
    deliveries.deliver(now)
