"""Every change that a page may show gets the next number of one counter.

The truth is the row and its revision; an event only says that row X is now at revision N. The numbers have no gaps
and become visible in their own order, because the counter row stays locked until the commit: whoever has read up to
N can never miss a change below N. A database sequence would not do: it hands out numbers before the commit, and a
reader that follows it misses about a third of the changes of parallel writers.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar

from django.db import connection, models, transaction

from printqueue.live.hint import ANNOUNCED, announce
from printqueue.rows import Computed, Statement, Written, read_rows, run_together, write_rows

RowT = TypeVar("RowT", bound="Revisioned", covariant=True)


CHANGED: Final = '"revision" > %s AND ("revision" <= %s OR ("structure_revision" > %s AND "structure_revision" <= %s))'
"""After one revision and up to another. A row that moved on while this was read is told all the same if its structure
changed in between: the next look would take it for plain progress."""


class BulkWriteRefused(RuntimeError):
    """A bulk write would change rows behind the back of every open page."""


class RevisionCounter(models.Model):
    """The one row that numbers all changes; its epoch changes when the numbers no longer continue earlier ones."""

    value = models.BigIntegerField(default=0)
    epoch = models.CharField(max_length=8)

    class Meta:
        app_label = "printqueue"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_revision_counter"),
        ]

    def __str__(self) -> str:
        return f"pf-{self.epoch}:{self.value}"

    @classmethod
    def current(cls) -> Self:
        """Return the counter as committed, making it first on an empty database."""
        counter = cls.if_any()
        if counter is None:
            cls.objects.bulk_create([cls(pk=1, epoch=secrets.token_hex(4))], ignore_conflicts=True)
            counter = cls.objects.get(pk=1)
        return counter

    @classmethod
    def begin_epoch(cls) -> Self:
        """Let everybody read everything again: what was told so far is of another history. Returns the counter."""
        with transaction.atomic():
            cls.current()
            counter = cls.objects.select_for_update().get(pk=1)
            counter.epoch = secrets.token_hex(4)
            counter.save(update_fields=["epoch"])
        return counter

    @classmethod
    def if_any(cls) -> Self | None:
        """Return the counter as committed; None before the very first change."""
        return next(iter(read_rows(cls, '"id" = 1', [])), None)


def take_revisions(count: int) -> int:
    """Lock the counter until the transaction ends, advance it by `count` and return its new value.

    The last lock of a transaction: whatever else it locks, it has locked already. After the commit open pages hear.
    """
    [[(value, *_)]] = run_together(_counting(count))
    return int(value)


def _counting(count: int) -> Statement:
    """Return what `take_revisions` does, to be done together with other things."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A revision is taken inside a transaction.")
    announce()
    # Where there is no counter yet, it begins another history.
    return Statement(_COUNTING[connection.vendor], [[count, secrets.token_hex(4)]], finds_rows=True)


_COUNT: Final = """
    INSERT INTO printqueue_revisioncounter AS counter (id, value, epoch) VALUES (1, %s, %s)
    ON CONFLICT (id) DO UPDATE SET value = counter.value + excluded.value RETURNING value
"""
# Announced with the number, and not by itself: a statement less for each report.
_COUNTING: Final = {"sqlite": _COUNT, "postgresql": f"{_COUNT}, {ANNOUNCED}"}
_COUNTED: Final = "(SELECT value FROM printqueue_revisioncounter WHERE id = 1) - {}"
"""The revision of a row after which so many others get theirs in the same transaction."""


class RevisionedQuerySet(models.QuerySet[RowT]):
    """Reads like any queryset; refuses bulk writes, which would take no revision."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise BulkWriteRefused(f"Save {self.model.__name__} rows one by one: each needs its revision.")

    def delete(self) -> NoReturn:
        raise BulkWriteRefused(f"{self.model.__name__} rows are hidden, never deleted: a page must learn of it.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise BulkWriteRefused(f"Create {self.model.__name__} rows one by one: each needs its revision.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise BulkWriteRefused(f"Save {self.model.__name__} rows one by one: each needs its revision.")


@dataclass(frozen=True)
class Audience:
    """What an event is about, for streams that may see, or ask for, only a part: primary keys, None where none."""

    job_id: int | None
    printer_id: int | None


class Revisioned(models.Model):
    """A row that open pages show.

    `revision` numbers its last change; `structure_revision` its last change of anything but plain progress.
    """

    revision = models.BigIntegerField(default=0, editable=False, db_index=True)
    structure_revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save like any row, as a structural change of its own; several rows at once go through `save_revised`."""
        with transaction.atomic():
            if self.pk and not self._state.adding:
                # Own row before the counter: the order in which everybody else locks. And so that rows which refer to
                # it can be inserted: whoever does that may have the counter already.
                list(type(self)._base_manager.select_for_update(no_key=True).filter(pk=self.pk).values_list("pk"))
            save_revised([Change(self, None if update_fields is None else list(update_fields))])

    def save_with_revision(self) -> None:
        """Write the whole row with the revision it was just given; for `save_revised` alone."""
        super().save()

    @classmethod
    def changed(cls, after: int, upto: int, most: int) -> list[Self]:
        """Read the rows with a revision after `after` and up to `upto`, with whatever else `as_event` reads.

        At the `most` so many, whichever. Every process does this after every change.
        """
        return read_rows(cls, CHANGED, [after, upto] * 2, most=most)

    @classmethod
    def rows_on_a_new_page(cls, now: datetime) -> models.QuerySet[Self]:
        """Return the rows that a page which opens at `now` must know, with what `as_event` reads."""
        raise NotImplementedError

    def as_event(self) -> dict[str, Any]:
        """Return the JSON body of the event that tells of this row, without `type` and `revision`."""
        raise NotImplementedError

    def event_type(self, since: int) -> str:
        """Return the `type` of the event for somebody who knows everything up to revision `since`."""
        raise NotImplementedError

    def event_audience(self) -> Audience:
        """Return what decides who may see the event."""
        raise NotImplementedError


@dataclass(frozen=True)
class Change:
    """A row to be saved: `fields` names its columns (None: all of them); `structural` means more than progress."""

    row: Revisioned
    fields: Collection[str] | None = None
    structural: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether all columns are written: those of a row that is not there yet, too."""
        return self.fields is None or self.row._state.adding

    def merged(self, later: Change) -> Change:
        """Return this change and a later one of the same row as one."""
        if self == later:
            return self
        fields = None if self.fields is None or later.fields is None else {*self.fields, *later.fields}
        return Change(later.row, fields, structural=self.structural or later.structural)


def save_revised(changes: Sequence[Change], *others: Written) -> None:
    """Give each row its next revision, in this order, and save it; open pages hear of it after the commit.

    The caller has locked the rows (printers, jobs, runs, each by pk) in the transaction that is running, and names
    each row once. Rows of one kind with the same fields are written together, and in one go with the counter and with
    `others`, which have no revisions: until the commit everybody else who writes waits for the counter.
    """
    if not changes:
        write_rows(*others)
        return
    whole = [change.row for change in changes if change.is_whole]
    counting, numbered = _counting(len(changes)), [part.statement for part in _alike(changes)]
    found = run_together(*(other.statement for other in others if other.rows), counting, *numbered)
    [[(last, *_)]] = [rows for rows in found if rows]
    for revision, change in enumerate(changes, start=last - len(changes) + 1):
        change.row.revision = revision
        if change.structural:
            change.row.structure_revision = revision
    for row in whole:
        row.save_with_revision()


def _alike(changes: Sequence[Change]) -> list[Written]:
    """Return what writes the changes that are not whole rows; the database computes their revisions."""
    alike: dict[tuple[type[Revisioned], tuple[str, ...], bool], list[tuple[Revisioned, int]]] = {}
    for later, change in zip(reversed(range(len(changes))), changes, strict=True):
        if not change.is_whole:
            fields = tuple(sorted({*(change.fields or ())} - {"revision", "structure_revision"}))
            alike.setdefault((type(change.row), fields, change.structural), []).append((change.row, later))
    written = []
    for (_model, fields, structural), numbered in alike.items():
        rows, later_ones = zip(*numbered, strict=True)
        columns = ("revision", "structure_revision") if structural else ("revision",)
        written.append(Written(rows, fields, tuple(Computed(column, _COUNTED, later_ones) for column in columns)))
    return written
