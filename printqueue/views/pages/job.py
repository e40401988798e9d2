"""The page of one job."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.access import jobs_for
from printqueue.models import PrintQueue, RunState, Transition
from printqueue.views.pages.shown_job import ShownJob, ShownRun, ShownTransition
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

MAX_TRANSITIONS = 100


@require_safe
@staff_only
def job(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a job, its progress and what happened to it; to htmx without the frame of the page."""
    jobs = jobs_for(request.actor).select_related("printer", "current_run", "wanted_printer", "created_by")
    context = job_context(request, jobs.get(pk=pk))
    template = "printqueue/_job.html" if wants_fragment(request) else "printqueue/detail.html"
    return render(request, template, context)


def job_context(request: StaffRequest, job: PrintQueue) -> dict[str, object]:
    """Return what _job.html needs."""
    runs = list(job.runs.select_related("printer"))
    return {
        "job": job,
        "shown": ShownJob(job, request.now, job.position),
        "runs": [ShownRun(run, request.now, len(runs) - index) for index, run in enumerate(runs)],
        "transitions": [ShownTransition(transition) for transition in _transitions(job)],
    }


def _transitions(job: PrintQueue) -> list[Transition]:
    """Return what happened to the job, the newest first, and to its runs what the job itself did not follow."""
    lost_sight = Q(run__job=job, new_state=RunState.UNKNOWN_END)
    happened = Transition.objects.filter(Q(job=job) | lost_sight).select_related("user", "key")
    return list(happened.order_by("-at", "-pk")[:MAX_TRANSITIONS])
