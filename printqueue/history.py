"""Which of many samples to draw. Pure: rows in, some of them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

RowT = TypeVar("RowT")


def thin(rows: Sequence[RowT], limit: int, values: Callable[[RowT], Sequence[float | None]]) -> list[RowT]:
    """Return at most `limit` of `rows`, in their order, such that a chart of them has the same outline.

    `values` gives the numbers of a row that are drawn, None where it has none. The rows are cut into equal parts;
    of each part stay the first and the last row, and the lowest and the highest of every drawn number. `limit` must
    leave room for one part.
    """
    if len(rows) <= limit:
        return list(rows)
    numbers = [values(row) for row in rows]
    series = len(numbers[0])
    parts = limit // (2 + 2 * series)
    if parts == 0:
        raise ValueError(f"A limit of {limit} has no room for the extremes of {series} series.")
    edges = [len(rows) * part // parts for part in range(parts + 1)]
    kept = {
        index for start, end in zip(edges, edges[1:], strict=False) for index in _outline(numbers, range(start, end))
    }
    return [rows[index] for index in sorted(kept)]


def _outline(numbers: Sequence[Sequence[float | None]], part: range) -> Iterator[int]:
    yield part[0]
    yield part[-1]
    for series in range(len(numbers[0])):
        drawn = [(number, index) for index in part if (number := numbers[index][series]) is not None]
        if drawn:
            yield min(drawn)[1]
            yield max(drawn)[1]
