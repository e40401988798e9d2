"""Rows read and written by statements that are put together once a process.

The ORM puts its SQL together anew for each query, which takes several times as long as a small query itself; and its
`bulk_update` writes CASE expressions, several times as costly as one statement with many values. So the few queries that every
report makes are made here. Rows are what the ORM would have read. No signals are sent, and no `save` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.backends.utils import CursorWrapper
from django.db.models.base import ModelState
from django.db.models.expressions import Col

RowT = TypeVar("RowT", bound=models.Model)
Read = Sequence[tuple[int, Callable[[Any], Any]]]
"""What the values at some places of a row must go through after reading."""
Write = Sequence[tuple[str, Callable[[Any], Any] | None]]
"""The attributes of a row that are written, each with what its values must go through before."""

AS_THEY_ARE: Final = (
    models.BooleanField, models.CharField, models.FloatField, models.ForeignKey, models.IntegerField,
)  # fmt: skip
"""Columns whose values both databases take as a model holds them."""

MOST_IN_ONE_GO: Final = 12
"""How many rows are sent to PostgreSQL in one text; for more, `executemany` a kind is less work."""


def read_rows(
    model: type[RowT],
    where: str,
    values: Sequence[Any],
    *,
    lock: bool = False,
    most: int | None = None,
    also: tuple[tuple[str, str], ...] = (),
) -> list[RowT]:
    """Return the rows that the SQL condition `where` selects, in the order of their primary keys; at the `most` so many.

    `lock` locks them in this order until the transaction ends. `also` names further attributes, each with the SQL of
    its value.
    """
    db = connections[DEFAULT_DB_ALIAS]
    statement, names, needed = _select(model, db.vendor, also)
    limit = "" if most is None else f" LIMIT {most:d}"
    # Not FOR UPDATE: whoever inserts a row that refers to a locked one may hold the revision counter already, and the
    # two would wait for each other. Primary keys never change.
    lock_clause = " FOR NO KEY UPDATE" if lock and db.features.has_select_for_no_key_update else ""
    with db.cursor() as cursor:
        cursor.execute(f'{statement} WHERE {where} ORDER BY "id"{limit}{lock_clause}', values)
        found = cursor.fetchall()
    return [_instance(model, names, row, needed) for row in found]


def places(values: Collection[Any]) -> str:
    """Return the list of placeholders for `values` behind IN; they must not be empty."""
    return f"({', '.join(['%s'] * len(values))})"


@dataclass(frozen=True)
class Written:
    """Rows of one model that are written alike: these `fields` of rows that are there already, or (None) new rows."""

    rows: Sequence[models.Model]
    fields: tuple[str, ...] | None = None

    def statement(self, vendor: str) -> tuple[str, Write]:
        """Return the SQL for each row, and which of its values it takes; an update takes the primary key last."""
        model = type(self.rows[0])
        return _insert(model, vendor) if self.fields is None else _update(model, self.fields, vendor)


def write_rows(*written: Written) -> None:
    """Write all these rows, which are locked by the transaction that is running, in this order.

    New rows do not learn their primary keys. Raises DatabaseError when a row is not there any more.
    """
    alike = [part for part in written if part.rows]
    db = connections[DEFAULT_DB_ALIAS]
    if not alike:
        return
    work = []
    for part in alike:
        statement, columns = part.statement(db.vendor)
        work.append((statement, [_values(row, columns) for row in part.rows]))
    total = sum(len(rows) for _, rows in work)
    together = db.vendor == "postgresql" and total <= MOST_IN_ONE_GO
    with db.cursor() as cursor:
        count = _in_one_go(cursor, work) if together else sum(_kind_by_kind(cursor, *kind) for kind in work)
    if count != total:
        raise DatabaseError(f"Of {total} rows, {count} were there.")


def _in_one_go(cursor: CursorWrapper, work: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> int:
    """Send all statements at once: between them PostgreSQL and we would do nothing but wait for each other."""
    each = [(statement, values) for statement, rows in work for values in rows]
    cursor.execute("; ".join(statement for statement, _ in each), [value for _, values in each for value in values])
    count = cursor.rowcount
    while cursor.nextset():
        count += cursor.rowcount
    return int(count)


def _kind_by_kind(cursor: CursorWrapper, statement: str, rows: Sequence[Sequence[Any]]) -> int:
    if len(rows) == 1:
        cursor.execute(statement, rows[0])
    else:
        cursor.executemany(statement, rows)
    return int(cursor.rowcount)


@cache
def _select(model: type[models.Model], vendor: str, also: tuple[tuple[str, str], ...]) -> tuple[str, list[str], Read]:
    columns = model._meta.concrete_fields
    names = ", ".join([*(f'"{column.column}"' for column in columns), *(f"({sql})" for _, sql in also)])
    needed = [(place, convert) for place, column in enumerate(columns) if (convert := _reader(model, column))]
    statement = f'SELECT {names} FROM "{model._meta.db_table}"'  # noqa: S608 - our own names
    return statement, [*(column.attname for column in columns), *(name for name, _ in also)], needed


def _reader(model: type[models.Model], column: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what makes a value of `column` out of what the database's module returns; None if nothing need be done."""
    db = connections[DEFAULT_DB_ALIAS]
    expression = Col(model._meta.db_table, column)
    converters = [*db.ops.get_db_converters(expression), *column.get_db_converters(db)]

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return convert if converters else None


@cache
def _update(model: type[models.Model], fields: tuple[str, ...], vendor: str) -> tuple[str, Write]:
    columns = [column for column in model._meta.concrete_fields if column.name in fields]
    changes = ", ".join(f'"{column.column}" = %s' for column in columns)
    statement = f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "id" = %s'  # noqa: S608 - our own names
    return statement, [*_writers(columns), ("id", None)]


@cache
def _insert(model: type[models.Model], vendor: str) -> tuple[str, Write]:
    columns = [column for column in model._meta.concrete_fields if not column.primary_key]
    names = ", ".join(f'"{column.column}"' for column in columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES {places(columns)}'  # noqa: S608
    return statement, _writers(columns)


def _writers(columns: Sequence[models.Field[Any, Any]]) -> Write:
    return [(column.attname, None if isinstance(column, AS_THEY_ARE) else _writer(column)) for column in columns]


def _writer(column: models.Field[Any, Any]) -> Callable[[Any], Any]:
    if type(column) is models.DateTimeField:
        # What it comes to in the end: our times are datetimes with a zone already.
        return lambda value: connection.ops.adapt_datetimefield_value(value)
    return lambda value: column.get_db_prep_save(value, connection)


def _instance(model: type[RowT], names: Sequence[str], row: Sequence[Any], needed: Read) -> RowT:
    """Return what `model.from_db` would, which sends signals and sets the fields one by one."""
    values = list(row)
    for place, convert in needed:
        values[place] = convert(values[place])
    instance = model.__new__(model)
    instance.__dict__.update(zip(names, values, strict=True))
    instance._state = ModelState()
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance


def _values(row: models.Model, columns: Write) -> list[Any]:
    known = row.__dict__
    return [known[name] if write is None else write(known[name]) for name, write in columns]
