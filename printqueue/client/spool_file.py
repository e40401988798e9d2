"""The SQLite file under the spool: what is in it, how it stays small, and what is left of one that is damaged."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import IntEnum
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from printqueue.client.clock import Era
from printqueue.protocol import Report

IN_MEMORY: Final = ":memory:"
SCHEMA_VERSION: Final = 2
PAGE_BYTES: Final = 4096

LOG_PAGES: Final = 250
"""How long SQLite's write-ahead log may get before it goes into the file, 1 MB: what is deleted meanwhile never does."""

RESERVED_BYTES: Final = 2_000_000
"""What of the limit is left for that log and for one poll or one thinning more."""

SLICE: Final = 500
"""How many reports are thinned at a time: a long transaction would keep the poll waiting and make the log long."""

FADED_LEVEL: Final = 16
"""A report thinned so often that there is one left of 65,536 may go itself."""

SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE client (uuid TEXT NOT NULL);
CREATE TABLE printer (
    serial TEXT PRIMARY KEY, sequence INTEGER NOT NULL, says TEXT NOT NULL, run_key TEXT NOT NULL, memory TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE era (began REAL PRIMARY KEY, ended REAL NOT NULL, offset REAL NOT NULL, uptime REAL NOT NULL)
    WITHOUT ROWID;
CREATE TABLE report (
    id INTEGER PRIMARY KEY, printer TEXT NOT NULL, recorded_at REAL NOT NULL,
    worth INTEGER NOT NULL, level INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX thinning ON report (worth, level, id);
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

# Write-ahead log: a power cut in the middle of a write leaves the last whole one, and a write appends instead of writing
# pages twice. NORMAL does not wait for the disk; see `SpoolFile.write`. The lock keeps a second client from reporting the
# same printers with the same sequences; with it no shared memory is needed, which not every file system has.
PRAGMAS: Final = f"""
PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = {LOG_PAGES}; PRAGMA journal_size_limit = {LOG_PAGES * PAGE_BYTES};
"""

_IN_USE: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNREACHABLE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)


class SpoolError(Exception):
    """The spool file cannot be used; the message says why."""


class DiskError(SpoolError):
    """It cannot be used for now: the disk is full, or broken, or may only be read."""


class DamagedError(SpoolError):
    """It is no spool, or no longer one."""


class Worth(IntEnum):
    """How much is lost with a report, the least first."""

    PRESENCE = 0  # says again that no print is on
    PROGRESS = 1  # the course of a print
    CHANGE = 2  # says a state that the one before it did not
    START_OR_END = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits to be sent. `recorded_at` is own time, as are the times in `body`; see `clock`.

    `place` counts the reports of the printer, `level` how often those around this one were thinned.
    """

    id: int
    printer: str
    recorded_at: float
    worth: Worth
    level: int
    place: int
    body: str

    @property
    def is_change(self) -> bool:
        """Whether it says a state or a run that the one before it did not."""
        return self.worth >= Worth.CHANGE


@dataclass(frozen=True, slots=True)
class KnownPrinter:
    """What is kept of a printer: its last sequence, state and run, and what its driver remembers, as JSON."""

    sequence: int = 0
    says: str = ""
    run_key: str = ""
    memory: str = "null"


@dataclass(slots=True)
class Kept:
    """What a spool knew when it was last written."""

    client: str | None = None
    printers: dict[str, KnownPrinter] = field(default_factory=dict)
    eras: list[Era] = field(default_factory=list)
    newest: dict[str, Waiting] = field(default_factory=dict)


class SpoolFile:
    """One open file. Not for several threads at once, and no two processes may have it open."""

    def __init__(self, path: Path | str, max_bytes: int) -> None:
        """Open or make the file; IN_MEMORY keeps nothing. Raises SpoolError."""
        self.path = path
        self._max_pages = max(1, (max_bytes - RESERVED_BYTES) // PAGE_BYTES)
        self._is_durable = False
        with self._in_words():
            self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        try:
            with self._in_words():
                self._prepare()
        except SpoolError:
            self._database.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._database.close()

    def kept(self) -> Kept:
        """Return what the file knows beside the waiting reports, and the newest of these."""
        with self._in_words():
            client = self._database.execute("SELECT uuid FROM client").fetchone()
            printers = self._database.execute("SELECT serial, sequence, says, run_key, memory FROM printer").fetchall()
            eras = self._database.execute("SELECT began, ended, offset, uptime FROM era ORDER BY began").fetchall()
            newest = self._database.execute(
                f"{_REPORTS} WHERE id IN (SELECT max(id) FROM report GROUP BY printer)"  # noqa: S608 - our own text
            ).fetchall()
            if any(json_in(memory, dict | None) is NOTHING for *_, memory in printers):
                raise DamagedError(f"{self.path}: is damaged (what is kept of a printer is illegible).")
            return Kept(
                client[0] if client else None,
                {serial: KnownPrinter(*values) for serial, *values in printers},
                [Era(*values) for values in eras],
                {report.printer: report for report in map(_waiting, newest)},
            )

    def write(
        self,
        client: str,
        reports: Collection[Waiting],
        printers: dict[str, KnownPrinter],
        eras: Collection[Era],
        *,
        settled: Collection[int] = (),
        spared: Collection[int] = (),
        durable: bool,
    ) -> None:
        """Take in what is new and drop what is settled, all or nothing; thin before that if the file is full.

        `spared`: ids of reports that are never thinned. `durable`: wait until all is safe from a power cut. That wears
        out memory cards, so plain progress does not: of it a power cut takes what the system had not yet written, about
        half a minute. Raises SpoolError.
        """
        self._keep_within_bound(spared)
        with self._transaction(durable=durable):
            self._database.executemany("DELETE FROM report WHERE id = ?", [(number,) for number in settled])
            self._add(reports)
            self._database.execute("DELETE FROM client WHERE uuid <> ?", [client])
            self._database.execute("INSERT INTO client SELECT ? WHERE NOT EXISTS (SELECT 1 FROM client)", [client])
            self._database.executemany(
                "INSERT OR REPLACE INTO printer VALUES (?, ?, ?, ?, ?)",
                [(serial, *_as_printer(known)) for serial, known in printers.items()],
            )
            self._database.executemany("INSERT OR REPLACE INTO era VALUES (?, ?, ?, ?)", map(_as_era, eras))

    def read(
        self, limit: int, *, without: Collection[int] = (), without_printers: Collection[str] = ()
    ) -> list[Waiting]:
        """Return up to `limit` waiting reports, oldest first. Raises SpoolError."""
        query = f"{_REPORTS} WHERE printer NOT IN (SELECT value FROM json_each(?)) ORDER BY id"  # noqa: S608 - as above
        found: list[Waiting] = []
        with self._in_words(), closing(self._database.execute(query, [json.dumps(list(without_printers))])) as rows:
            for row in rows:
                if row[0] not in without:
                    found.append(_waiting(row))
                if len(found) == limit:
                    break
        return found

    def forget_old_eras(self) -> None:
        """Drop the eras of which no report is left; the last one stays. Raises SpoolError."""
        with self._transaction(durable=False):
            self._database.execute(
                "DELETE FROM era WHERE began < (SELECT max(began) FROM era)"
                " AND NOT EXISTS (SELECT 1 FROM report WHERE recorded_at <= era.ended)"
            )

    def _prepare(self) -> None:
        self._database.executescript(PRAGMAS)
        [version] = self._database.execute("PRAGMA user_version").fetchone()
        [things] = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if things == 0:
            self._database.executescript(SCHEMA)
            return
        if version != SCHEMA_VERSION:
            raise DamagedError(f"{self.path}: is the spool of another version.")
        [health] = self._database.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise DamagedError(f"{self.path}: is damaged ({health}).")

    def _add(self, reports: Collection[Waiting]) -> None:
        self._database.executemany("INSERT INTO report VALUES (?, ?, ?, ?, ?, ?, ?)", map(_as_report, reports))

    # ------------------------------------------------------------------ the bound

    def _keep_within_bound(self, spared: Collection[int]) -> None:
        while self._used_pages() > self._max_pages:
            with self._transaction(durable=False):
                if not self._thin(spared):
                    return

    def _used_pages(self) -> int:
        with self._in_words():
            [pages] = self._database.execute("PRAGMA page_count").fetchone()
            [unused] = self._database.execute("PRAGMA freelist_count").fetchone()
        return int(pages) - int(unused)

    def _thin(self, spared: Collection[int]) -> bool:
        """Thin a slice of what is worth least and was thinned least, from its old end; return whether there was any.

        Of a level every second report of a printer goes, those with an odd place; then every second of what is left, so
        that a curve keeps its shape. What is left is written anew: the gaps in old pages would never be filled.
        """
        where = "WHERE id NOT IN (SELECT value FROM json_each(?)) "
        values: list[Any] = [json.dumps(list(spared))]
        first = self._database.execute(
            f"SELECT worth, level FROM report {where} ORDER BY worth, level, id LIMIT 1",  # noqa: S608 - our own text
            values,
        ).fetchone()
        if first is None:
            return False
        # Of what should not go at all, little at a time.
        limit = SLICE if first[0] < Worth.CHANGE else SLICE // 10
        query = f"{_REPORTS} {where} AND worth = ? AND level = ? ORDER BY id LIMIT ?"
        old = [_waiting(row) for row in self._database.execute(query, [*values, *first, limit]).fetchall()]
        self._database.executemany("DELETE FROM report WHERE id = ?", [(report.id,) for report in old])
        self._add([replace(report, level=report.level + 1) for report in old if _stays(report)])
        return True

    # ------------------------------------------------------------------ SQLite

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[None]:
        with self._in_words():
            if durable != self._is_durable:
                self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._is_durable = durable
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _spool_error(self.path, error) from error


# Not by `astuple`, which looks into every value: it took a third of the time of a save.
_as_report, _as_printer, _as_era = (
    attrgetter(*(column.name for column in fields(kind))) for kind in (Waiting, KnownPrinter, Era)
)

_REPORTS: Final = "SELECT id, printer, recorded_at, worth, level, place, body FROM report"


def _waiting(row: tuple[Any, ...]) -> Waiting:
    """Raises DamagedError where a bit has tipped, which SQLite does not notice: nobody could send such a report."""
    number, printer, recorded_at, worth, level, place, body = row
    if worth not in list(Worth) or report_in(body) is None:
        raise DamagedError(f"The spool is damaged (report {number} is illegible).")
    return Waiting(number, printer, recorded_at, Worth(worth), level, place, body)


NOTHING: Final[Any] = object()
_NEEDED: Final = {"printer", "state", "measuredAt", "sequence"}


def json_in(text: Any, kind: Any) -> Any:
    """Return the value that `text` holds, NOTHING if it is none of this kind."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return NOTHING
    return value if isinstance(value, kind) else NOTHING


def report_in(text: Any) -> Report | None:
    """Return the report that `text` holds, None if it is none that can be dated and put into order."""
    report = json_in(text, dict)
    if report is NOTHING or not report.keys() >= _NEEDED or not isinstance(report["sequence"], int):
        return None
    try:
        for name in ("measuredAt", "startedAt"):
            datetime.fromisoformat(report.get(name, report["measuredAt"]))
    except (TypeError, ValueError):
        return None
    found: Report = report
    return found


def _stays(report: Waiting) -> bool:
    if report.worth >= Worth.CHANGE or report.level >= FADED_LEVEL:
        return False
    return report.place % (2 << report.level) == 0


def _spool_error(path: Path | str, error: sqlite3.Error) -> SpoolError:
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        return DamagedError(f"{path}: is damaged ({error}).")  # Python's own: a text that is not UTF-8
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without what SQLite adds in detail
    if code in _IN_USE:
        return SpoolError(f"{path}: in use by another printfactory-client; each needs a spool of its own.")
    if code in _DAMAGED:
        return DamagedError(f"{path}: is damaged or no spool ({error}).")
    if code in _UNREACHABLE:
        return SpoolError(f"{path}: cannot be used as spool: {error}.")
    return DiskError(f"{path}: cannot be written: {error}.")
