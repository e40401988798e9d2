"""The page of one job."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.access import jobs_for, printers_for
from printqueue.models import JobState, PrintQueue, PrintRun
from printqueue.views.pages.foreseen import ahead, foreseen
from printqueue.views.pages.shown_chart import shown_chart
from printqueue.views.pages.shown_job import ShownJob
from printqueue.views.pages.shown_run import ShownRun
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment
from printqueue.views.pages.timeline import timeline


@require_safe
@staff_only
def job(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a job, its progress and what happened to it; to htmx without the frame of the page."""
    known = ("printer", "current_run__printer", "current_run__linked_by", "wanted_printer", "created_by")
    jobs = jobs_for(request.actor).select_related(*known)
    context = job_context(request, jobs.get(pk=pk))
    template = "printqueue/_job.html" if wants_fragment(request) else "printqueue/detail.html"
    return render(request, template, context)


def job_context(request: StaffRequest, job: PrintQueue) -> dict[str, object]:
    """Return what _job.html needs; `going_on` is a run on a machine that does not move the job any more."""
    runs = list(job.runs.select_related("printer", "linked_by"))
    is_ready = job.state == JobState.READY
    done = foreseen(ahead(), printers_for(request.actor), request.now).get(job.pk) if is_ready else None
    return {
        "job": job,
        "shown": ShownJob(job, request.now, job.position, foreseen=done),
        "chart": shown_chart(job, runs, request.GET.get("run")),
        "runs": [_shown(run, job, request, len(runs) - index) for index, run in enumerate(runs)],
        "going_on": next((run for run in runs if run.is_active and run.pk != job.current_run_id), None),
        "timeline": timeline(job, runs, request.actor, request.now),
    }


def _shown(run: PrintRun, job: PrintQueue, request: StaffRequest, number: int) -> ShownRun:
    return ShownRun(run, request.now, number, is_followed=run.is_active and run.pk == job.current_run_id)
