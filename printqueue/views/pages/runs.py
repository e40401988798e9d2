"""What staff do with a print: say which job it is, that it is another one, a new one, or none of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from types import EllipsisType
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from printqueue.access import job_for, jobs_for
from printqueue.models import InvalidTransition, PrintQueue, PrintRun
from printqueue.protocol import safe_text
from printqueue.views.pages.answers import done, refused
from printqueue.views.pages.queue import MAX_SEARCH
from printqueue.views.pages.staff import StaffRequest, staff_only
from printqueue.views.pages.tray import waiting


def verb(view: Callable[[StaffRequest, PrintRun], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let `view` act on the run of its address; a state from which the verb does not lead on becomes a message."""

    @wraps(view)
    def wrapper(request: StaffRequest, /, pk: int) -> HttpResponse:
        run = PrintRun.objects.select_related("printer", "job").get(pk=pk)
        try:
            return view(request, run)
        except (InvalidTransition, ValidationError) as problem:
            text = " ".join(problem.messages) if isinstance(problem, ValidationError) else str(problem)
            return refused(request, f"The print of {run}: {text}", to=reverse("pages:list"))

    return staff_only(wrapper)


@require_http_methods(["GET", "HEAD", "POST"])
@verb
def link(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Ask which job a print is, or say it; the answer offers the way back."""
    if request.method != "POST":
        return _ask(request, run)
    job = _job_said(request)
    if job is None:
        return refused(request, "Choose the job that this print belongs to.", to=reverse("pages:list"), status=422)
    previous = run.job_id
    moves = _said(request, "moves") is not None
    job.link(run, by=request.actor.who, now=request.now, seen=_seen(request), moves=moves)
    undo = address("unlink", run, job=job.pk)
    if previous not in (None, job.pk):
        undo = address("link", run, job=previous, seen=job.pk)
    return done(request, f"The print of {run} belongs to {job.code}.", to=page_of(job), undo=undo)


@require_POST
@verb
def unlink(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Say that a print is not one of the job it is linked to. A print without a job stays as it is."""
    job = _job_said(request) or run.job
    if job is None or run.job is None:
        return done(request, f"The print of {run} belongs to no job.", to=reverse("pages:list"))
    moved = {"moves": ""} if job.current_run_id == run.pk else {}
    job.unlink(run, by=request.actor.who, now=request.now)
    # A closed job takes no running print: there is no way back.
    undo = "" if run.is_active and not job.is_open else address("link", run, job=job.pk, seen="", **moved)
    return done(request, f"The print of {run} no longer belongs to {job.code}.", to=reverse("pages:list"), undo=undo)


@require_POST
@verb
def new_job(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Put a job into the queue that a print is one of."""
    job = PrintQueue.new_job(run, by=request.actor.who, now=request.now)
    edit = reverse("pages:edit", args=[job.pk])
    return done(request, f"{job.code} {job.design_name} is made from this print.", to=edit, on=edit)


@require_POST
@verb
def not_ours(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Say that a print is for no job of the queue; the answer offers the way back."""
    run.not_ours(by=request.actor.who, now=request.now)
    undo = address("ours", run)
    return done(request, f"The print of {run} is not ours.", to=reverse("pages:list"), undo=undo)


@require_POST
@verb
def ours(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Put a print that was not ours back into the tray."""
    run.ours(now=request.now)
    return done(request, f"The print of {run} waits for its job again.", to=reverse("pages:list"))


def page_of(job: PrintQueue) -> str:
    """Return the address of the job's page."""
    return reverse("pages:job", args=[job.pk])


def address(name: str, run: PrintRun, **said: object) -> str:
    """Return the address to post to for the verb `name`, with what a form would say."""
    return reverse(f"pages:{name}", args=[run.pk]) + (f"?{urlencode(said)}" if said else "")


def _ask(request: StaffRequest, run: PrintRun) -> HttpResponse:
    """Show which jobs the print may be, and find others among the open ones."""
    text = safe_text(request.GET.get("q", "").strip(), MAX_SEARCH)
    jobs = jobs_for(request.actor).open().exclude(pk=run.job_id or 0)
    [one] = waiting(request, [run], jobs.search(text) if text else jobs)
    return render(request, "printqueue/link.html", {"one": one, "run": run, "text": text})


def _job_said(request: StaffRequest) -> PrintQueue | None:
    """Return the job that the form, or the address of an undo, names; None for none. Raises PrintQueue.DoesNotExist."""
    chosen = _said(request, "job") or ""
    return job_for(request.actor, int(chosen)) if re.fullmatch("[0-9]{1,18}", chosen) else None


def _seen(request: StaffRequest) -> int | None | EllipsisType:
    """Return the job that the viewer saw the print linked to: None for no job, ... if the form does not say."""
    seen = _said(request, "seen")
    if seen is None:
        return ...
    return int(seen) if re.fullmatch("[0-9]{1,18}", seen) else None


def _said(request: StaffRequest, name: str) -> str | None:
    return request.POST.get(name, request.GET.get(name))
