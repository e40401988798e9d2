"""Which job a print belongs to: said by a person."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from printqueue.access import job_for
from printqueue.models import InvalidTransition, PrintRun
from printqueue.views.pages.answers import done, refused
from printqueue.views.pages.staff import StaffRequest, staff_only


@require_POST
@staff_only
def link(request: StaffRequest, pk: int) -> HttpResponse:
    """Say that a print is one of the job in the form; the answer offers the way back."""
    run = PrintRun.objects.get(pk=pk)
    chosen = request.POST.get("job", "")
    if not re.fullmatch("[0-9]{1,18}", chosen):
        return refused(request, "Choose the job that this print belongs to.", to=reverse("pages:list"), status=422)
    job = job_for(request.actor, int(chosen))
    try:
        job.link(run, by=request.actor.who, now=request.now)
    except InvalidTransition as problem:
        return refused(request, f"{job.code}: {problem}", to=reverse("pages:list"))
    undo = reverse("pages:unlink", args=[run.pk])
    return done(request, f"The print of {run} belongs to {job.code}.", to=reverse("pages:list"), undo=undo)


@require_POST
@staff_only
def unlink(request: StaffRequest, pk: int) -> HttpResponse:
    """Say that a print is not one of the job it is linked to. A print without a job stays as it is."""
    run = PrintRun.objects.select_related("job").get(pk=pk)
    if run.job is None:
        return done(request, f"The print of {run} belongs to no job.", to=reverse("pages:list"))
    job = run.job
    try:
        job.unlink(run, by=request.actor.who, now=request.now)
    except InvalidTransition as problem:
        return refused(request, f"{job.code}: {problem}", to=reverse("pages:list"))
    return done(request, f"The print of {run} no longer belongs to {job.code}.", to=reverse("pages:list"))
