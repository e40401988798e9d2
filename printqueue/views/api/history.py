"""All that happened to a job."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from ninja import Router

from printqueue.history import thin
from printqueue.models import PrintQueue, RunState, Sample, Transition
from printqueue.protocol import Scope
from printqueue.views.api.answers import HistoryAnswer, Point, Run, Step, answers
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.jobs import job_named

router = Router(tags=["Print jobs"], by_alias=True)

MAX_POINTS: Final = 1_000
MAX_STEPS: Final = 1_000


@router.get("/print-queue/{job_id}/history", auth=gates(Scope.JOBS_READ), response=answers(HistoryAnswer))
def get_history(request: ApiRequest, job_id: str) -> HistoryAnswer:
    """Return the runs of a job, their samples (at most 1,000, the extremes among them) and the changes of state."""
    job = job_named(request.auth, job_id)
    return HistoryAnswer(
        runs=[Run.of(run) for run in job.runs.select_related("printer").order_by("started_at", "pk")],
        samples=_points(job),
        transitions=_steps(job),
    )


def _points(job: PrintQueue) -> list[Point]:
    samples = Sample.objects.filter(run__job=job).order_by("run__started_at", "run_id", "number")
    rows = samples.values_list(
        "run_id", "at", "state", "progress", "layer", "remaining_seconds", "nozzle_c", "bed_c", "is_clamped",
        "follows_gap", named=True,
    )  # fmt: skip
    return [_point(row) for row in thin(list(rows), MAX_POINTS, lambda row: (row.progress, row.nozzle_c, row.bed_c))]


def _point(row: Any) -> Point:
    return Point(
        run_id=str(row.run_id),
        at=row.at,
        state=RunState(row.state),
        progress=row.progress,
        layer=row.layer,
        remaining_seconds=row.remaining_seconds,
        nozzle_c=row.nozzle_c,
        bed_c=row.bed_c,
        clamped=row.is_clamped,
        follows_gap=row.follows_gap,
    )


def _steps(job: PrintQueue) -> list[Step]:
    """Return the latest changes of state of the job and of its runs, oldest first."""
    # By the runs' keys: asked by the job of their rows, no index helps, and every change of state ever is looked at.
    of_runs = Q(run__in=list(job.runs.values_list("pk", flat=True)))
    transitions = Transition.objects.filter(Q(job=job) | of_runs).select_related("user", "key")
    latest = transitions.order_by("-at", "-pk")[:MAX_STEPS]
    return [Step.of(transition) for transition in reversed(latest)]
