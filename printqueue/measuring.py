"""What is kept of completed runs: how long they worked, for later prints of the same file, and how well their finish was
foretold. Measured once, soon after their end, by the periodic work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from printqueue import worth
from printqueue.estimate import EarlierRun, completed_run
from printqueue.file_words import says_nothing
from printqueue.models import PrintRun, RunState
from printqueue.models.locks import in_transaction
from printqueue.models.sample import seen_of
from printqueue.protocol import file_name_key
from printqueue.rows import Statement, run_together
from printqueue.slicer_figure import slicer_seconds

RUNS_A_TURN: Final = 20
"""More than a large shop ends in the same time; what ended before there was this comes after, the oldest first."""

MOST_EARLIER: Final = 10
"""So many earlier runs of a file are heard, the newest."""


def measure_completed_runs(now: datetime) -> None:
    """Measure the runs that completed and were not measured, a few a turn."""
    runs = list(PrintRun.objects.to_be_measured().select_related("job").order_by("ended_at")[:RUNS_A_TURN])
    for run in runs:
        _measure(run)


def _measure(run: PrintRun) -> None:
    seen = seen_of([run]).get(run.pk, [])
    kept, key = completed_run(seen), earlier_key(run.file_name)
    # Those that had ended when it began: more was not known of the file meanwhile either, but for a copy elsewhere.
    earlier = earlier_runs({key: run.started_at})[0].get(key, [])
    off = worth.measure(seen, earlier, slicer_figure(run))
    _store(run, kept, key, worth.written(off))


@in_transaction
def _store(run: PrintRun, kept: EarlierRun | None, key: str, off: str) -> None:
    """Write what was measured, unless another process did meanwhile; nobody else writes these columns."""
    PrintRun.objects.filter(pk=run.pk, state=RunState.COMPLETED, is_measured=False).update(
        is_measured=True,
        file_key=key,
        worked_seconds=None if kept is None else kept.seconds,
        marks="" if kept is None else json.dumps([mark and round(mark, 1) for mark in kept.marks]),
        worth=off,
    )


def slicer_figure(run: PrintRun) -> float | None:
    """Return the seconds that the slicer foretold, by the name of the run's file, or of its job's: that may be renamed."""
    found = slicer_seconds(run.file_name)
    return found if found is not None or run.job is None else slicer_seconds(run.job.print_file_name)


def earlier_key(file_name: str) -> str:
    """Return by what runs of one file are found; "" for a name that says nothing, which any file may have."""
    return "" if says_nothing(file_name) else file_name_key(file_name)


def earlier_runs(
    keys: Mapping[str, datetime | None], *, latest: int = 0
) -> tuple[dict[str, list[EarlierRun]], list[tuple[int, float]]]:
    """Return the newest earlier runs of each file, by its key, that ended before a moment (None: ever).

    And of so many of the `latest` runs of any file their printers' primary keys (0: none) and how long they worked, in
    seconds. All in one query.
    """
    asked = [(key, before) for key, before in keys.items() if key]
    parts = [_OF_ONE_FILE.format(before="" if before is None else ' AND "ended_at" <= %s') for _, before in asked]
    moments = ((key, connection.ops.adapt_datetimefield_value(before)) for key, before in asked)
    values: list[Any] = [value for asked_one in moments for value in asked_one if value is not None]
    if latest:
        parts.append(_LATEST)
        values.append(latest)
    if not parts:
        return {}, []
    [rows] = run_together(Statement(" UNION ALL ".join(parts), [values], finds_rows=True))
    found: dict[str, list[EarlierRun]] = {}
    for key, seconds, marks, _ in rows:
        if key is not None:
            found.setdefault(key, []).append(EarlierRun(seconds, tuple(json.loads(marks))))
    return found, [(printer_id or 0, seconds) for key, seconds, _, printer_id in rows if key is None]


# Each part finds its rows by the index run_earlier, and stops after a few.
_OF_ONE_FILE: Final = f"""
    SELECT * FROM (
        SELECT "file_key", "worked_seconds", "marks", "printer_id" FROM "{PrintRun._meta.db_table}"
        WHERE "file_key" = %s AND "worked_seconds" IS NOT NULL{{before}} ORDER BY "ended_at" DESC LIMIT {MOST_EARLIER}
    ) AS of_one_file
"""  # noqa: S608 - our own names

# By the index run_worth.
_LATEST: Final = f"""
    SELECT * FROM (
        SELECT NULL, "worked_seconds", "marks", "printer_id" FROM "{PrintRun._meta.db_table}"
        WHERE "worth" > '' ORDER BY "ended_at" DESC LIMIT %s
    ) AS of_any_file
"""  # noqa: S608 - our own names
