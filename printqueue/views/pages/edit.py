"""New jobs, and other wishes for those that exist."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from printqueue.access import job_for, printers_for
from printqueue.models import PrintQueue, RevisionConflict
from printqueue.templatetags import display
from printqueue.views.pages.answers import done
from printqueue.views.pages.forms import JobForm, wishes
from printqueue.views.pages.staff import StaffRequest, staff_only

ATTEMPTS: Final = 5
COPIED_BY_PRINT_AGAIN: Final = ("design_name", "print_file_name", "customer_id", "copies", "wanted_printer", "note")

show_or_save = require_http_methods(["GET", "HEAD", "POST"])


@show_or_save
@staff_only
def new(request: StaffRequest) -> HttpResponse:
    """Put a job into the queue."""
    return _create(request, title="New job", initial={})


@show_or_save
@staff_only
def print_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a job into the queue that wishes what another one did."""
    job = job_for(request.actor, pk)
    wished = wishes(job)
    initial = {name: wished[name] for name in COPIED_BY_PRINT_AGAIN}
    return _create(request, title=f"Print {job.code} again", initial=initial, job=job)


@show_or_save
@staff_only
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change what a job wishes; what somebody else changed meanwhile is shown before it is overwritten."""
    job = job_for(request.actor, pk)
    form = JobForm.of(job, printers_for(request.actor), _data(request))
    if not form.is_bound:
        return _render(request, form, title=f"Edit {job.code}", job=job, seen=job.revision)
    # A form that is shown again keeps what its viewer saw, so that a mistake in it hides nobody's change.
    seen = _seen(request)
    if not form.is_valid():
        return _render(request, form, title=f"Edit {job.code}", job=job, seen=seen)
    try:
        _save(job, seen, form.cleaned_data)
    except RevisionConflict:
        job.refresh_from_db()
        return _conflict(request, form, job)
    except ValidationError as problem:
        _take_errors(form, problem)
        return _render(request, form, title=f"Edit {job.code}", job=job, seen=seen)
    return done(request, f"{job.code} is changed.", to=reverse("pages:job", args=[job.pk]))


def _create(
    request: StaffRequest, *, title: str, initial: dict[str, Any], job: PrintQueue | None = None
) -> HttpResponse:
    form = JobForm(_data(request), printers=printers_for(request.actor), initial=initial)
    if not form.is_bound or not form.is_valid():
        return _render(request, form, title=title, job=job)
    try:
        made = PrintQueue.create(by=request.actor.who, now=request.now, **form.cleaned_data)
    except ValidationError as problem:
        _take_errors(form, problem)
        return _render(request, form, title=title, job=job)
    return done(request, f"{made.code} is in the queue.", to=reverse("pages:job", args=[made.pk]))


def _data(request: StaffRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _seen(request: StaffRequest) -> int:
    """Return the revision of the job that the viewer read before editing; 0, older than any, if it makes no sense."""
    seen = request.POST.get("revision", "")
    return int(seen) if seen.isdecimal() and len(seen) < 19 else 0


def _save(job: PrintQueue, seen: int, fields: dict[str, Any]) -> None:
    """Save unless anything but the progress changed after revision `seen`. Raises RevisionConflict."""
    for attempt in range(1, ATTEMPTS + 1):
        if job.structure_revision > seen:
            raise RevisionConflict(job.revision)
        try:
            return job.edit(revision=job.revision, **fields)
        except RevisionConflict:
            # A job that is being printed gets a revision with every report: look again at what changed.
            if attempt == ATTEMPTS:
                raise
            job.refresh_from_db()


def _conflict(request: StaffRequest, form: JobForm, job: PrintQueue) -> HttpResponse:
    for name, wished in form.cleaned_data.items():
        stored = getattr(job, name)
        if wished != stored:
            form.stored[name] = _in_words(name, stored)
    form.add_error(None, "Somebody changed this job while you were editing. Save again to overwrite what they wrote.")
    return _render(request, form, title=f"Edit {job.code}", job=job, seen=job.revision, status=409)


def _in_words(name: str, value: Any) -> str:
    if name == "wanted_printer":
        return str(value or "any printer")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return display.moment(value) if isinstance(value, datetime) else str(value or "nothing")


def _take_errors(form: JobForm, problem: ValidationError) -> None:
    for name, errors in problem.message_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)


def _render(
    request: StaffRequest,
    form: JobForm,
    *,
    title: str,
    job: PrintQueue | None,
    seen: int | None = None,
    status: int | None = None,
) -> HttpResponse:
    context = {"form": form, "title": title, "job": job, "seen": seen}
    return render(request, "printqueue/form.html", context, status=status or (422 if form.errors else 200))
