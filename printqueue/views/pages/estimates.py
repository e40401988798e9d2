"""How good the estimates were, for whoever asks whether to believe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue import worth
from printqueue.access import printers_for
from printqueue.estimate import MARKS
from printqueue.models import PrintRun
from printqueue.views.pages.staff import StaffRequest, staff_only
from printqueue.worth import Figures, Off, Source

LATEST: Final = 1_000
"""So many prints are told of, the latest: what was long ago was foretold by other means."""

NAMES: Final = {
    Source.OURS: "What these pages say",
    Source.PRINTER: "The printer’s own figure",
    Source.ELAPSED: "Elapsed time and percent",
    Source.EARLIER: "Earlier prints of the file",
    Source.SLICER: "The slicer’s time in the file name",
}
HALF_WAY: Final = MARKS.index(50.0)
EXAMPLE_HOURS: Final = 2


@dataclass(frozen=True)
class Cell:
    """How far off a source was at one mark, in words."""

    median: str
    most: str

    @classmethod
    def of(cls, figures: Figures | None) -> Self | None:
        return None if figures is None else cls(_percent(figures.median), _percent(figures.most))


@dataclass(frozen=True)
class Line:
    """A source, and of how many prints it said something."""

    name: str
    cells: list[Cell | None]
    prints: int


@dataclass(frozen=True)
class Table:
    """The sources on some prints."""

    name: str
    prints: int
    lines: list[Line]


def _percent(part: float) -> str:
    """Return 0.042 as "4.2 %", and 0.153 as "15 %"."""
    return f"{100 * part:.1f} %" if part < 0.0995 else f"{100 * part:.0f} %"


@require_safe
@staff_only
def estimates(request: StaffRequest) -> HttpResponse:
    """Show how far off each source of a finish was, on the latest prints of all printers and of each."""
    printers = {printer.pk: str(printer) for printer in printers_for(request.actor)}
    runs = PrintRun.objects.filter(worth__gt="").order_by("-ended_at")[:LATEST]
    measured = [(pk, worth.read(text)) for pk, text in runs.values_list("printer_id", "worth")]
    by_printer = {name: [off for of, off in measured if of == pk] for pk, name in printers.items()}
    tables = [_table(name, off) for name, off in by_printer.items() if off]
    everything = [off for _, off in measured]
    if [table.prints for table in tables] != [len(everything)]:
        tables = [_table("All printers", everything), *tables]
    context = {
        "tables": tables if everything else [],
        "marks": [f"{mark:g} %" for mark in MARKS],
        "in_short": _in_short(everything),
    }
    return render(request, "printqueue/estimates.html", context)


def _table(name: str, measured: Sequence[Mapping[Source, Off]]) -> Table:
    lines = [
        Line(NAMES[source], [Cell.of(one) for one in at_marks], max(one.prints for one in at_marks if one is not None))
        for source, at_marks in worth.figures(measured).items()
    ]
    return Table(name, len(measured), lines)


def _in_short(measured: Sequence[Mapping[Source, Off]]) -> dict[str, str] | None:
    """Return what matters most, in words: how far off we are half-way, and what that is of a print of two hours."""
    ours = worth.figures(measured).get(Source.OURS, ())
    half_way = ours[HALF_WAY] if ours else None
    if half_way is None:
        return None
    return {
        "median": _percent(half_way.median),
        "most": _percent(half_way.most),
        "median_minutes": f"{half_way.median * EXAMPLE_HOURS * 60:.0f}",
        "most_minutes": f"{half_way.most * EXAMPLE_HOURS * 60:.0f}",
    }
