"""Progress of a job, from a client that knows its job and little else."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import Field

from printqueue import reports
from printqueue.models import PrintQueue
from printqueue.protocol import ReportState, Scope
from printqueue.views.api.answers import Done, answers, as_sent
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.fields import Counted, FileName, Percent, SparseBody, Time, Whole, pk_of
from printqueue.views.api.jobs import no_such_job

router = Router(tags=["Reports"], by_alias=True, exclude_none=True)

JobReportState = Literal[
    ReportState.PREPARING,
    ReportState.PRINTING,
    ReportState.PAUSED,
    ReportState.COMPLETED,
    ReportState.CANCELLED,
    ReportState.FAILED,
]


class ProgressBody(SparseBody):
    """`progress` in percent; `state`, when given, wins over it."""

    progress: Percent
    filename: FileName = ""
    state: JobReportState | None = None
    remaining_seconds: Whole | None = None
    layer: Whole | None = None
    total_layers: Whole | None = None
    sequence: Annotated[Counted, Field(description="Rises with each call; an older one is stale.")] | None = None
    measured_at: Time | None = None


class ProgressAnswer(Done):
    """The progress as stored; `stale` when nothing was written."""

    id: str
    progress: float
    stale: Literal[True] | None = None


@router.put("/print-queue/{job_id}/progress", auth=gates(Scope.REPORTS_WRITE), response=answers(ProgressAnswer))
def put_progress(request: ApiRequest, job_id: str, body: ProgressBody) -> HttpResponse:
    """Store how far the print of a job is. Without `state`, 100 completes the job."""
    said = reports.Progress(
        progress=body.progress,
        state=ReportState(body.state) if body.state else None,
        file_name=body.filename,
        remaining_seconds=body.remaining_seconds,
        layer=body.layer,
        total_layers=body.total_layers,
        sequence=body.sequence,
        measured_at=body.measured_at,
    )
    try:
        stored = reports.put_progress(pk_of(job_id) or 0, said, actor=request.auth, received_at=timezone.now())
    except PrintQueue.DoesNotExist as problem:
        raise no_such_job() from problem
    answer = ProgressAnswer(id=job_id, progress=stored.progress, stale=True if stored.is_stale else None)
    return as_sent(answer, exclude_none=True)
