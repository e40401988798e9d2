"""What is still to be had of a spool file that is damaged or of another version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from printqueue.client.clock import Era
from printqueue.client.spool_file import Kept, KnownPrinter
from printqueue.protocol import Report

SUFFIX: Final = ".damaged"
"""What the name of a file that was set aside ends with. The last one stays; more would fill the disk."""

_NEEDED: Final = {"printer", "state", "measuredAt", "sequence"}


def set_aside(path: Path) -> Path:
    """Move the file away with its log, and return where to. Raises OSError."""
    aside = path.with_name(path.name + SUFFIX)
    for end in ("-wal", "-shm", "-journal"):
        aside.with_name(aside.name + end).unlink(missing_ok=True)
    path.replace(aside)
    for end in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(aside.with_name(aside.name + end))
    return aside


def salvaged_knowledge(path: Path) -> Kept:
    """Return what the file at `path` knew beside its reports, as far as it is legible."""
    kept = Kept()
    with closing(sqlite3.connect(path)) as database:
        for (name,) in _legible(database, "SELECT uuid FROM client"):
            kept.client = str(name)
        for serial, sequence, memory in _legible(database, "SELECT serial, sequence, memory FROM printer"):
            if isinstance(sequence, int) and _json(memory, dict | None) is not _NOTHING:
                kept.printers[str(serial)] = KnownPrinter(sequence, memory=memory)
        for values in _legible(database, "SELECT began, ended, offset, uptime FROM era ORDER BY began"):
            if all(isinstance(value, float) for value in values):
                kept.eras.append(Era(*values))
    return kept


def salvaged_reports(path: Path) -> Iterator[tuple[int, float, Report]]:
    """Give the legible reports that waited in the file at `path`, oldest first: number, own time, report."""
    with closing(sqlite3.connect(path)) as database:
        for number, recorded_at, body in _legible(database, "SELECT id, recorded_at, body FROM report ORDER BY id"):
            report = _json(body, dict)
            is_whole = report is not _NOTHING and report.keys() >= _NEEDED and isinstance(report["sequence"], int)
            if is_whole and isinstance(recorded_at, float):
                yield number, recorded_at, report


_NOTHING: Final[Any] = object()


def _legible(database: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """Give the rows up to the first that cannot be read."""
    with suppress(sqlite3.Error):
        yield from database.execute(query)


def _json(text: Any, kind: Any) -> Any:
    """Return the value that `text` holds, _NOTHING if it is none of this kind."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return _NOTHING
    return value if isinstance(value, kind) else _NOTHING
