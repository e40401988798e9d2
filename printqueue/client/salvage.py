"""What is still to be had of a spool file that is damaged or of another version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from printqueue.client.clock import Era
from printqueue.client.spool_file import NOTHING, Kept, KnownPrinter, json_in, report_in
from printqueue.protocol import Report

SUFFIX: Final = ".damaged"
"""What the name of a file that was set aside ends with. The last one stays; more would fill the disk."""


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


def salvaged_knowledge(path: Path, *, is_read_only: bool = False) -> Kept:
    """Return what the file at `path` knew beside its reports, as far as it is legible.

    `is_read_only`: nothing can be written beside it either, so that what is only in its log is left out.
    """
    kept = Kept()
    with _opened(path, "?mode=ro&immutable=1" if is_read_only else "?mode=rw") as database:
        for (name,) in _legible(database, "SELECT uuid FROM client"):
            kept.client = str(name)
        for serial, sequence, memory in _legible(database, "SELECT serial, sequence, memory FROM printer"):
            if isinstance(sequence, int) and json_in(memory, dict | None) is not NOTHING:
                kept.printers[str(serial)] = KnownPrinter(sequence, memory=memory)
        for values in _legible(database, "SELECT began, ended, offset, uptime FROM era ORDER BY began"):
            if all(isinstance(value, float) for value in values):
                kept.eras.append(Era(*values))
    return kept


def salvaged_reports(path: Path) -> Iterator[tuple[int, float, Report]]:
    """Give the legible reports that waited in the file at `path`, oldest first: number, own time, report."""
    with _opened(path, "?mode=rw") as database:
        for number, recorded_at, body in _legible(database, "SELECT id, recorded_at, body FROM report ORDER BY id"):
            report = report_in(body)
            if report is not None and isinstance(recorded_at, float):
                yield number, recorded_at, report


@contextmanager
def _opened(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    with suppress(sqlite3.Error), closing(sqlite3.connect(path.resolve().as_uri() + how, uri=True)) as database:
        # One letter that is none must not end the reading.
        database.text_factory = partial(str, encoding="utf-8", errors="replace")
        yield database


def _legible(database: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """Give the rows up to the first that cannot be read."""
    with suppress(sqlite3.Error):
        yield from database.execute(query)
