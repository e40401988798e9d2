"""Print jobs: the list, one of them, new ones and changed ones."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Final

from django.db.models import Q
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from printqueue.access import Actor, NotAllowed, job_for, jobs_for, printers_for
from printqueue.models import JobState, Printer, PrintQueue
from printqueue.models.job import PrintQueueQuerySet
from printqueue.protocol import FieldError, Scope
from printqueue.views.api.answers import Job, JobAnswer, JobsAnswer, answers
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.errors import Refusal
from printqueue.views.api.fields import Body, Copies, Counted, FileName, Flag, Name, Note, Serial, Text, Time, pk_of

router = Router(tags=["Print jobs"], by_alias=True)

_CURSOR: Final = re.compile(r"([0-9])\.(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


class ListQuery(BaseModel):
    """What to list."""

    state: list[JobState] = Field([], description="Only jobs in one of these states; give it several times.")
    printer: Serial | None = Field(None, description="Only jobs on, or wanted on, the printer with this serial.")
    q: Text | None = Field(
        None, max_length=100, description="Only jobs with this text in code, design, customer, note or file name."
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=100)] | None = Field(None, description="`nextCursor` of the page before.")


class NewJob(Body):
    """A new print job."""

    design_name: Annotated[Name, Field(max_length=200)]
    print_file_name: Annotated[FileName, Name]
    customer_id: Annotated[Text, Field(max_length=20)] = ""
    note: Note = ""
    printer: Serial | None = None
    rush: Flag = False
    due_at: Time | None = None
    copies: Copies = 1


class JobChanges(Body):
    """What to change of a job; what is left out stays. `position` is 1-based among the ready jobs."""

    note: Note = ""
    printer: Serial | None = None
    rush: Flag = False
    due_at: Time | None = None
    copies: Copies = 1
    position: Counted = 1
    revision: Annotated[int, Field(strict=True, ge=0)] = 0


@router.get("/print-queue", auth=gates(Scope.JOBS_READ), response=answers(JobsAnswer))
def list_jobs(request: ApiRequest, query: Query[ListQuery]) -> JobsAnswer:
    """List jobs in the order of the queue: on a printer, ready by position, ended with the latest first."""
    _refuse_unknown_parameters(request)
    jobs = _chosen(request.auth, query).in_order()
    if query.cursor is not None:
        jobs = jobs.filter(_behind(query.cursor))
    page = list(jobs[: query.limit + 1])
    shown = page[: query.limit]
    positions = PrintQueue.objects.positions() if any(job.state == JobState.READY for job in shown) else {}
    return JobsAnswer(
        items=[Job.of(job, positions) for job in shown],
        next_cursor=_cursor(shown[-1]) if len(page) > len(shown) else None,
    )


@router.post("/print-queue", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer, 201))
def create_job(request: ApiRequest, body: NewJob) -> Status[JobAnswer]:
    """Put a job into the queue: at its end, or with `rush` behind the rush jobs that wait already."""
    fields = body.model_dump(exclude={"printer"})
    fields["wanted_printer"] = printer_named(request.auth, body.printer)
    job = PrintQueue.create(by=request.auth.who, now=timezone.now(), **fields)
    return Status(201, JobAnswer.of(job))


@router.get("/print-queue/{job_id}", auth=gates(Scope.JOBS_READ), response=answers(JobAnswer))
def get_job(request: ApiRequest, job_id: str) -> JobAnswer:
    """Return one job."""
    return JobAnswer.of(job_named(request.auth, job_id))


@router.patch("/print-queue/{job_id}", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def change_job(request: ApiRequest, job_id: str, body: JobChanges) -> JobAnswer:
    """Change what was wanted. A `revision` that is not the job's current one is answered with 409."""
    job = job_named(request.auth, job_id)
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    if "printer" in changes:
        changes["wanted_printer"] = printer_named(request.auth, changes.pop("printer"))
    job.edit(**changes)
    return JobAnswer.of(job)


def job_named(actor: Actor, identifier: str) -> PrintQueue:
    """Return the job with this id. Raises Refusal (404), or NotAllowed when it is on a printer not the actor's."""
    pk = pk_of(identifier)
    try:
        if pk is None:
            raise PrintQueue.DoesNotExist
        return job_for(actor, pk)
    except PrintQueue.DoesNotExist as problem:
        raise no_such_job() from problem


def no_such_job() -> Refusal:
    """Return the answer to an id that no shown job has."""
    return Refusal(404, "There is no such print job.")


def printer_named(actor: Actor, serial: str | None) -> Printer | None:
    """Return the printer that a body names; None for none. Raises Refusal (400), or NotAllowed for one not its own."""
    if serial is None:
        return None
    printer = printers_for(actor).filter(serial=serial).first()
    if printer is None and actor.printer_ids is not None:
        raise NotAllowed("This key is not for this printer.")
    if printer is None:
        message = "Expected the serial of a printer in use."
        raise Refusal(400, f"printer: {message}", [{"field": "printer", "message": message}])
    return printer


def _refuse_unknown_parameters(request: ApiRequest) -> None:
    # A misspelt filter would silently list everything.
    unknown = sorted(request.GET.keys() - ListQuery.model_fields.keys())
    if unknown:
        details: list[FieldError] = [{"field": name[:50], "message": "Is not known here."} for name in unknown]
        raise Refusal(400, "The address has a parameter that is not known here.", details)


def _chosen(actor: Actor, query: ListQuery) -> PrintQueueQuerySet:
    jobs = jobs_for(actor)
    if query.state:
        jobs = jobs.filter(state__in=query.state)
    if query.printer is not None:
        if actor.printer_ids is not None:
            printer_named(actor, query.printer)
        jobs = jobs.filter(printer__serial=query.printer)
    if query.q:
        jobs = jobs.search(query.q)
    return jobs


def _cursor(job: PrintQueue) -> str:
    place = f"{int(job.stage)}.{job.queue_order}.{job.pk}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _behind(cursor: str) -> Q:
    """Return the condition for the jobs behind the place that `cursor` marks. Raises Refusal (400)."""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        place = ""
    match = _CURSOR.fullmatch(place)
    if match is None:
        message = "Expected the nextCursor of an earlier answer."
        raise Refusal(400, f"cursor: {message}", [{"field": "cursor", "message": message}])
    stage, order, pk = (int(part) for part in match.groups())
    in_stage = Q(queue_order__gt=order) | Q(queue_order=order, pk__gt=pk)
    return Q(stage__gt=stage) | (Q(stage=stage) & in_stage)
