"""Stalls as they are stored: the facts that are not cleared, the run that shows one of them, and what follows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models

from printqueue import stalls
from printqueue.live.revisions import Change, save_revised
from printqueue.models.fact import STALLS, Fact, FactKind
from printqueue.models.job import PrintQueue
from printqueue.models.locks import Moved, in_transaction, locked
from printqueue.models.printer import LEASE, Printer, PrinterState
from printqueue.models.run import PrintRun, RunSource
from printqueue.protocol import ReportState
from printqueue.rows import Written
from printqueue.stalls import Limits, StallKind, Verdict, Watched

Known = dict[StallKind, datetime]
"""The stalls of a run that are not cleared, each with the time at which it became one."""


def known_stalls(runs: Iterable[PrintRun]) -> dict[int, Known]:
    """Return the known stalls of each of `runs` that has any, by the run's primary key, in one query at the most."""
    stalled = [run.pk for run in runs if run.stall]
    found: dict[int, Known] = {}
    if stalled:
        facts = Fact.objects.filter(run__in=stalled, kind__in=STALLS, cleared_at=None).order_by()
        for run_pk, kind, at in facts.values_list("run", "kind", "at"):
            found.setdefault(run_pk, {})[StallKind(kind)] = at
    return found


def limits_of(printer: Printer | None) -> Limits:
    """Return the limits of `printer`, those of the house where it has none; a hidden one is never stalled."""
    if printer is None:
        return Limits.of_minutes(*house_minutes())
    if not printer.is_enabled:
        return stalls.NEVER
    own = (printer.silent_minutes, printer.still_minutes, printer.paused_minutes)
    return Limits.of_minutes(*(house if of is None else of for of, house in zip(own, house_minutes(), strict=True)))


def house_minutes() -> tuple[int, int, int]:
    """Return the minutes for silence, standstill and pause that hold unless a printer has its own."""
    return settings.STALL_SILENT_MINUTES, settings.STALL_STILL_MINUTES, settings.STALL_PAUSED_MINUTES


def watched(run: PrintRun) -> Watched:
    """Return `run`, which is active, as `stalls` sees it."""
    numbers = {
        "state": ReportState(run.state),
        "state_since": run.state_since,
        "moved_at": run.moved_at,
        "reported_at": run.last_report_at,
        "heard_at": run.last_report_at,
        "tells_news_only": run.source == RunSource.PUT,
        "progress": run.progress,
        "layer": run.layer,
        "total_layers": run.total_layers,
        "remaining_seconds": run.remaining_seconds,
        "step_seconds": run.step_seconds,
    }
    printer = run.printer
    if printer is not None and run.source == RunSource.REPORTS:
        is_off = printer.state == PrinterState.OFFLINE
        numbers |= {
            "heard_at": printer.lease_until - LEASE if printer.lease_until else run.last_report_at,
            "offline_since": printer.state_since if is_off else None,
            "back_since": None if is_off else printer.state_since,
            "nozzle_c": printer.nozzle_c,
            "nozzle_target_c": printer.nozzle_target_c,
            "bed_c": printer.bed_c,
            "bed_target_c": printer.bed_target_c,
        }
    return Watched(**numbers)  # type: ignore[arg-type]  # each is what its name says


def judged(run: PrintRun, known: Known, listening_since: datetime | None, now: datetime) -> Verdict:
    """Return which stalls of the active `run` hold at `now`; see `stalls.judge`."""
    limits = limits_of(run.printer)
    return stalls.judge(watched(run), limits, known=known, listening_since=listening_since, now=now)


def is_news(run: PrintRun, known: Known, verdict: Verdict) -> bool:
    """Whether `verdict` says anything else than what is stored of `run`."""
    shown = verdict.shown
    return verdict.kinds != known.keys() or (run.stall, run.stall_since) != (
        (shown.kind, shown.since) if shown else ("", None)
    )


def store_verdict(run: PrintRun, known: Known, verdict: Verdict, now: datetime) -> None:
    """Write facts of what began and what ended, and set the stall of the locked `run`; the caller saves that.

    One fact tells that it goes on again, however many stalls held; its detail is the one that was shown.
    """
    over = known.keys() - verdict.kinds
    if over:
        # Compared and set, although the run's lock keeps others out: a fact is cleared once.
        run.facts.filter(kind__in=[str(kind) for kind in over], cleared_at=None).update(cleared_at=now)
    for stall in verdict.holds:
        if stall.kind not in known:
            detail = run.error_text if stall.kind == StallKind.PAUSED_TOO_LONG else ""
            Fact.of(run, FactKind(stall.kind), at=stall.at, noticed_at=now, detail=detail).save()
    if verdict.recovered:
        Fact.of(run, FactKind.RECOVERED, at=now, noticed_at=now, detail=verdict.recovered[0].value).save()
    shown = verdict.shown
    run.stall, run.stall_since = (shown.kind.value, shown.since) if shown else ("", None)


def end_what_is_over(run: PrintRun, now: datetime) -> bool:
    """Let a report of the locked, active `run` that came at `now` end a stall at once; return whether it did.

    The caller saves the run.
    """
    if not run.stall:
        return False
    # While it holds it costs no query: when it began does not matter for what a report just changed.
    if StallKind(run.stall) in judged(run, {StallKind(run.stall): now}, None, now).kinds:
        return False
    known = known_stalls([run]).get(run.pk, {})
    store_verdict(run, known, judged(run, known, None, now), now)
    return True


@in_transaction
def notice(run_pk: int, listening_since: datetime | None, now: datetime) -> None:
    """Look at the run again under its locks, and store which of its stalls hold at `now`."""
    seen = PrintRun.objects.get(pk=run_pk)
    printers = locked(Printer, [seen.printer_id])
    jobs = locked(PrintQueue, [seen.job_id])
    run = locked(PrintRun, [run_pk])[run_pk]
    if run.job_id != seen.job_id:
        raise Moved
    if not run.is_active:
        return
    run.printer, run.job = printers.get(run.printer_id or 0), jobs.get(run.job_id or 0)
    known = known_stalls([run]).get(run_pk, {})
    verdict = judged(run, known, listening_since, now)
    if is_news(run, known, verdict):
        store_verdict(run, known, verdict, now)
        save_revised(_who_shows(run), Written([run], ("stall", "stall_since")))


def _who_shows(run: PrintRun) -> list[Change]:
    """Return what is to be saved of the locked printer and job of `run`, so that open pages learn of its stall."""
    changes = []
    if run.printer is not None:
        changes.append(Change(run.printer, []))
    if run.job is not None:
        # A job that was taken out of its print's hands does not stall; its page shows the run all the same.
        if run.job.current_run_id == run.pk:
            run.job.stall = run.stall
        changes.append(Change(run.job, ["stall"]))
    return changes


def active_runs() -> models.QuerySet[PrintRun]:
    """Return the runs on a machine, with what `judged` reads."""
    return PrintRun.objects.active().select_related("printer")
