"""The list page and the parts of it that a browser fetches again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, Self, cast
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.access import Actor, jobs_for, printers_for
from printqueue.forecast import Done
from printqueue.models import JobState, Printer, PrintQueue
from printqueue.models.job import HasEndsOfReady, PrintQueueQuerySet
from printqueue.models.order import Stage
from printqueue.protocol import MAX_SERIAL, safe_text
from printqueue.views.pages.foreseen import FORESEEN, ahead, foreseen
from printqueue.views.pages.shown_job import ShownJob, with_last_reason
from printqueue.views.pages.shown_printer import ShownPrinter
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment
from printqueue.views.pages.tray import tray_context

PAGE_SIZE: Final = 50
PAGES_COUNTED_AHEAD: Final = 20
MAX_SEARCH: Final = 100
FAILED_LATELY: Final = timedelta(hours=24)
GROUPS: Final = ("On a printer", "Needs a person", "Ready")


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

    @property
    def leaves_all_over(self) -> bool:
        """Whether every job is of what the viewer asked for."""
        return not self.text and not self.printer

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
    printers = printers_for(request.actor)  # read once, whoever needs them
    context = queue_context(request, chosen, printers)
    if wants_fragment(request):
        return render(request, "printqueue/_queue.html", context)
    context |= printers_context(request, printers) | tray_context(request)
    return render(request, "printqueue/list.html", context | {"all_printers": printers})


@require_safe
@staff_only
def printers(request: StaffRequest) -> HttpResponse:
    """Show the cards of the printers."""
    context = printers_context(request, printers_for(request.actor))
    return render(request, "printqueue/_printers.html", context)


def printers_context(request: StaffRequest, printers: Iterable[Printer]) -> dict[str, object]:
    """Return what _printers.html needs."""
    return {"printers": [ShownPrinter(printer, request.now) for printer in printers]}


@dataclass(frozen=True)
class Pages:
    """Where a page stands among all."""

    number: int
    total: int
    is_more: bool = False
    """Whether there are more than `total`: those far behind were not counted."""

    @classmethod
    def of(cls, wanted: int, total: int, *, is_more: bool = False) -> Self:
        """Return the page that was asked for, or the last one before it that is there."""
        return cls(min(max(1, wanted), _last(total)), total, is_more)

    @property
    def last(self) -> int:
        return _last(self.total)

    @property
    def begin(self) -> int:
        """The index of its first row among all."""
        return (self.number - 1) * PAGE_SIZE

    @property
    def end(self) -> int:
        return self.begin + PAGE_SIZE


def _last(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def queue_context(request: StaffRequest, chosen: Filter, printers: Iterable[Printer]) -> dict[str, object]:
    """Return what _queue.html needs; `printers` are those in use."""
    jobs = chosen.matching(request.actor)
    if chosen.tab == "history":
        pages, groups = _history_page(jobs, chosen.page, request.now)
    else:
        pages, groups = _active_page(jobs, chosen, request.now, printers)
    return {
        "filter": chosen,
        "page": pages,
        "groups": [group for group in groups if group.rows],
        "back": chosen.address(pages.number - 1),
        "on": chosen.address(pages.number + 1),
    }


def _history_page(jobs: PrintQueueQuerySet, number: int, now: datetime) -> tuple[Pages, list[Group]]:
    """Return a page of the ended jobs. Of a long history only what is near the page is counted."""
    ended = jobs.filter(stage=Stage.ENDED)
    most = (number + PAGES_COUNTED_AHEAD) * PAGE_SIZE
    counted = ended.order_by()[: most + 1].count()
    pages = Pages.of(number, min(counted, most), is_more=counted > most)
    pks = ended.in_order().values_list("pk", flat=True)[pages.begin : pages.end]
    return pages, [Group("", pages.total, _shown(list(pks), now))]


def _active_page(
    jobs: PrintQueueQuerySet, chosen: Filter, now: datetime, printers: Iterable[Printer]
) -> tuple[Pages, list[Group]]:
    """Return a page of what is on a printer, needs a person, or is ready, in this order.

    The first two are few, and are read whole. Of the ready ones the index gives number and page.
    """
    front = ahead()
    on_printer, in_need = _at_hand(jobs, now)
    at_hand = [*on_printer, *in_need]
    ready = jobs.filter(stage=Stage.READY).order_by("queue_order", "pk").values_list("pk", flat=True)
    totals = (len(on_printer), len(in_need), ready.count())
    pages = Pages.of(chosen.page, sum(totals))
    of_ready = slice(max(0, pages.begin - len(at_hand)), max(0, pages.end - len(at_hand)))
    waiting = _ready_in_front(front, of_ready) if chosen.leaves_all_over else None
    rows = _shown(
        [*at_hand[pages.begin : pages.end], *(ready[of_ready] if waiting is None else waiting)],
        now,
        foreseen(front, printers, now),
    )
    group_of = dict.fromkeys(on_printer, 0) | dict.fromkeys(in_need, 1)
    groups = groupby(rows, key=lambda row: group_of.get(row.job.pk, 2))
    return pages, [Group(GROUPS[index], totals[index], list(members)) for index, members in groups]


def _ready_in_front(front: Sequence[Any], of_ready: slice) -> list[int] | None:
    """Return which ready jobs are on a page, if the front of the queue reaches so far."""
    ready = [job.pk for job in front if job.stage == Stage.READY]
    return ready[of_ready] if len(front) < FORESEEN or of_ready.stop <= len(ready) else None


def _at_hand(jobs: PrintQueueQuerySet, now: datetime) -> tuple[list[int], list[int]]:
    """Return which jobs are on a printer, and which of them, or failed lately, need a person."""
    failed_lately = Q(ended_at__gt=now - FAILED_LATELY, state=JobState.FAILED)
    found = jobs.filter(Q(stage=Stage.ON_PRINTER) | failed_lately).order_by("queue_order", "pk")
    on_printer: list[int] = []
    in_need: list[int] = []
    for pk, stage, attention in found.values_list("pk", "stage", "attention"):
        (in_need if attention or stage == Stage.ENDED else on_printer).append(pk)
    return on_printer, in_need


def _shown(pks: Sequence[int], now: datetime, done: Mapping[int, Done] = MappingProxyType({})) -> list[ShownJob]:
    """Return the jobs of `pks`, in their order, with all that a row shows; `done` says when ready ones will be."""
    jobs = with_last_reason(PrintQueue.objects.with_ends_of_ready().filter(pk__in=pks))
    found = {job.pk: job for job in jobs.select_related("printer", "current_run")}
    return [_row(found[pk], now, done.get(pk)) for pk in pks if pk in found]


def _row(job: PrintQueue, now: datetime, done: Done | None) -> ShownJob:
    ends = cast(HasEndsOfReady, job)
    is_first, is_last = job.pk == ends.first_ready, job.pk == ends.last_ready
    return ShownJob(job, now, is_first=is_first, is_last=is_last, foreseen=done)
