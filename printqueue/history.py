"""Which of many samples to draw. Pure: rows in, some of them out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

RowT = TypeVar("RowT")


def thin(rows: Sequence[RowT], limit: int, values: Callable[[RowT], Sequence[float | None]]) -> list[RowT]:
    """Return at most `limit` of `rows`, in their order, such that a chart of them has the same outline.

    `values` gives the numbers of a row that are drawn, None where it has none. The rows are cut into equal parts;
    of each part stay the first and the last row, and the lowest and the highest of every drawn number. Raises
    ValueError when `limit` has no room for one part.
    """
    if len(rows) <= limit:
        return list(rows)
    numbers = [values(row) for row in rows]
    # Rows of a part often coincide: the first one is also the lowest. So finer parts may fit.
    most = 2 + 2 * len(numbers[0])
    for rows_a_part in (2, 4, most):
        kept = _outlines(numbers, limit // rows_a_part)
        if 0 < len(kept) <= limit:
            return [rows[index] for index in kept]
    raise ValueError(f"A limit of {limit} has no room for one part, which may be {most} rows.")


def _outlines(numbers: Sequence[Sequence[float | None]], parts: int) -> list[int]:
    edges = [len(numbers) * part // parts for part in range(parts + 1)] if parts else []
    outlines = (_outline(numbers, range(start, end)) for start, end in itertools.pairwise(edges))
    return sorted(set(itertools.chain.from_iterable(outlines)))


def _outline(numbers: Sequence[Sequence[float | None]], part: range) -> Iterator[int]:
    yield part[0]
    yield part[-1]
    for series in range(len(numbers[0])):
        drawn = [(number, index) for index in part if (number := numbers[index][series]) is not None]
        if drawn:
            yield min(drawn)[1]
            yield max(drawn)[1]
