"""What must survive a restart, in one SQLite file: the client's uuid, sequences, runs, and reports not yet sent."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from printqueue.client.snapshot import Snapshot, report_of
from printqueue.protocol import Report

MAX_REPORTS: Final = 50_000
"""About 20 MB, and three days of one printer at a report every 5 s."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS client (uuid TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS printer (
    serial TEXT PRIMARY KEY, sequence INTEGER NOT NULL, last_said TEXT NOT NULL, memory TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recorded_at REAL NOT NULL, is_change INTEGER NOT NULL, body TEXT NOT NULL
);
"""


class SpoolError(Exception):
    """The spool file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look at one printer gave: snapshots, oldest first, and what its driver has to remember."""

    serial: str
    name: str | None
    snapshots: list[Snapshot]
    memory: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits to be sent. `is_change`: it says a state or a run that the one before it did not."""

    id: int
    recorded_at: float
    is_change: bool
    body: str


class Spool:
    """The spool file. Its methods may be called from any thread; only one process may have it open."""

    def __init__(self, path: Path | str, max_reports: int = MAX_REPORTS) -> None:
        """Open or make the file; ":memory:" keeps nothing. Raises SpoolError."""
        self._path = path
        self._max_reports = max_reports
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
            # The exclusive lock keeps a second client from reporting the same printers with the same sequences.
            self._database.executescript(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA
            )
            self.client = self._own_uuid()
        except sqlite3.Error as error:
            raise SpoolError(_in_words(path, error)) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def memory(self, serial: str) -> dict[str, Any] | None:
        """Return what the driver of `serial` wanted remembered, or None."""
        with self._lock:
            row = self._database.execute("SELECT memory FROM printer WHERE serial = ?", [serial]).fetchone()
        return json.loads(row[0]) if row else None

    def save(self, polls: Iterable[Poll], now: float) -> list[Report]:
        """Keep the reports of `polls`, their sequences and the drivers' memories, all or nothing; return the reports.

        `now` is in seconds since the epoch. Raises SpoolError, for example when the disk is full.
        """
        with self._transaction():
            reports = [report for poll in polls for report in self._save_one(poll, now)]
            self._keep_within_bound()
        return reports

    def waiting(self, limit: int) -> list[Waiting]:
        """Return up to `limit` reports to send, oldest first."""
        query = "SELECT id, recorded_at, is_change, body FROM report ORDER BY id LIMIT ?"
        with self._lock:
            rows = self._database.execute(query, [limit]).fetchall()
        return [Waiting(row[0], row[1], bool(row[2]), row[3]) for row in rows]

    def forget(self, sent: Iterable[Waiting]) -> None:
        """Drop reports that are settled."""
        with self._transaction():
            self._database.executemany("DELETE FROM report WHERE id = ?", [(report.id,) for report in sent])

    def _save_one(self, poll: Poll, now: float) -> list[Report]:
        query = "SELECT sequence, last_said FROM printer WHERE serial = ?"
        sequence, last_said = self._database.execute(query, [poll.serial]).fetchone() or (0, "")
        reports = []
        for snapshot in poll.snapshots:
            # Not below the clock: a client that lost its spool must not go back behind what it sent before.
            sequence = max(sequence + 1, int(now * 1000) + 1)
            report = report_of(snapshot, serial=poll.serial, name=poll.name, sequence=sequence, measured_at=now)
            says = f"{report['state']} {report.get('runKey', '')}"
            self._add(report, now, is_change=says != last_said)
            last_said = says
            reports.append(report)
        self._database.execute(
            "INSERT OR REPLACE INTO printer VALUES (?, ?, ?, ?)",
            [poll.serial, sequence, last_said, json.dumps(poll.memory)],
        )
        return reports

    def _add(self, report: Report, now: float, *, is_change: bool) -> None:
        self._database.execute(
            "INSERT INTO report (recorded_at, is_change, body) VALUES (?, ?, ?)",
            [now, is_change, json.dumps(report, ensure_ascii=False, separators=(",", ":"))],
        )

    def _keep_within_bound(self) -> None:
        """When full, drop every second plain progress report; the starts and ends go only if nothing else is left."""
        if self._count() <= self._max_reports:
            return
        self._database.execute(
            "DELETE FROM report WHERE id IN (SELECT id FROM ("
            "  SELECT id, row_number() OVER (ORDER BY id) AS place FROM report WHERE NOT is_change"
            ") WHERE place % 2 = 1)"
        )
        too_many = self._count() - self._max_reports
        if too_many > 0:
            self._database.execute(
                "DELETE FROM report WHERE id IN (SELECT id FROM report ORDER BY is_change, id LIMIT ?)", [too_many]
            )

    def _count(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM report").fetchone()[0])

    def _own_uuid(self) -> str:
        row = self._database.execute("SELECT uuid FROM client").fetchone()
        if row is None:
            row = (str(uuid.uuid4()),)
            self._database.execute("INSERT INTO client VALUES (?)", row)
        return str(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                with self._database:
                    yield
            except sqlite3.Error as error:
                raise SpoolError(_in_words(self._path, error)) from error


def _in_words(path: Path | str, error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return f"{path}: in use by another printfactory-client; each needs a spool of its own."
    if "not a database" in str(error) or "malformed" in str(error):
        return f"{path}: is damaged or no spool ({error}). Move it away; the client then starts with a new one."
    return f"{path}: cannot be used as spool: {error}."
