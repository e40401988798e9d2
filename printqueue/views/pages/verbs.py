"""What staff do with a job: one verb, one address, one view, one method of the model."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from printqueue.access import job_for, printers_for
from printqueue.models import InvalidTransition, PrintQueue
from printqueue.views.pages.answers import done, refused
from printqueue.views.pages.forms import CancelForm, FailForm, ReasonForm, ReopenForm, StartForm
from printqueue.views.pages.staff import StaffRequest, staff_only

ask_or_do = require_http_methods(["GET", "HEAD", "POST"])


def verb(view: Callable[[StaffRequest, PrintQueue], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let `view` act on the job of its address; a state from which the verb does not lead on becomes a message."""

    @wraps(view)
    def wrapper(request: StaffRequest, /, pk: int) -> HttpResponse:
        job = job_for(request.actor, pk)
        try:
            return view(request, job)
        except (InvalidTransition, ValidationError) as problem:
            text = " ".join(problem.messages) if isinstance(problem, ValidationError) else str(problem)
            return refused(request, f"{job.code}: {text}", to=page_of(job))

    return staff_only(wrapper)


def page_of(job: PrintQueue) -> str:
    """Return the address of the job's page."""
    return reverse("pages:job", args=[job.pk])


def ask(request: StaffRequest, job: PrintQueue, form: ReasonForm) -> HttpResponse:
    """Show the form of a verb that needs to know something, or to be sure."""
    status = 422 if form.is_bound else 200
    return render(request, "printqueue/ask.html", {"job": job, "form": form}, status=status)


@ask_or_do
@verb
def start(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Say that the job is being printed, and where."""
    form = StartForm(request, printers=printers_for(request.actor), wanted=job.wanted_printer)
    if not form.is_ready:
        return ask(request, job, form)
    job.start(
        by=request.actor.who, now=request.now, reason=form.cleaned_data["reason"], printer=form.cleaned_data["printer"]
    )
    return done(request, f"{job.code} is being printed.", to=page_of(job))


@require_POST
@verb
def complete(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Say that the job is printed."""
    job.complete(by=request.actor.who, now=request.now)
    return done(request, f"{job.code} is completed.", to=page_of(job))


@ask_or_do
@verb
def fail(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Say that the print is no good, and why."""
    form = FailForm(request)
    if not form.is_ready:
        return ask(request, job, form)
    job.fail(by=request.actor.who, now=request.now, reason=form.cleaned_data["reason"])
    return done(request, f"{job.code} is marked as failed.", to=page_of(job))


@ask_or_do
@verb
def cancel(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Say that the job is no longer wanted, after asking once."""
    form = CancelForm(request)
    if not form.is_ready:
        return ask(request, job, form)
    job.cancel(by=request.actor.who, now=request.now, reason=form.cleaned_data["reason"])
    return done(request, f"{job.code} is cancelled.", to=page_of(job))


@require_POST
@verb
def retry(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Queue a failed or cancelled job again."""
    job.retry(by=request.actor.who, now=request.now)
    return done(request, f"{job.code} is ready again, at the front of the queue.", to=page_of(job))


@ask_or_do
@verb
def reopen(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Queue an ended job again although it was thought done; the reason is kept."""
    form = ReopenForm(request)
    if not form.is_ready:
        return ask(request, job, form)
    job.reopen(by=request.actor.who, now=request.now, reason=form.cleaned_data["reason"])
    return done(request, f"{job.code} is ready again.", to=page_of(job))


@require_POST
@verb
def up(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Move the job one place forward in the queue."""
    job.move(-1)
    return done(request, f"{job.code} moved up.", to=reverse("pages:list"))


@require_POST
@verb
def down(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Move the job one place back in the queue."""
    job.move(1)
    return done(request, f"{job.code} moved down.", to=reverse("pages:list"))


@require_POST
@verb
def hide(request: StaffRequest, job: PrintQueue) -> HttpResponse:
    """Take the job off every page; the answer offers the way back."""
    job.hide()
    return done(request, f"{job.code} is hidden.", to=reverse("pages:list"), undo=reverse("pages:show", args=[job.pk]))


@require_POST
@staff_only
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Bring a hidden job back."""
    job = PrintQueue.objects.get(pk=pk)
    job.show()
    return done(request, f"{job.code} is back.", to=page_of(job))
