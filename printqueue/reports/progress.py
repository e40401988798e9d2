"""Progress of a job, from a client that knows its job and little else."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Final

from printqueue.access import Actor
from printqueue.live.revisions import Change
from printqueue.matching import NAMED_IN_CALL
from printqueue.models import PRINTFACTORY, Printer, PrintQueue, PrintRun, RunSource, RunState, Sample
from printqueue.models.job import Place
from printqueue.models.job_state import ENDED
from printqueue.models.locks import Moved, in_transaction, locked
from printqueue.models.printer import LEASE
from printqueue.models.run import Observation, printer_shows
from printqueue.models.stall import end_what_is_over
from printqueue.models.transition import record
from printqueue.protocol import ReportState
from printqueue.reports.happenings import Before, facts_about
from printqueue.reports.messages import PUT_KEY, TOO_FAR_AHEAD, Conflict, Invalid, Progress, Stored, feeder
from printqueue.reports.rows import Rows

FULL: Final = 100.0


@in_transaction
def put_progress(job_id: int, said: Progress, *, actor: Actor, received_at: datetime) -> Stored:
    """Store the progress of a job, opening a run for it if none is on.

    Raises PrintQueue.DoesNotExist, NotAllowed for a job on another's printer, Invalid, Conflict, Busy.
    """
    place = Place.of(job_id)
    if not place.is_enabled:
        raise PrintQueue.DoesNotExist
    actor.require_printer(place.printer_id)
    rows = Rows()
    if place.has_run_on_machine:
        stored = _go_on(PrintQueue.locked(place), said, actor, received_at, rows)
    else:
        stored = _begin(place, said, actor, received_at, rows)
    rows.save()
    return stored


def _go_on(job: PrintQueue, said: Progress, actor: Actor, received_at: datetime, rows: Rows) -> Stored:
    """Store progress of the run that the job has on a machine."""
    at, run = _stored_time(said, received_at), job.current_run
    if run is None or not run.is_active:
        raise Moved
    _check_may_feed(run, said, actor, received_at)
    if _is_stale(run, said, actor):
        return Stored(run.progress, is_stale=True)
    return _observe(job, run, said, actor, at, received_at, rows)


def _begin(place: Place, said: Progress, actor: Actor, received_at: datetime, rows: Rows) -> Stored:
    """Open a run and store its progress, unless the job has ended."""
    only_one = actor.only_printer_ids
    printer = Printer.objects.filter(pk__in=[place.printer_id] if place.printer_id else only_one).first()
    in_the_way = _on_machine(printer)
    job = PrintQueue.locked(place, printer, other_job_id=in_the_way.job_id if in_the_way else None)
    at = _stored_time(said, received_at)
    if job.state in ENDED:
        return _again(job, job.current_run, said)
    last = job.runs.filter(source=RunSource.PUT).order_by("-pk").first()
    if last is not None and _is_stale(last, said, actor):
        return Stored(last.progress, is_stale=True)
    if _run_and_job(_on_machine(printer)) != _run_and_job(in_the_way):
        raise Moved
    _make_room(printer, in_the_way, actor, received_at, rows)
    return _observe(job, _open(job, printer, actor, at), said, actor, at, received_at, rows)


def _is_stale(run: PrintRun, said: Progress, actor: Actor) -> bool:
    """Whether it was said before, as far as sequences tell: another client's say nothing about this one's."""
    return run.fed_by == feeder(actor) and not run.is_newer(said.sequence)


def _on_machine(printer: Printer | None) -> PrintRun | None:
    return printer.runs.active().select_related("job").first() if printer is not None else None


def _run_and_job(run: PrintRun | None) -> tuple[int, int | None] | None:
    """Return what must stay as it is between the look and the lock: staff may link a run to another job."""
    return (run.pk, run.job_id) if run is not None else None


def _stored_time(said: Progress, received_at: datetime) -> datetime:
    if said.measured_at is None:
        return received_at
    if said.measured_at > received_at + TOO_FAR_AHEAD:
        raise Invalid("measuredAt", "Expected a time, not one more than a day ahead of now.")
    return min(said.measured_at, received_at)


def _meaning(said: Progress, run: PrintRun | None = None) -> RunState:
    """Return the state that `said` means for `run`: when given it wins over percent, else 100 completes."""
    if said.state is not None:
        return RunState(said.state.value)
    if said.progress == FULL:
        return RunState.COMPLETED
    return RunState.PAUSED if run is not None and run.state == RunState.PAUSED else RunState.PRINTING


def _again(job: PrintQueue, run: PrintRun | None, said: Progress) -> Stored:
    """Answer progress of an ended job: the end that a PUT brought may be said again, anything else comes too late."""
    if run is not None and run.source == RunSource.PUT and run.state == job.state == _meaning(said):
        return Stored(run.progress, is_stale=True)
    raise Conflict(f"The job is {job.state}.")


def _check_may_feed(run: PrintRun, said: Progress, actor: Actor, received_at: datetime) -> None:
    if run.source == RunSource.REPORTS:
        raise Conflict("The job's print is reported by its printer: progress comes from there.")
    is_fresh = run.last_report_at is not None and received_at - run.last_report_at < LEASE
    if run.fed_by != feeder(actor) and is_fresh:
        raise Conflict("Another client reports the progress of this job.")
    if not run.agrees_with(said.file_name):
        raise Conflict(f"The job is printing another file: {run.file_name}.")


def _make_room(
    printer: Printer | None, on_machine: PrintRun | None, actor: Actor, received_at: datetime, rows: Rows
) -> None:
    """End the run that is on `printer`, since another one begins there.

    Raises Conflict when the printer's own client says that it prints, or speaks for it with another key.
    """
    if printer is None:
        return
    printer.refresh_from_db()
    is_leased = printer.lease_until is not None and printer.lease_until > received_at
    if is_leased and printer.lease_key_id != (actor.key.pk if actor.key else None):
        raise Conflict(f"Another client speaks for the printer {printer}.")
    if on_machine is None:
        return
    if is_leased and on_machine.source == RunSource.REPORTS:
        raise Conflict(f"The printer {printer} is printing something else.")
    on_machine = locked(PrintRun, [on_machine.pk])[on_machine.pk]
    before, stall = Before.of(on_machine), on_machine.stall
    on_machine.change_state(
        RunState.UNKNOWN_END, who=PRINTFACTORY, at=received_at, reason="Another print began on this printer."
    )
    job = on_machine.job
    if job is not None and job.current_run_id == on_machine.pk:
        rows.change(job.follow(on_machine, who=actor.who, at=received_at))
    elif job is not None:
        # It was closed while its print went on, and its page says so.
        rows.change(Change(job, []))
    for change in printer_shows(on_machine, stall):
        rows.change(change)
    on_machine.save()
    rows.happened(facts_about(on_machine, before, at=received_at, noticed_at=received_at))


def _open(job: PrintQueue, printer: Printer | None, actor: Actor, at: datetime) -> PrintRun:
    run = PrintRun(
        printer=printer,
        run_key=_free_key(job),
        source=RunSource.PUT,
        state=RunState.PREPARING,
        state_since=at,
        started_at=at,
    )
    run.join(job, NAMED_IN_CALL, by=PRINTFACTORY, now=at)
    run.save()
    record(run, old="", new=run.state, who=actor.who, at=at, reason=run.match_reason)
    return run


def _free_key(job: PrintQueue) -> str:
    """Return the next `put:<job>:<n>`; runs that were taken off the job keep theirs."""
    numbers = count(job.runs.filter(source=RunSource.PUT).count() + 1)
    keys = (f"{PUT_KEY}{job.pk}:{number}" for number in numbers)
    return next(key for key in keys if not PrintRun.objects.filter(run_key=key).exists())


def _observe(
    job: PrintQueue, run: PrintRun, said: Progress, actor: Actor, at: datetime, received_at: datetime, rows: Rows
) -> Stored:
    at = max(at, run.last_report_at or at)
    seen = Observation(
        state=_meaning(said, run),
        # Before the print begins the percent is the last print's.
        progress=None if said.state == ReportState.PREPARING else said.progress,
        file_name=said.file_name,
        remaining_seconds=said.remaining_seconds,
        layer=said.layer,
        total_layers=said.total_layers,
        sequence=said.sequence,
    )
    is_steady, before, stall = seen.state == run.state, Before.of(run), run.stall
    if run.fed_by != feeder(actor):
        run.fed_by, run.last_sequence = feeder(actor), None
    run.observe(seen, who=actor.who, at=at)
    if run.is_active and end_what_is_over(run, received_at):
        is_steady = False
    for change in printer_shows(run, stall):
        rows.change(change)
    rows.change(job.follow(run, who=actor.who, at=at))
    if is_steady:
        rows.observed(run)
    else:
        run.save()
    rows.happened(facts_about(run, before, at=at, noticed_at=received_at))
    rows.sampled(
        Sample(
            run=run,
            at=at,
            state=run.state,
            progress=run.progress,
            layer=run.layer,
            remaining_seconds=run.remaining_seconds,
            is_clamped=at != (said.measured_at or received_at),
        )
    )
    return Stored(run.progress)
