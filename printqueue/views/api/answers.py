"""The JSON objects that answers are made of, and the answers every call may give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from django.http import HttpResponse

from printqueue.models import JobState, PrinterState, PrintQueue, PrintRun, RunState, Transition
from printqueue.stalls import StallKind
from printqueue.views.api.fields import Wire, WireTime

ERRORS: Final = (400, 401, 403, 404, 405, 409, 413, 415, 429, 503)


class FieldProblem(Wire):
    """One field of a refused body and what was expected of it."""

    field: str
    message: str


class ErrorAnswer(Wire):
    """The one shape of every error answer."""

    success: Literal[False]
    error: str
    details: list[FieldProblem]


class Done(Wire):
    """What every good answer begins with."""

    success: Literal[True] = True


def answers(good: type[Wire], status: int = 200) -> dict[Any, Any]:
    """Return the `response` of a call whose good answer is `good`."""
    return {status: good, ERRORS: ErrorAnswer}


def as_sent(answer: Wire, *, exclude_none: bool = False) -> HttpResponse:
    """Return `answer` in bytes: what ninja does with the object alone, without checking it a second time."""
    body = answer.model_dump_json(by_alias=True, exclude_none=exclude_none)
    return HttpResponse(body, content_type="application/json; charset=utf-8")


class Job(Wire):
    """A print job. `position` is 1-based among the ready jobs; `progress` is in percent.

    `remaining_seconds` is what the printer says, `estimated_finish_time` and the like what is estimated from all that is
    known: null while that is too little; the finish while it is paused, too. `stall`: why its print does not go on, as
    far as anybody can see.
    """

    id: str
    code: str
    design_name: str
    customer_id: str
    note: str
    print_file_name: str
    copies: int
    copies_done: int
    state: JobState
    attention: Literal["unknown_end"] | None
    progress: float | None
    progress_last_report_time: WireTime | None
    remaining_seconds: int | None
    layer: int | None
    total_layers: int | None
    estimated_finish_time: WireTime | None
    estimated_remaining_seconds: int | None
    estimated_spread_seconds: int | None
    printer: str | None
    position: int | None
    rush: bool
    due_at: WireTime | None
    created_at: WireTime
    print_started_time: WireTime | None
    print_completed_time: WireTime | None
    is_print_successful: bool | None
    match_reason: str | None
    revision: int
    stall: StallKind | None

    @classmethod
    def of(cls, job: PrintQueue, positions: Mapping[int, int] | None = None) -> Self:
        """Return `job` as the wire shows it; `positions` saves the query for the ready ones."""
        is_ready = job.state == JobState.READY
        finish, left, spread = job.estimate_at(job.progress_last_report_time)
        return cls(
            id=str(job.pk),
            code=job.code,
            design_name=job.design_name,
            customer_id=job.customer_id,
            note=job.note,
            print_file_name=job.print_file_name,
            copies=job.copies,
            copies_done=job.copies_done,
            state=JobState(job.state),
            attention="unknown_end" if job.attention else None,
            progress=job.progress,
            progress_last_report_time=job.progress_last_report_time,
            remaining_seconds=job.remaining_seconds,
            layer=job.layer,
            total_layers=job.total_layers,
            estimated_finish_time=finish,
            estimated_remaining_seconds=left,
            estimated_spread_seconds=spread,
            printer=job.printer.serial if job.printer else None,
            position=positions.get(job.pk) if positions is not None and is_ready else job.position,
            rush=job.rush,
            due_at=job.due_at,
            created_at=job.created_at,
            print_started_time=job.started_at,
            print_completed_time=None if job.state == JobState.CANCELLED else job.ended_at,
            is_print_successful=job.is_print_successful,
            match_reason=job.match_reason or None,
            revision=job.revision,
            stall=StallKind(job.stall) if job.stall else None,
        )


class JobAnswer(Job, Done):
    """A print job, as the answer to a call about it."""


class JobsAnswer(Done):
    """A page of print jobs."""

    items: list[Job]
    next_cursor: str | None


class PrinterError(Wire):
    """An error as the printer names it."""

    code: str
    message: str


class PrinterOut(Wire):
    """The live state of a printer. Temperatures in °C. `stall`: why its print does not go on.

    `links_changed_time`: when staff last said which job one of its runs belongs to, or that it belongs to none, or when
    the end of an earlier run without a job was told late.
    """

    serial: str
    name: str
    model: str
    enabled: bool
    state: PrinterState
    state_since: str | None
    progress: float | None
    filename: str | None
    remaining_seconds: int | None
    layer: int | None
    total_layers: int | None
    estimated_finish_time: str | None
    estimated_remaining_seconds: int | None
    estimated_spread_seconds: int | None
    nozzle_c: float | None
    nozzle_target_c: float | None
    bed_c: float | None
    bed_target_c: float | None
    error: PrinterError | None
    last_report_time: str | None
    reported_by: str | None
    reported_since: str | None
    run_id: str | None
    job_id: str | None
    job_code: str | None
    links_changed_time: str | None
    stall: StallKind | None


class PrinterAnswer(PrinterOut, Done):
    """A printer, as the answer to a call about it."""


class PrintersAnswer(Done):
    """All printers."""

    items: list[PrinterOut]


class Run(Wire):
    """One physical print."""

    id: str
    run_key: str
    printer: str | None
    state: RunState
    filename: str | None
    progress: float
    layer: int | None
    total_layers: int | None
    error: PrinterError | None
    started_at: WireTime
    ended_at: WireTime | None
    last_report_time: WireTime | None
    match_reason: str | None

    @classmethod
    def of(cls, run: PrintRun) -> Self:
        """Return `run` as the wire shows it."""
        has_error = bool(run.error_code or run.error_message)
        return cls(
            id=str(run.pk),
            run_key=run.run_key,
            printer=run.printer.serial if run.printer else None,
            state=RunState(run.state),
            filename=run.file_name or None,
            progress=run.progress,
            layer=run.layer,
            total_layers=run.total_layers,
            error=PrinterError(code=run.error_code, message=run.error_message) if has_error else None,
            started_at=run.started_at,
            ended_at=run.ended_at,
            last_report_time=run.last_report_at,
            match_reason=run.match_reason or None,
        )


class Point(Wire):
    """One sample of a run: straight lines from each to the next are at most 0.5 % from what was reported.

    `clamped` when its time was moved because the client's clock was wrong, `followsGap` when nobody reported before it.
    """

    run_id: str
    at: WireTime
    state: RunState
    progress: float
    layer: int | None
    remaining_seconds: int | None
    nozzle_c: float | None
    bed_c: float | None
    clamped: bool
    follows_gap: bool


class Step(Wire):
    """One change of state: of the job, or of the run `run_id`; `by` is null for PrintFactory itself."""

    at: WireTime
    run_id: str | None
    old_state: str | None
    new_state: str
    reason: str | None
    by: str | None

    @classmethod
    def of(cls, transition: Transition) -> Self:
        """Return `transition` as the wire shows it."""
        return cls(
            at=transition.at,
            run_id=str(transition.run_id) if transition.run_id else None,
            old_state=transition.old_state or None,
            new_state=transition.new_state,
            reason=transition.reason or None,
            by=transition.who.name or None,
        )


class HistoryAnswer(Done):
    """All that happened to a job: its runs, the samples of them (thinned for a chart), the changes of state."""

    runs: list[Run]
    samples: list[Point]
    transitions: list[Step]
