"""The list page and the parts of it that a browser fetches again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Self
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.access import Actor, jobs_for, printers_for
from printqueue.models import JobState, Printer, PrintQueue, PrintRun
from printqueue.models.job import PrintQueueQuerySet
from printqueue.models.order import Stage
from printqueue.protocol import MAX_SERIAL, file_name_key, safe_text
from printqueue.views.pages.shown_job import ShownJob, ShownRun, with_last_reason
from printqueue.views.pages.shown_printer import ShownPrinter
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

PAGE_SIZE: Final = 50
MAX_SEARCH: Final = 100
FAILED_LATELY: Final = timedelta(hours=24)
GROUPS: Final = ("On a printer", "Needs a person", "Ready")
CHOICES_IN_TRAY: Final = 200


@dataclass(frozen=True)
class Filter:
    """Which jobs the viewer asked for."""

    tab: str
    text: str
    printer: str
    page: int

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the filter from an address; what makes no sense there is passed over."""
        page = query.get("page", "")
        return cls(
            tab="history" if query.get("tab") == "history" else "active",
            text=safe_text(query.get("q", "").strip(), MAX_SEARCH),
            printer=safe_text(query.get("printer", ""), MAX_SERIAL),
            page=int(page) if page.isdecimal() and len(page) < 7 else 1,
        )

    def address(self, page: int | None = None) -> str:
        """Return the query that leads to this filter's first page, or to `page`."""
        named = {
            "tab": "history" if self.tab == "history" else "",
            "q": self.text,
            "printer": self.printer,
            "page": str(page or self.page) if (page or self.page) > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in named.items() if value})

    def matching(self, actor: Actor) -> PrintQueueQuerySet:
        """Return the jobs that it leaves over, of both tabs, in no order."""
        jobs = jobs_for(actor)
        if self.text:
            jobs = jobs.search(self.text)
        return jobs.filter(printer__serial=self.printer) if self.printer else jobs


@dataclass(frozen=True)
class Group:
    """Some rows under one heading."""

    title: str
    count: int
    rows: list[ShownJob]


@require_safe
@staff_only
def print_queue(request: StaffRequest) -> HttpResponse:
    """Show the printers, the prints without a job and the queue; to htmx the queue alone."""
    chosen = Filter.of(request.GET)
    context = queue_context(request, chosen)
    if wants_fragment(request):
        return render(request, "printqueue/_queue.html", context)
    printers = list(printers_for(request.actor))
    context |= printers_context(request, printers) | tray_context(request)
    return render(request, "printqueue/list.html", context | {"all_printers": printers})


@require_safe
@staff_only
def printers(request: StaffRequest) -> HttpResponse:
    """Show the cards of the printers."""
    context = printers_context(request, list(printers_for(request.actor)))
    return render(request, "printqueue/_printers.html", context)


@require_safe
@staff_only
def tray(request: StaffRequest) -> HttpResponse:
    """Show the prints that wait for somebody to say which job they are."""
    return render(request, "printqueue/_tray.html", tray_context(request))


def printers_context(request: StaffRequest, printers: list[Printer]) -> dict[str, object]:
    """Return what _printers.html needs."""
    return {"printers": [ShownPrinter(printer, request.now) for printer in printers]}


def queue_context(request: StaffRequest, chosen: Filter) -> dict[str, object]:
    """Return what _queue.html needs."""
    jobs = chosen.matching(request.actor)
    if chosen.tab == "history":
        page = _page(jobs.filter(stage=Stage.ENDED).in_order(), chosen.page)
        groups = [Group("", page.paginator.count, _shown(page, request.now))]
    else:
        page, groups = _active_page(jobs, chosen.page, request.now)
    return {
        "filter": chosen,
        "page": page,
        "groups": [group for group in groups if group.rows],
        "back": chosen.address(page.number - 1),
        "on": chosen.address(page.number + 1),
    }


def _active_page(jobs: PrintQueueQuerySet, number: int, now: datetime) -> tuple[Page[PrintQueue], list[Group]]:
    failed_lately = Q(state=JobState.FAILED, ended_at__gt=now - FAILED_LATELY)
    needs_person = failed_lately | ~Q(attention="")
    group = Case(
        When(needs_person, then=Value(1)), When(stage=Stage.READY, then=Value(2)), default=Value(0),
        output_field=IntegerField(),
    )  # fmt: skip
    active = jobs.filter(~Q(stage=Stage.ENDED) | failed_lately).annotate(group=group)
    counted = dict(active.order_by().values_list("group").annotate(Count("pk")))
    page = _page(active.order_by("group", "queue_order", "pk"), number, total=sum(counted.values()))
    rows = groupby(_shown(page, now), key=lambda row: int(row.job.group))  # type: ignore[attr-defined]  # annotated
    return page, [Group(GROUPS[index], counted.get(index, 0), list(members)) for index, members in rows]


def _page(jobs: PrintQueueQuerySet, number: int, total: int | None = None) -> Page[PrintQueue]:
    paginator = Paginator(with_last_reason(jobs.select_related("printer", "current_run")), PAGE_SIZE)
    if total is not None:
        paginator.count = total  # the groups were counted already
    return paginator.get_page(number)


def _shown(jobs: Page[PrintQueue], now: datetime) -> list[ShownJob]:
    positions = PrintQueue.objects.positions()
    return [ShownJob(job, now, positions.get(job.pk), positions.get(job.pk) == len(positions)) for job in jobs]


@dataclass(frozen=True)
class Waiting:
    """A print in the tray and the jobs that it may be, the likely ones apart."""

    shown: ShownRun
    likely: list[PrintQueue]
    others: list[PrintQueue]


def tray_context(request: StaffRequest) -> dict[str, object]:
    """Return what _tray.html needs."""
    runs = list(PrintRun.objects.unmatched(request.now).select_related("printer"))
    jobs = list(jobs_for(request.actor).open().in_order()[:CHOICES_IN_TRAY]) if runs else []
    return {"waiting": list(_waiting(runs, jobs, request.now))}


def _waiting(runs: list[PrintRun], jobs: list[PrintQueue], now: datetime) -> Iterator[Waiting]:
    for run in runs:
        key = file_name_key(run.file_name)
        likely = [job for job in jobs if (key and job.file_key == key) or job.printer_id == run.printer_id]
        likely.sort(key=lambda job: job.file_key != key)
        yield Waiting(ShownRun(run, now), likely, [job for job in jobs if job not in likely])
