"""When the jobs that wait will be done, as the queue and the printers stand: a few queries, however long the queue is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.db.models import F, Q

from printqueue.estimate import EarlierRun
from printqueue.forecast import Done, Machine, Waiting, forecast
from printqueue.measuring import earlier_key, earlier_runs
from printqueue.models import Printer, PrinterState, PrintQueue
from printqueue.models.order import Stage
from printqueue.protocol import ACTIVE_STATES
from printqueue.slicer_figure import slicer_seconds
from printqueue.templatetags import display

FORESEEN: Final = 100
"""So many jobs at the front of the queue are looked at. What lies behind them depends on too much."""

RECENT: Final = 50
"""So many of the latest prints tell what prints usually take here."""

LEAST_RECENT: Final = 3
"""Fewer prints tell nothing of the next one."""

COLUMNS: Final = ("pk", "stage", "wanted_printer_id", "copies", "copies_done", "print_file_name")


def ahead() -> list[Any]:
    """Return the front of the whole queue, as COLUMNS: jobs on a printer of which more copies are wanted, then ready ones."""
    more_copies = Q(stage=Stage.ON_PRINTER, copies__gt=F("copies_done") + 1)
    jobs = PrintQueue.objects.enabled().filter(Q(stage=Stage.READY) | more_copies).in_order()
    return list(jobs.values_list(*COLUMNS, named=True)[:FORESEEN])


def foreseen(jobs: Sequence[Any], printers: Iterable[Printer], now: datetime) -> dict[int, Done]:
    """Return when the ready ones of these `jobs` that are `ahead` will be done, by primary key, if that is known.

    `printers` are those in use.
    """
    if not jobs:
        return {}
    done = forecast(_machines(printers, now), _queue(jobs), now)
    ready = {job.pk for job in jobs if job.stage == Stage.READY}
    return {pk: when for pk, when in done.items() if pk in ready}


def _machines(printers: Iterable[Printer], now: datetime) -> Iterator[Machine]:
    """Yield the printers that are heard, and when each is free."""
    for printer in printers:
        if printer.state != PrinterState.OFFLINE and not printer.is_silent(now):
            yield Machine(printer.pk, _free_at(printer, now))


def _free_at(printer: Printer, now: datetime) -> datetime | None:
    """Return when it is free: of a printer that is paused as if it went on now."""
    if printer.state not in ACTIVE_STATES:
        return now
    told = printer.estimate_told
    left = display.left(printer.remaining_seconds, told.left)
    since = now if printer.state == PrinterState.PAUSED else (printer.last_report_at or now)
    return told.finish or (None if left is None else since + timedelta(seconds=left))


def _queue(jobs: Sequence[Any]) -> Iterator[Waiting]:
    """Yield each job with how long a copy takes: by earlier prints of its file, by the slicer, else by recent prints."""
    keys = {job.pk: earlier_key(job.print_file_name) for job in jobs}
    earlier, latest = earlier_runs(dict.fromkeys(keys.values()), latest=RECENT)
    usual = _usual_seconds(latest)
    for job in jobs:
        seconds = _seconds_by_name(earlier.get(keys[job.pk], ()), job.print_file_name)
        # The copy that is on a printer now is not printed again.
        copies = job.copies - job.copies_done - (job.stage == Stage.ON_PRINTER)
        yield Waiting(
            job.pk,
            job.wanted_printer_id,
            copies,
            seconds if seconds is not None else usual.get(job.wanted_printer_id or 0, usual.get(0)),
            is_guess=seconds is None,
        )


def _seconds_by_name(earlier: Sequence[EarlierRun], file_name: str) -> float | None:
    return median(run.seconds for run in earlier) if earlier else slicer_seconds(file_name)


def _usual_seconds(latest: Iterable[tuple[int, float]]) -> Mapping[int, float]:
    """Return the median of the `latest` prints: of each printer with enough of them, and of all (0)."""
    took: dict[int, list[float]] = {}
    for printer_id, seconds in latest:
        for place in {printer_id, 0}:
            took.setdefault(place, []).append(seconds)
    return {place: median(seconds) for place, seconds in took.items() if len(seconds) >= LEAST_RECENT}
