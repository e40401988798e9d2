"""The chart of a job's run: its part of the page, what its script draws, and its samples as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from printqueue.access import jobs_for
from printqueue.models import PrintRun, Sample
from printqueue.protocol import wire_time
from printqueue.views.pages.shown_chart import ShownChart, shown_chart
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

HEAD: Final = (
    "job", "run", "printer", "file", "time", "state", "percent", "layer", "remaining seconds", "nozzle °C", "bed °C",
    "time was moved", "follows a gap",
)  # fmt: skip

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, which may send what else is in it to somebody."""


@require_safe
@staff_only
def chart(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the course of a run within the page of its job; outside of it, that page.

    A run that is not the job's, or no more, is passed over: the page that asks for it may be open since before.
    """
    shown = _shown(request, pk)
    if not wants_fragment(request):
        return HttpResponseRedirect(f"{reverse('pages:job', args=[pk])}{shown.query if shown else ''}")
    if shown is None:
        return HttpResponse(status=204)
    return render(request, "printqueue/_job_chart_run.html", {"job": shown.job, "chart": shown})


@require_safe
@staff_only
def chart_json(request: StaffRequest, pk: int) -> HttpResponse:
    """Return what the script draws of a run."""
    return JsonResponse(_named(request, pk).as_json(request.now))


@require_safe
@staff_only
def chart_csv(request: StaffRequest, pk: int) -> HttpResponse:
    """Return all samples that are kept of a run, for a spreadsheet."""
    shown = _named(request, pk)
    name = f"{shown.job.code}-run-{shown.number}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    csv.writer(response).writerows([HEAD, *_rows(shown)])
    return response


def _shown(request: StaffRequest, pk: int) -> ShownChart | None:
    job = jobs_for(request.actor).get(pk=pk)
    return shown_chart(job, list(job.runs.select_related("printer")), request.GET.get("run"))


def _named(request: StaffRequest, pk: int) -> ShownChart:
    """Return the very run that is asked for. Raises DoesNotExist, also when the job was not printed yet."""
    shown = _shown(request, pk)
    if shown is None or ("run" in request.GET and not shown.is_chosen):
        raise PrintRun.DoesNotExist
    return shown


def _rows(shown: ShownChart) -> Iterator[list[Any]]:
    run = shown.run
    of_all = [shown.job.code, shown.number, safe(str(run.printer or "")), safe(run.file_name)]
    for sample in Sample.objects.filter(run=run).iterator():
        yield [
            *of_all,
            wire_time(sample.at),
            sample.state,
            sample.progress,
            sample.layer,
            sample.remaining_seconds,
            sample.nozzle_c,
            sample.bed_c,
            *("yes" if said else "" for said in (sample.is_clamped, sample.follows_gap)),
        ]


def safe(text: str) -> str:
    """Return a text that a spreadsheet takes for a text."""
    return f"'{text}" if text.startswith(FORMULA) else text
