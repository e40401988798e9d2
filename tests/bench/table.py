"""What a measurement came to, and the table in which it stands."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = ("#", "what", "figures", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One line of the table. `is_met` is None when it could not be measured here; `figures` then says why."""

    number: int
    what: str
    figures: str
    ratio: str
    target: str
    is_met: bool | None

    @property
    def cells(self) -> tuple[str, ...]:
        met = {True: "yes", False: "NO", None: "skipped"}[self.is_met]
        return (str(self.number), self.what, self.figures, self.ratio, self.target, met)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown, in order of their numbers."""
    return ruled(COLUMNS, [row.cells for row in sorted(rows, key=lambda row: row.number)])


def ruled(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return cells under their heads as a table in Markdown."""
    lines = [head, *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    with_rule = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in with_rule
    )


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of figures taken one after the other: machines drift, ratios less so."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def thousands(figure: float) -> str:
    """Return a large figure short: 121k."""
    return f"{figure / 1000:.1f}k" if figure < 100_000 else f"{figure / 1000:.0f}k"
