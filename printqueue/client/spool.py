"""What must survive a restart: the client's uuid, sequences, runs, and reports not yet sent.

All of it is in one SQLite file. While that cannot be written the client goes on with what it has in memory.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from printqueue.client import clock
from printqueue.client.clock import Clock, Era
from printqueue.client.intake import Intake, Poll, dated, shifted
from printqueue.client.salvage import salvaged_knowledge, salvaged_reports, set_aside
from printqueue.client.spool_file import (
    IN_MEMORY,
    SLICE,
    DamagedError,
    DiskError,
    Kept,
    KnownPrinter,
    SpoolError,
    SpoolFile,
    Waiting,
)
from printqueue.protocol import Report

__all__ = ["IN_MEMORY", "Poll", "Spool", "SpoolError", "Waiting"]

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 64_000_000
"""About 120,000 reports: of 20 printers that print for three days without a pause, one every 40 to 80 s."""

MAX_BYTES_IN_MEMORY: Final = 8_000_000
"""What is kept while the disk cannot be written: about an hour of 20 printers in full."""

DURABLE_EVERY_SECONDS: Final = 60.0
"""How often everything is made safe from a power cut; a change of state always is, and at once."""

SAY_AGAIN_SECONDS: Final = 3600.0
"""How soon a trouble with the disk that went away is said again."""

SETTLED_AT_MOST: Final = 1000
"""How many reports that were sent may wait for the next poll to be deleted."""


class Spool:
    """The spool. Its methods may be called from any thread; only one process may have the file open."""

    def __init__(
        self,
        path: Path | str,
        max_bytes: int = MAX_BYTES,
        wall: Callable[[], float] = time.time,
        uptime: Callable[[], float] = clock.uptime,
    ) -> None:
        """Open or make the file, which stays below `max_bytes` with all that belongs to it; IN_MEMORY keeps nothing.

        `wall` and `uptime` give the seconds since the epoch and since boot. Raises SpoolError.
        """
        self._path = path
        self._max_bytes = min(max_bytes, MAX_BYTES_IN_MEMORY) if path == IN_MEMORY else max_bytes
        self._lock = threading.Lock()
        self._file: SpoolFile | None = None
        self._overflow: SpoolFile | None = None  # what the disk did not take
        self._overflow_from = 0  # the first id of it; those in the file are smaller
        self._printers: dict[str, KnownPrinter] = {}
        self._written: dict[str, KnownPrinter] = {}
        self._newest: dict[str, Waiting] = {}
        self._settled: set[int] = set()
        self._last_id = 0
        self._durable_at = float("-inf")
        self._is_trouble_said = False
        self._said_at = float("-inf")
        self.client = ""
        kept = self._open()
        self.client = self.client or str(uuid.uuid4())
        self.clock = Clock(kept.eras, wall, uptime)
        if self.client != kept.client:
            self._store([], self.now())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._settled or self._overflow is not None:
                self._store([], self.now())
            for file in (self._file, self._overflow):
                if file is not None:
                    file.close()

    def now(self) -> float:
        """Return the present in own time, which is that of everything in the spool; see `clock`."""
        return self.clock.now()

    def memory(self, serial: str) -> dict[str, Any] | None:
        """Return what the driver of `serial` wanted remembered, or None."""
        with self._lock:
            known = self._printers.get(serial)
        memory: dict[str, Any] | None = json.loads(known.memory) if known else None
        return memory

    def save(self, polls: Iterable[Poll], now: float) -> list[Report]:
        """Keep the reports of `polls`, their sequences and the drivers' memories, all or nothing; return the reports.

        `now` is own time. A disk that cannot be written is said once, and the reports are kept in memory.
        """
        dates = self.clock.dates()
        with self._lock:
            intake = Intake(self._printers, self._newest, self._last_id)
            reports = [report for poll in polls for report in intake.take(poll, now, dates.now)]
            self._printers |= intake.printers
            self._store(intake.reports, now)
        return [shifted(report, dates.shift(now)) for report in reports]

    def waiting(self, limit: int, without_printers: Collection[str] = ()) -> list[Waiting]:
        """Return up to `limit` reports to send, oldest first, none of those printers."""
        with self._lock:
            found = self._read(self._file, limit, without_printers)
            return found + self._read(self._overflow, limit - len(found), without_printers)

    def dated(self, reports: Iterable[Waiting]) -> tuple[list[str], float]:
        """Return the bodies as they are to be sent at this moment, and the moment, both by the clock on the wall."""
        dates = self.clock.dates()
        return [dated(report, dates) for report in reports], dates.now

    def forget(self, sent: Iterable[Waiting]) -> None:
        """Drop reports that are settled. The file learns of it with the next poll: after a kill they are sent again."""
        with self._lock:
            self._settled |= {report.id for report in sent}
            if len(self._settled) > SETTLED_AT_MOST:
                self._store([], self.now())

    # ------------------------------------------------------------------ the file, and what is done without it

    def _open(self) -> Kept:
        """Open the file and take over what it knows. Raises SpoolError when a person has to do something."""
        try:
            self._file = SpoolFile(self._path, self._max_bytes)
            kept = self._file.kept()
            with suppress(DiskError):
                self._file.forget_old_eras()
        except DamagedError as error:
            return self._begin_anew(error)
        except DiskError as error:
            self._say(error)
            # Above what the file may hold, should it be legible some day.
            self._last_id = int(time.time() * 1000)
            # A card that fails is mounted read-only; the prints that are on go on all the same.
            kept = salvaged_knowledge(Path(self._path), is_read_only=True)
            self.client, self._printers = kept.client or "", kept.printers
            return kept
        self.client = kept.client or ""
        self._printers, self._written, self._newest = kept.printers, dict(kept.printers), kept.newest
        self._last_id = max((report.id for report in kept.newest.values()), default=0)
        return kept

    def _store(self, reports: list[Waiting], now: float) -> None:
        """Write what is new; keep it in memory if the file does not take it."""
        self._newest |= {report.printer: report for report in reports}
        self._last_id = max([self._last_id, *(report.id for report in reports)])
        try:
            self._write(reports, now)
        except DamagedError as error:
            self._begin_anew(error)
            self._overflow_with(reports)
        except SpoolError as error:
            self._say(error)
            self._overflow_with(reports)

    def _write(self, reports: list[Waiting], now: float) -> None:
        """Write to the file what is new, and first what it did not take before. Raises SpoolError."""
        if self._file is None:
            self._file, self._written = SpoolFile(self._path, self._max_bytes), {}
        if self._overflow is not None:
            self._empty_overflow(self._file, self._overflow)
        durable = any(report.is_change for report in reports) or not 0 <= now - self._durable_at < DURABLE_EVERY_SECONDS
        printers = self._changed_printers(now, everything=durable)
        self._file.write(
            self.client,
            reports,
            printers,
            [self.clock.era()],
            settled=self._settled,
            spared=self._spared,
            durable=durable,
        )
        self._settled.clear()
        self._written |= printers
        if durable:
            self._durable_at = now
        if self._is_trouble_said:
            logger.info("%s can be written again.", self._path)
        self._is_trouble_said = False

    def _empty_overflow(self, file: SpoolFile, overflow: SpoolFile) -> None:
        while held := overflow.read(SLICE, without=self._settled):
            file.write(self.client, held, {}, [], spared=self._spared, durable=False)
            overflow.write(self.client, [], {}, [], settled=[report.id for report in held], durable=False)
            self._overflow_from = held[-1].id + 1
        overflow.close()
        self._overflow = None
        self._settled -= self._settled_in_overflow

    @property
    def _settled_in_overflow(self) -> set[int]:
        return {number for number in self._settled if number >= self._overflow_from}

    @property
    def _spared(self) -> set[int]:
        """The newest report of every printer: what is true now is told in any case."""
        return {report.id for report in self._newest.values()}

    def _changed_printers(self, now: float, *, everything: bool) -> dict[str, KnownPrinter]:
        """What is to be written of printers. A sequence alone is not, where the clock would give a higher one again."""
        return {
            serial: known
            for serial, known in self._printers.items()
            if everything
            or known.sequence > now * 1000 + 1
            or serial not in self._written
            or known != replace(self._written[serial], sequence=known.sequence)
        }

    def _overflow_with(self, reports: list[Waiting]) -> None:
        if self._overflow is None:
            self._overflow, self._overflow_from = SpoolFile(IN_MEMORY, MAX_BYTES_IN_MEMORY), self._last_id + 1
        self._overflow_from = min([self._overflow_from, *(report.id for report in reports)])
        settled = self._settled_in_overflow
        self._overflow.write(self.client, reports, {}, [], settled=settled, spared=self._spared, durable=False)
        self._settled -= settled

    def _read(self, file: SpoolFile | None, limit: int, without_printers: Collection[str]) -> list[Waiting]:
        if file is None or limit <= 0:
            return []
        try:
            return file.read(limit, without=self._settled, without_printers=without_printers)
        except DamagedError as error:
            self._begin_anew(error)
        except SpoolError as error:
            self._say(error)
        return []

    def _begin_anew(self, error: DamagedError) -> Kept:
        """Set the damaged file aside and begin another, with what is legible of it. Return what that one knew."""
        if self._file is not None:
            self._file.close()
        self._file = None
        try:
            aside = set_aside(Path(self._path))
        except OSError as reason:
            self._say(DiskError(f"{error} It cannot be set aside: {reason.strerror}."))
            return Kept()
        logger.error("%s It was set aside as %s; what is legible of it is kept.", error, aside)
        kept = salvaged_knowledge(aside)
        self.client = self.client or kept.client or str(uuid.uuid4())
        self._printers = kept.printers | self._printers
        intake = Intake({}, {}, 0)
        for number, recorded_at, report in salvaged_reports(aside):
            if number not in self._settled:
                intake.add(report, recorded_at, number)
            if len(intake.reports) >= SLICE:
                self._take_over(intake, kept.eras)
        self._take_over(intake, kept.eras)
        return kept

    def _take_over(self, intake: Intake, eras: list[Era]) -> None:
        """Keep salvaged reports in the new file, a slice at a time: all of a large one would not fit into memory."""
        self._newest = intake.newest | self._newest
        for serial, said in intake.printers.items():
            known = self._printers.get(serial, KnownPrinter())
            self._printers[serial] = replace(known, sequence=max(known.sequence, said.sequence))
        self._last_id = max([self._last_id, *(report.id for report in intake.reports)])
        try:
            if self._file is None:
                self._file, self._written = SpoolFile(self._path, self._max_bytes), {}
            self._file.write(self.client, intake.reports, self._printers, eras, spared=self._spared, durable=True)
        except SpoolError as error:
            self._say(error)
            self._overflow_with(intake.reports)
        intake.reports.clear()

    def _say(self, error: SpoolError) -> None:
        """Log a trouble once, and one that comes and goes, as on a disk that is nearly full, once an hour."""
        now = time.monotonic()
        if not self._is_trouble_said and now - self._said_at >= SAY_AGAIN_SECONDS:
            logger.error("%s Reports are kept in memory meanwhile.", error)
            self._said_at, self._is_trouble_said = now, True
