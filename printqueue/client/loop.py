"""Looks at every printer at every poll, on time, and keeps what it saw in the spool."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

from printqueue.client.drivers import Driver
from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Poll, Spool
from printqueue.protocol import PERCENT_STATES, Report

logger = logging.getLogger(__name__)

REMIND_SECONDS: Final = 24 * 3600.0
"""How often a trouble that stays is said again: a log is not kept for ever."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One printer and the driver that watches it."""

    serial: str
    name: str | None
    driver: Driver


class Poller:
    """Polls all printers together: one batch a poll."""

    def __init__(self, printers: list[Watched], spool: Spool, now: Callable[[], float] | None = None) -> None:
        """`now`: own time, by the spool's clock if not given."""
        self._printers = printers
        self._spool = spool
        self._now = now or spool.now
        self._last_said: dict[str, str] = {}
        self._troubles: dict[str, tuple[str, float]] = {}

    def step(self) -> list[Report]:
        """Poll every printer once, keep the reports in the spool and return them. Raises SpoolError."""
        now = self._now()
        polls = [poll for printer in self._printers if (poll := self._look_at(printer, now)) is not None]
        for poll in polls:
            self._log_changes(poll)
        for printer in self._printers:
            self._remind(printer, now)
        return self._spool.save(polls, now)

    def _look_at(self, printer: Watched, now: float) -> Poll | None:
        try:
            snapshots = printer.driver.poll(now)
            return Poll(printer.serial, printer.name, snapshots, printer.driver.memory())
        except Exception as fault:
            # A fault of one driver must not blind us to the other printers, nor fill the log.
            if self._last_said.get(printer.serial) != repr(fault):
                logger.exception("%s could not be polled", printer.name or printer.serial)
            self._last_said[printer.serial] = repr(fault)
            return None

    def _log_changes(self, poll: Poll) -> None:
        for snapshot in poll.snapshots:
            says = f"{snapshot.state} {snapshot.run_key or ''}"
            if self._last_said.get(poll.serial) != says:
                logger.info("%s: %s", poll.name or poll.serial, _in_words(snapshot))
            self._last_said[poll.serial] = says

    def _remind(self, printer: Watched, now: float) -> None:
        """Log a trouble again that has stayed for a day; the driver logged it when it was new."""
        trouble = printer.driver.trouble()
        if trouble is None:
            self._troubles.pop(printer.serial, None)
            return
        said, said_at = self._troubles.get(printer.serial, (None, now))
        if trouble == said and now - said_at >= REMIND_SECONDS:
            logger.warning("%s: still: %s", printer.name or printer.serial, trouble)
            said_at = now
        self._troubles[printer.serial] = (trouble, said_at if trouble == said else now)


def run_on_time(
    step: Callable[[], object],
    every_seconds: float,
    stopping: Event,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Call `step` every `every_seconds` until `stopping`, without drift; after a step that took too long, skip turns."""
    due = monotonic()
    while not stopping.is_set():
        step()
        now = monotonic()
        missed = max(0, int((now - due) // every_seconds))
        due += (missed + 1) * every_seconds
        stopping.wait(due - now)


def end_together(ends: Iterable[Callable[[], object]], seconds: float) -> None:
    """Call all of `ends` at once and wait `seconds` for them; what hangs longer is left to end with the process."""
    threads = [Thread(target=end, daemon=True) for end in ends]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _in_words(snapshot: Snapshot) -> str:
    words = [snapshot.state.value.replace("_", " ")]
    if snapshot.filename:
        words.append(snapshot.filename)
    if snapshot.state in PERCENT_STATES and snapshot.progress is not None:
        words.append(f"{snapshot.progress:.1f} %")
    return " ".join(words)
