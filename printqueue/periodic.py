"""The work that comes round. Any number of processes may call `tick`: each turn of a task is done by one of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from printqueue.alerts.delivery import deliver_alerts
from printqueue.alerts.outbox import note_unmatched, route_facts
from printqueue.models import PeriodicTask, Sample

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 5.0
"""Seconds between two ticks; no task needs to be more punctual."""


def clear_expired_sessions(now: datetime) -> None:
    """Delete the sessions that nobody can use any more."""
    call_command("clearsessions")


SAMPLES_AT_ONCE: Final = 200
"""Deleted in one transaction, a matter of milliseconds: on SQLite every report waits for it."""

SAMPLES_A_TURN: Final = 2_000
"""More than a large shop has new ones in the same time."""


def forget_samples(now: datetime) -> None:
    """Delete the samples that are older than SAMPLES_KEPT_DAYS; runs and their changes of state stay for ever."""
    before = now - timedelta(days=settings.SAMPLES_KEPT_DAYS)
    for _ in range(SAMPLES_A_TURN // SAMPLES_AT_ONCE):
        if not Sample.forget(before, SAMPLES_AT_ONCE):
            break


TASKS: Final[Mapping[Callable[[datetime], None], timedelta]] = {
    clear_expired_sessions: timedelta(days=1),
    forget_samples: timedelta(minutes=1),
    note_unmatched: timedelta(seconds=30),
    # At each tick, by one of those that tick.
    route_facts: timedelta(seconds=TICK_SECONDS - 1),
    deliver_alerts: timedelta(seconds=TICK_SECONDS - 1),
}
"""Each task and how often it is due. A task is called with the time, and may be called once more after it failed."""


def tick(now: datetime) -> None:
    """Do every task that is due at `now`, unless another process does it. A task that fails waits for its next turn."""
    for task, every in TASKS.items():
        if PeriodicTask.claim(task.__name__, every, now):
            try:
                task(now)
            except Exception:
                # One task's failure must keep neither the others nor the server from working.
                logger.exception("The periodic task %s failed.", task.__name__)


def run(ending: threading.Event) -> None:
    """Tick until `ending` is set; a database that is away for a while is waited for."""
    is_failing = False
    while not ending.is_set():
        try:
            tick(timezone.now())
            is_failing = False
        except Exception:
            if not is_failing:
                logger.exception("Periodic work stands still until the database answers.")
            is_failing = True
        finally:
            connections.close_all()
        ending.wait(TICK_SECONDS)
