"""Estimates of the runs that are on machines, reckoned from their samples and stored, so that every page tells them.

Reckoned outside of any lock, and written for few runs at once: a report waits for neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from printqueue.estimate import Estimate, estimate, is_news
from printqueue.live.revisions import Change, save_revised
from printqueue.measuring import earlier_key, earlier_runs, slicer_figure
from printqueue.models import Printer, PrintQueue, PrintRun, RunState
from printqueue.models.estimated import ESTIMATE_FIELDS
from printqueue.models.locks import in_transaction, locked
from printqueue.models.sample import seen_of
from printqueue.rows import Written

HEARD_LATELY: Final = timedelta(seconds=60)
"""Of a run that was not reported for so long nothing new is known, and no page tells when it will finish."""

RUNS_AT_ONCE: Final = 20
"""Read together, at most 20,000 samples, and written in one transaction."""


@dataclass(frozen=True)
class Reckoned:
    """What is to be told of a run that was in `state` and belonged to that job on that printer. Primary keys."""

    run_id: int
    printer_id: int | None
    job_id: int | None
    state: RunState
    said: Estimate | None


def estimate_active_runs(now: datetime) -> None:
    """Store when each run will finish that is on a machine, where that is news; open pages hear of it."""
    heard = PrintRun.objects.active().filter(last_report_at__gt=now - HEARD_LATELY)
    active = heard.select_related("job").order_by("pk")
    runs = list(active)
    for first in range(0, len(runs), RUNS_AT_ONCE):
        some = runs[first : first + RUNS_AT_ONCE]
        news = [found for found in _reckon(some, now) if found is not None]
        if news:
            _store({found.run_id: found for found in news}, now)


def _reckon(runs: Sequence[PrintRun], now: datetime) -> Iterator[Reckoned | None]:
    """Yield what is to be told of each run anew, or None."""
    seen, keys = seen_of(runs), {run.pk: earlier_key(run.file_name) for run in runs}
    earlier, _ = earlier_runs(dict.fromkeys(keys.values()))
    for run in runs:
        said = estimate(
            seen.get(run.pk, []),
            now,
            earlier=earlier.get(keys[run.pk], ()),
            slicer_seconds=slicer_figure(run),
        )
        finish, spread = _said_before(run, now)
        is_other = is_news(said, finish, spread)
        yield Reckoned(run.pk, run.printer_id, run.job_id, RunState(run.state), said) if is_other else None


def _said_before(run: PrintRun, now: datetime) -> tuple[datetime | None, timedelta | None]:
    """Return the finish and the spread that are stored; of a run that is paused as if it went on now."""
    if run.estimated_at is None:
        return None, None
    since = now if run.state == RunState.PAUSED else run.estimated_at
    left, spread = run.estimated_left_seconds or 0, run.estimated_spread_seconds or 0
    return max(now, since + timedelta(seconds=left)), timedelta(seconds=spread)


@in_transaction
def _store(news: Mapping[int, Reckoned], now: datetime) -> None:
    """Write what was reckoned of runs that are still as they were, and copy it to their jobs and printers."""
    printers = locked(Printer, (found.printer_id for found in news.values()))
    jobs = locked(PrintQueue, (found.job_id for found in news.values()))
    runs = [run for run in locked(PrintRun, news).values() if _is_as_it_was(run, news[run.pk])]
    changes: list[Change] = []
    for run in runs:
        _tell(run, news[run.pk].said, now)
        printer, job = printers.get(run.printer_id or 0), jobs.get(run.job_id or 0)
        if printer is not None and printer.run_id == run.pk:
            printer.copy_estimate(run)
            changes.append(Change(printer, ESTIMATE_FIELDS, structural=False))
        if job is not None and job.current_run_id == run.pk:
            job.copy_estimate(run)
            changes.append(Change(job, ESTIMATE_FIELDS, structural=False))
    save_revised(changes, Written(runs, ESTIMATE_FIELDS))


def _is_as_it_was(run: PrintRun, found: Reckoned) -> bool:
    """Whether the run, locked by now, is where and what it was when it was read; otherwise the next turn is soon."""
    return (run.printer_id, run.job_id, run.state) == (found.printer_id, found.job_id, found.state)


def _tell(run: PrintRun, said: Estimate | None, now: datetime) -> None:
    if said is None:
        run.forget_estimate()
        return
    # Work counts from the last report on: what is left by then, and no more, however late it was reckoned.
    run.estimated_at = now if run.state == RunState.PAUSED else min(now, run.last_report_at or now)
    run.estimated_left_seconds = round((said.finish - run.estimated_at).total_seconds())
    run.estimated_spread_seconds = round(said.spread.total_seconds())
