"""The tray: prints that wait for somebody to say which job they are, and what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.access import jobs_for
from printqueue.file_words import FileName, says_nothing
from printqueue.matching import Ambiguous, Match, OpenJob, RunFacts, Standing, match
from printqueue.models import JobState, PrintQueue, PrintRun
from printqueue.models.job import PrintQueueQuerySet
from printqueue.reports.candidates import facts_of, read
from printqueue.views.pages.shown_run import ShownRun
from printqueue.views.pages.staff import StaffRequest, staff_only

SUGGESTED: Final = 2
"""How many jobs stand beside a print, a press each; the others are in its list."""

LISTED: Final = 100
"""How many jobs the list of a print holds: more are found on a page of their own."""

CONSIDERED: Final = 500
"""Of how many jobs that the name of a print may speak for the likely ones are found; they are nowhere near as many."""


@dataclass(frozen=True)
class Choice:
    """A job that a print may be, and what speaks for it; "" where nothing does."""

    job: OpenJob
    why: str = ""


@dataclass(frozen=True)
class Waiting:
    """A print in the tray, why it is there, and the jobs that it may be."""

    shown: ShownRun
    why: str
    likely: list[Choice]
    others: list[Choice]
    is_more: bool = False
    """Whether there are more jobs than the list shows."""
    twin: PrintQueue | None = None
    """The job that it looks like, although that cannot take it."""


@require_safe
@staff_only
def tray(request: StaffRequest) -> HttpResponse:
    """Show the prints that wait for somebody to say which job they are."""
    return render(request, "printqueue/_tray.html", tray_context(request))


def tray_context(request: StaffRequest) -> dict[str, object]:
    """Return what _tray.html needs."""
    runs = list(PrintRun.objects.unmatched(request.now).select_related("printer"))
    return {"waiting": waiting(request, runs, jobs_for(request.actor).open()) if runs else []}


def waiting(request: StaffRequest, runs: Sequence[PrintRun], jobs: PrintQueueQuerySet) -> list[Waiting]:
    """Return for each of `runs` which of `jobs` it may be, and why none of them was taken without asking."""
    first, spoken_for = jobs.in_order()[: SUGGESTED + LISTED + 1], jobs.filter(_may_speak(runs))[:CONSIDERED]
    some = (first, spoken_for, _first_wanted_here(runs, jobs))
    which = Q(*(("pk__in", each.values("pk")) for each in some), _connector=Q.OR)
    open_jobs = read(which, FileName(""), request.now)
    at_hand = jobs_for(request.actor).at_hand(request.now).select_related("current_run").in_order()
    closed = [job for job in at_hand if not job.is_open]
    closed_facts = [facts_of(job, place, request.now) for place, job in enumerate(closed)]
    return [_waiting(ShownRun(run, request.now), open_jobs, closed, closed_facts) for run in runs]


def _may_speak(runs: Sequence[PrintRun]) -> Q:
    """Return the condition for jobs that the name of one of these runs may speak for."""
    names = [FileName(run.file_name) for run in runs]
    phrases = {phrase for name in names for phrase in name.phrases}
    return (
        Q(file_key__in={name.key for name in names} - {""})
        | Q(code__in={word.code for name in names for word in name.codes})
        | Q(customer_key__in=phrases)
        | Q(design_key__in=phrases)
    )


def _first_wanted_here(runs: Sequence[PrintRun], jobs: PrintQueueQuerySet) -> PrintQueueQuerySet:
    """Return the next few of `jobs` at the printer of each run: there may be many, and that says little for them."""
    place = Window(RowNumber(), partition_by="printer", order_by=["stage", "queue_order", "pk"])
    return jobs.filter(printer__in={run.printer_id for run in runs}).alias(place=place).filter(place__lte=SUGGESTED)


def _waiting(
    shown: ShownRun, open_jobs: list[OpenJob], closed: list[PrintQueue], closed_facts: list[OpenJob]
) -> Waiting:
    run = shown.run
    facts = RunFacts(run.printer_id or 0, run.file_name, run.started_at)
    found = match(facts, [*open_jobs, *closed_facts])
    looks_like = None if isinstance(found, Match) else _twin(facts, closed_facts)
    twin = next((job for job in closed if job.pk == looks_like), None)
    reasons = _reasons(found)
    by_pk = {job.pk: job for job in open_jobs}
    suggested = [Choice(by_pk[pk], reason) for pk, reason in reasons.items()]
    others = [*suggested[SUGGESTED:], *(Choice(job) for job in open_jobs if job.pk not in reasons)]
    return Waiting(
        shown,
        _why(facts, found, twin),
        likely=suggested[:SUGGESTED],
        others=others[:LISTED],
        is_more=len(others) > LISTED,
        twin=twin,
    )


def _reasons(found: Match | Ambiguous) -> dict[int, str]:
    """Return what speaks for the jobs that were found, by pk, the likeliest first."""
    suggestions = (found,) if isinstance(found, Match) else found.suggestions
    return {suggestion.job_id: suggestion.reason for suggestion in suggestions}


def _twin(facts: RunFacts, closed: list[OpenJob]) -> int | None:
    """Return the one of `closed` that the print would have been linked to, were that open and alone, by its pk."""
    # Wherever they are.
    free = [replace(job, standing=Standing.OPEN, printer_id=None, started_at=None) for job in closed]
    found = match(facts, free)
    return found.job_id if isinstance(found, Match) else None


def _why(facts: RunFacts, found: Match | Ambiguous, twin: PrintQueue | None) -> str:
    """Return why the print found no job by itself."""
    if says_nothing(facts.file_name):
        return "Its name does not say what it is." if facts.file_name else "The printer does not name its file."
    if isinstance(found, Match):
        return "One job fits by now. Is it that one?"
    if twin is not None and twin.is_active:
        return f"It looks like {twin.code}, but that is on {twin.printer or 'a printer'} already. A second copy?"
    if twin is not None:
        ended = "has failed" if twin.state == JobState.FAILED else "was cancelled"
        return f"It looks like {twin.code}, but that {ended}. Retry it, then link this print."
    if found.suggestions:
        return "Not certain enough to link by itself." if len(found.suggestions) == 1 else "It may be one of several."
    return "No open job fits."
