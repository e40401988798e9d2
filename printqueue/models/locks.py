"""Transactions that lock in one order everywhere: printers, jobs, runs, each by pk; the revision counter last.

Two that do so cannot wait for each other in a circle. What the order cannot give (a row that moved between the look
and the lock, a deadlock with the admin's own saves) is answered by doing the work again from the start.
"""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Final, ParamSpec, TypeVar

from django.db import OperationalError, connection, models, transaction

from printqueue.rows import places, read_rows

P = ParamSpec("P")
R = TypeVar("R")
RowT = TypeVar("RowT", bound=models.Model)

ATTEMPTS: Final = 4
_one_writer = threading.Lock()
_DEADLOCK_OR_SERIALISATION: Final = frozenset({"40P01", "40001"})


class Busy(Exception):
    """The database could not do the work, though it was tried four times. Nothing was changed."""


class Moved(Exception):
    """A row changed between the look and the lock, so that other rows must be locked: start again."""


def in_transaction(work: Callable[P, R]) -> Callable[P, R]:
    """Run `work` in a transaction, and again (3 times) when it could not get its locks; then raise `Busy`.

    Inside a transaction that is running already `work` is a part of it, and whoever opened it does the repeating.
    """

    @functools.wraps(work)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():
                return work(*args, **kwargs)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with _turn(), transaction.atomic():
                    return work(*args, **kwargs)
            except (OperationalError, Moved) as problem:
                if not _worth_repeating(problem):
                    raise
                if attempt == ATTEMPTS:
                    raise Busy("The database is busy. Try again in a moment.") from problem
                time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - only to come back at different moments
        raise AssertionError("unreachable")

    return wrapper


def _turn() -> AbstractContextManager[object]:
    """Return what to hold from the beginning of a transaction to its end.

    SQLite lets one write at a time and wakes nobody: who has to wait looks again after a sleep of up to 0.1 s, and may
    find that others came first, again and again. Within this process they stand in a line instead.
    """
    return _one_writer if connection.vendor == "sqlite" else nullcontext()


def _worth_repeating(problem: Exception) -> bool:
    if isinstance(problem, Moved):
        return True
    sqlstate = getattr(problem.__cause__, "sqlstate", None)
    return sqlstate in _DEADLOCK_OR_SERIALISATION or "database is locked" in str(problem)


def locked(model: type[RowT], pks: Iterable[int | None]) -> dict[int, RowT]:
    """Lock the rows of `pks` (None is passed over) in the order of their pk; return them by pk."""
    wanted = {pk for pk in pks if pk is not None}
    if not wanted:
        return {}
    return {row.pk: row for row in read_rows(model, f'"id" IN {places(wanted)}', [*wanted], lock=True)}


def hold(model: type[models.Model], pks: Iterable[int | None]) -> None:
    """Lock as `locked` does, rows that need not be read."""
    # Without row locks (SQLite) a transaction has the whole database to itself from its beginning.
    if connection.features.has_select_for_update:
        locked(model, pks)
