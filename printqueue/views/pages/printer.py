"""The page of one printer, and what staff say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from printqueue.access import printer_for
from printqueue.models import Fact, FactKind, Printer, PrintRun, RunState, Transition
from printqueue.models.fact import STALLS
from printqueue.models.printer import EDITABLE_FIELDS
from printqueue.models.stall import house_minutes
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge
from printqueue.views.pages.answers import done
from printqueue.views.pages.forms import PrinterForm
from printqueue.views.pages.shown_fact import badge_of
from printqueue.views.pages.shown_printer import ShownPrinter
from printqueue.views.pages.shown_run import UNKNOWN_END, ShownRun
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

MOST_RUNS: Final = 50
MOST_TROUBLES: Final = 20
MAY_EDIT: Final = "printqueue.change_printer"

LIMITS: Final = (("silent", "Not heard"), ("still", "No movement"), ("paused", "Paused"))


@dataclass(frozen=True)
class Limit:
    """How long until something is a stall, in words."""

    name: str
    minutes: int
    is_own: bool

    @property
    def text(self) -> str:
        return display.duration(self.minutes * 60) if self.minutes else "never"


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong on the printer; `run` is the print that it happened to."""

    at: datetime
    badge: Badge
    """Its shape and colour; the word is in `what`."""
    what: str
    why: str
    run: PrintRun
    until: datetime | None = None

    @classmethod
    def of_transition(cls, transition: Transition, run: PrintRun) -> Trouble:
        is_unknown = transition.new_state == RunState.UNKNOWN_END
        badge = UNKNOWN_END if is_unknown else display.badge(transition.new_state)
        what = str(RunState(transition.new_state).label)
        return cls(transition.at, badge, what, transition.reason, run)

    @classmethod
    def of_fact(cls, fact: Fact) -> Trouble:
        kind = FactKind(fact.kind)
        return cls(fact.at, badge_of(kind), str(kind.label), fact.reason, fact.run, fact.cleared_at)


@require_safe
@staff_only
def printer(request: StaffRequest, serial: str) -> HttpResponse:
    """Show a printer, what is on it and what was; to htmx without the frame of the page."""
    context = printer_context(request, printer_for(request.actor, serial))
    template = "printqueue/_printer_page.html" if wants_fragment(request) else "printqueue/printer.html"
    return render(request, template, context)


def printer_context(request: StaffRequest, printer: Printer) -> dict[str, object]:
    """Return what _printer_page.html needs."""
    known = printer.runs.select_related("job", "linked_by")
    runs = list(known.order_by("-started_at", "-pk")[: MOST_RUNS + 1])
    for run in runs:
        run.printer = printer
    return {
        "printer": printer,
        "shown": ShownPrinter(printer, request.now),
        "runs": [ShownRun(run, request.now) for run in runs[:MOST_RUNS]],
        "is_more": len(runs) > MOST_RUNS,
        "troubles": _troubles(printer, runs[:MOST_RUNS]),
        "limits": _limits(printer),
        "may_edit": request.user.has_perm(MAY_EDIT),
    }


def _limits(printer: Printer) -> list[Limit]:
    own = (printer.silent_minutes, printer.still_minutes, printer.paused_minutes)
    return [
        Limit(name, house if minutes is None else minutes, minutes is not None)
        for (_, name), minutes, house in zip(LIMITS, own, house_minutes(), strict=True)
    ]


def _troubles(printer: Printer, runs: list[PrintRun]) -> list[Trouble]:
    """Return the last things that went wrong: stalls and named errors, and prints that stopped for a reason."""
    by_pk = {run.pk: run for run in runs}
    stopped = {RunState.PAUSED, RunState.FAILED, RunState.UNKNOWN_END}
    transitions = Transition.objects.filter(run__in=by_pk, new_state__in=stopped).exclude(reason="")
    facts = Fact.objects.filter(printer=printer, kind__in=[*STALLS, FactKind.ERROR]).select_related("run__job")
    found = [
        Trouble.of_transition(transition, by_pk[transition.run_id or 0])
        for transition in transitions.order_by("-at", "-pk")[:MOST_TROUBLES]
    ]
    found += [Trouble.of_fact(fact) for fact in facts.order_by("-at", "-pk")[:MOST_TROUBLES]]
    return sorted(found, key=lambda trouble: trouble.at, reverse=True)[:MOST_TROUBLES]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def edit_printer(request: StaffRequest, serial: str) -> HttpResponse:
    """Change a printer's name and its limits, if the viewer may."""
    if not request.user.has_perm(MAY_EDIT):
        raise PermissionDenied
    printer = printer_for(request.actor, serial)
    form = PrinterForm.of(printer, house_minutes(), request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _is_saved(printer, form):
        return done(request, f"{printer} is changed.", to=reverse("pages:printer", args=[printer.serial]))
    context: dict[str, Any] = {"form": form, "printer": printer}
    return render(request, "printqueue/edit_printer.html", context, status=422 if form.errors else 200)


def _is_saved(printer: Printer, form: PrinterForm) -> bool:
    """Save what was changed in the form; a value that does not fit is said in the form."""
    try:
        printer.edit(**{name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE_FIELDS})
    except ValidationError as problem:
        for name, errors in problem.message_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    return not form.errors
