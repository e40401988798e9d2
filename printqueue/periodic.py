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
from printqueue.estimating import estimate_active_runs
from printqueue.measuring import measure_completed_runs
from printqueue.models import Busy, Listening, PeriodicTask, Sample
from printqueue.models.listening import BEAT_SECONDS
from printqueue.models.stall import active_runs, is_news, judged, known_stalls, notice

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


def notice_stalls(now: datetime) -> None:
    """Find the prints that hang, and those that no longer do; see `printqueue.stalls`."""
    listening_since = Listening.since_when(now)
    if listening_since is None:
        return  # nobody could report
    runs = list(active_runs())
    known = known_stalls(runs)
    for run in runs:
        of_run = known.get(run.pk, {})
        if is_news(run, of_run, judged(run, of_run, listening_since, now)):
            try:
                notice(run.pk, listening_since, now)
            except Busy:
                logger.warning("Whether %s is stalled is looked at again later: the database is busy.", run)


TASKS: Final[Mapping[Callable[[datetime], None], timedelta]] = {
    clear_expired_sessions: timedelta(days=1),
    forget_samples: timedelta(minutes=1),
    notice_stalls: timedelta(seconds=10),
    estimate_active_runs: timedelta(seconds=15),
    measure_completed_runs: timedelta(seconds=15),
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
    _again_and_again(tick, TICK_SECONDS, ending, "Periodic work stands still until the database answers.")


def keep_listening(ending: threading.Event) -> None:
    """Say until `ending` is set that this process listens, so that silence counts; as `run`."""
    _again_and_again(
        Listening.beat, BEAT_SECONDS, ending, "Nobody learns that this server listens until the database answers."
    )


def _again_and_again(work: Callable[[datetime], None], seconds: float, ending: threading.Event, complaint: str) -> None:
    is_failing = False
    while not ending.is_set():
        try:
            work(timezone.now())
            is_failing = False
        except Exception:
            if not is_failing:
                logger.exception(complaint)
            is_failing = True
        finally:
            connections.close_all()
        ending.wait(seconds)
