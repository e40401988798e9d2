"""Bambu Lab printers in the local network (MQTT over TLS, port 8883). Reading only: nothing is ever commanded."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from printqueue.client.config import BambuPrinter
from printqueue.client.drivers.bambu.link import BambuLink, Timing
from printqueue.client.drivers.bambu.status import Status, decode, is_whole, merge, model_in, sighting_of, status_in
from printqueue.client.runs import RunTracker
from printqueue.client.snapshot import Snapshot
from printqueue.protocol import ReportState

logger = logging.getLogger(__name__)


class BambuDriver:
    """Merges what the printer pushes and says at each poll where it stands."""

    def __init__(
        self,
        printer: BambuPrinter,
        memory: dict[str, Any] | None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._timing = timing or Timing()
        self._link = BambuLink(printer, self, self._timing)
        self._clock = clock
        self._lock = threading.Lock()
        self._tracker = RunTracker(memory)
        self._status: Status | None = None
        self._model: str | None = None
        self._after_gap = True
        self._heard_at: float | None = None
        self._started_at = time.monotonic()
        self._complained = False

    def start(self) -> None:
        """Connect in the background."""
        self._started_at = time.monotonic()
        self._link.start()

    def stop(self) -> None:
        """Close the connection."""
        self._link.stop()

    def is_known(self) -> bool:
        """Whether `poll` has something to say."""
        with self._lock:
            return self._tracker.has_seen or self._is_out_of_sight()

    def trouble(self) -> str | None:
        """Return why the printer cannot be seen, in words, or None."""
        return self._link.trouble

    def memory(self) -> dict[str, Any] | None:
        """Return the run that the printer is on."""
        with self._lock:
            return self._tracker.memory()

    def poll(self, now: float) -> list[Snapshot]:
        """Return where the printer stands; empty until it is known whether it can be seen at all."""
        with self._lock:
            if self._is_out_of_sight():
                self._after_gap = True
                return [Snapshot(ReportState.OFFLINE)]
            return self._tracker.snapshots(now)

    def connected(self) -> None:
        """Forget the merged status: what changed while nobody listened is known only after a whole report."""
        with self._lock:
            self._status = None
            self._after_gap = True
            self._complained = False

    def received(self, payload: bytes) -> bool:
        """Take in one message. Never raises: an exception would end the link's thread."""
        try:
            with self._lock:
                self._take_in(payload)
        except Exception:
            if not self._complained:
                logger.exception("A message of the printer could not be read; it is left out: %.200r", payload)
            self._complained = True
        return self._status is not None

    def _take_in(self, payload: bytes) -> None:
        message = decode(payload)
        if message is None:
            return
        self._model = model_in(message) or self._model
        report = status_in(message)
        if report is None or (self._status is None and not is_whole(report)):
            return
        self._status = merge(self._status or {}, report)
        self._heard_at = time.monotonic()
        sighting = sighting_of(self._status, self._model)
        if sighting is not None:
            self._tracker.see(sighting, self._clock(), after_gap=self._after_gap)
            self._after_gap = False

    def _is_out_of_sight(self) -> bool:
        """No report for a minute; or none ever, and it is known why."""
        if self._heard_at is None and self._link.trouble is not None:
            return True
        return time.monotonic() - (self._heard_at or self._started_at) > self._timing.silent
