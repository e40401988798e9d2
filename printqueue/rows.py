"""Rows read and written by statements that are put together once a process, and sent to PostgreSQL together.

The ORM puts its SQL together anew for each query, which takes several times as long as a small query itself; and its
`bulk_update` writes CASE expressions, several times as costly as one statement with many values. So the few queries that every
report makes are made here. Rows are what the ORM would have read. No signals are sent, and no `save` is called.

PostgreSQL gets all statements of a call in one text and carries them out one after the other, each seeing what those before
it have done. Sent one by one, each would cost both sides a wait for the other, while the locks of those before it are held.
It keeps small statements for as long as the connection lasts (PREPARE), since to read and to plan one takes twice as long as
to carry it out. Many rows are sent as one value, in JSON: twelve times as fast as a statement for each.
SQLite, which runs in this process, gets what is quickest there: a statement at a time, and row by row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.backends.utils import CursorWrapper
from django.db.models.base import ModelState
from django.db.models.expressions import Col

RowT = TypeVar("RowT", bound=models.Model)
Read = Sequence[tuple[int, Callable[[Any], Any]]]
"""What the values at some places of a row must go through after reading."""
Write = Sequence[tuple[str, str, Callable[[Any], Any] | None]]
"""The columns that are written: name, attribute, and what its values must go through before."""

AS_THEY_ARE: Final = (
    models.BooleanField, models.CharField, models.FloatField, models.ForeignKey, models.IntegerField, models.TextField,
)  # fmt: skip
"""Columns whose values both databases take as a model holds them."""


# ---------------------------------------------------------------------- statements


@dataclass(frozen=True)
class Statement:
    """SQL, and the values of each time that it is to be carried out: on PostgreSQL once."""

    sql: str
    values: Sequence[Sequence[Any]]
    finds_rows: bool = False
    changes: int | None = None
    """How many rows it must change."""


def run_together(*statements: Statement) -> list[list[Any]]:
    """Carry all of them out, in this order; return the rows that each of them found.

    Raises DatabaseError when one did not change as many rows as it must.
    """
    if not statements:
        return []
    db = connections[DEFAULT_DB_ALIAS]
    with db.cursor() as cursor:
        run = _run_in_one_text if db.vendor == "postgresql" else _run_one_by_one
        return [_checked(cursor, statement) for statement in run(cursor, statements)]


def _run_one_by_one(cursor: CursorWrapper, statements: Sequence[Statement]) -> Iterable[Statement]:
    """Yield each statement when the cursor holds its result."""
    for statement in statements:
        if len(statement.values) == 1:
            cursor.execute(statement.sql, statement.values[0])
        else:
            cursor.executemany(statement.sql, statement.values)
        yield statement


def _checked(cursor: CursorWrapper, statement: Statement) -> list[Any]:
    if statement.changes not in (None, cursor.rowcount):
        raise DatabaseError(f"Of {statement.changes} rows, {cursor.rowcount} were there.")
    return cursor.fetchall() if statement.finds_rows else []


def _run_in_one_text(cursor: CursorWrapper, statements: Sequence[Statement]) -> Iterable[Statement]:
    """Yield each statement when the cursor holds its result."""
    values = [value for statement in statements for value in statement.values[0]]
    cursor.execute("; ".join([_short(cursor, statement) for statement in statements]), values)
    for statement in statements:
        yield statement
        cursor.nextset()


MOST_VALUES_KEPT: Final = 32
"""Statements with more values are not kept: there would be one for each length of a list."""

_kept: Final[WeakKeyDictionary[Any, dict[str, str]]] = WeakKeyDictionary()
"""The names of the statements that PostgreSQL keeps, by their SQL; for each connection."""


def _short(cursor: CursorWrapper, statement: Statement) -> str:
    """Return the SQL that has PostgreSQL carry out a statement which it keeps; one that it does not keep as it is."""
    numbers = range(1, len(statement.values[0]) + 1)
    if len(numbers) > MOST_VALUES_KEPT:
        return statement.sql
    names = _kept.setdefault(cursor.connection, {})
    if statement.sql not in names:
        name = f"rows_{len(names)}"
        prepare = f"PREPARE {name} AS {statement.sql}" % tuple(f"${number}" for number in numbers)
        # Once a connection, like what Django itself sets there; past its log, where only what a call asks for is counted.
        with cursor.db.wrap_database_errors:
            cursor.cursor.execute(prepare)
        names[statement.sql] = name
    return f"EXECUTE {names[statement.sql]}{places(numbers) if numbers else ''}"


# ---------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Wanted(Generic[RowT]):
    """The rows that the SQL condition `where` selects, in the order of their primary keys; at the `most` so many.

    `lock` locks them in this order until the transaction ends. `also` names further attributes, each with the SQL of
    its value.
    """

    model: type[RowT]
    where: str
    values: Sequence[Any]
    lock: bool = False
    most: int | None = None
    also: tuple[tuple[str, str], ...] = ()

    @property
    def statement(self) -> Statement:
        """Return what finds them."""
        db = connections[DEFAULT_DB_ALIAS]
        select, _, _ = _select(self.model, db.vendor, self.also)
        limit = "" if self.most is None else f" LIMIT {self.most:d}"
        # Not FOR UPDATE: whoever inserts a row that refers to a locked one may hold the revision counter already, and
        # the two would wait for each other. Primary keys never change.
        lock = " FOR NO KEY UPDATE" if self.lock and db.features.has_select_for_no_key_update else ""
        return Statement(f'{select} WHERE {self.where} ORDER BY "id"{limit}{lock}', [self.values], finds_rows=True)

    def instances(self, found: Iterable[Sequence[Any]]) -> list[RowT]:
        """Return what was found as rows of the model."""
        _, names, needed = _select(self.model, connection.vendor, self.also)
        return [_instance(self.model, names, row, needed) for row in found]


def read_together(*wanted: Wanted[Any]) -> list[list[Any]]:
    """Return what each of `wanted` selects, looked for and locked in this order."""
    found = run_together(*(one.statement for one in wanted))
    return [one.instances(rows) for one, rows in zip(wanted, found, strict=True)]


def read_rows(
    model: type[RowT],
    where: str,
    values: Sequence[Any],
    *,
    lock: bool = False,
    most: int | None = None,
    also: tuple[tuple[str, str], ...] = (),
) -> list[RowT]:
    """Return the rows that are `Wanted` so."""
    [rows] = read_together(Wanted(model, where, values, lock, most, also))
    return rows


def places(values: Collection[Any]) -> str:
    """Return the list of placeholders for `values` behind IN; they must not be empty."""
    return f"({', '.join(['%s'] * len(values))})"


def is_one_of(select: str) -> str:
    """Return what stands behind a column that must have one of the few values which `select` finds."""
    # IN would be planned as a join, which takes PostgreSQL longer than the search itself, and may end in a whole table.
    return f"= ANY(ARRAY({select}))" if connection.vendor == "postgresql" else f"IN ({select})"


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


def _instance(model: type[RowT], names: Sequence[str], row: Sequence[Any], needed: Read) -> RowT:
    """Return what `model.from_db` would, which sends signals and sets the fields one by one."""
    values = list(row)
    for place, convert in needed:
        # No value stays none, whatever the column: of a row that is at work many are.
        if values[place] is not None:
            values[place] = convert(values[place])
    instance = model.__new__(model)
    instance.__dict__.update(zip(names, values, strict=True))
    instance._state = ModelState()
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance


# ---------------------------------------------------------------------- writing


@dataclass(frozen=True)
class Computed:
    """A column that the database computes: `sql`, with {} for the number of each row's own."""

    column: str
    sql: str
    numbers: Sequence[int]


@dataclass(frozen=True)
class Written:
    """Rows of one model that are written alike: these `fields` of rows that are there already, or (None) new rows.

    A new row takes the place of the one that is the same in the unique columns `in_place_of`, if there is one.
    """

    rows: Sequence[models.Model]
    fields: tuple[str, ...] | None = None
    computed: tuple[Computed, ...] = ()
    in_place_of: tuple[str, ...] = ()

    @property
    def statement(self) -> Statement:
        """Return what writes them; there must be some."""
        model, as_json = type(self.rows[0]), connection.vendor == "postgresql" and len(self.rows) > 1
        computed = tuple((one.column, one.sql) for one in self.computed)
        sql, columns = (
            _insert(model, self.in_place_of, as_json)
            if self.fields is None
            else _update(model, self.fields, computed, as_json)
        )
        values: list[list[Any]] = [
            [*numbers, *_values(row, columns)]
            for row, *numbers in zip(self.rows, *(one.numbers for one in self.computed), strict=True)
        ]
        if as_json:
            names = [*(one.column for one in self.computed), *(column for column, _, _ in columns)]
            values = [[json.dumps([dict(zip(names, row, strict=True)) for row in values], default=str)]]
        return Statement(sql, values, changes=len(self.rows))


def write_rows(*written: Written) -> None:
    """Write all these rows, which are locked by the transaction that is running, in this order.

    New rows do not learn their primary keys. Raises DatabaseError when a row is not there any more.
    """
    run_together(*(part.statement for part in written if part.rows))


@cache
def _update(
    model: type[models.Model], fields: tuple[str, ...], computed: tuple[tuple[str, str], ...], as_json: bool
) -> tuple[str, Write]:
    """Return the SQL, and the columns whose values it takes: those of the `computed` ones stand before them."""
    table, columns = model._meta.db_table, [column for column in model._meta.concrete_fields if column.name in fields]
    changes = [*computed, *((str(column.column), "{}") for column in columns)]
    sets = ", ".join(f'"{name}" = {sql.format(_new(name) if as_json else "%s")}' for name, sql in changes)
    which = f' FROM {_sent(table)} WHERE "{table}"."id" = {_new("id")}' if as_json else ' WHERE "id" = %s'
    return f'UPDATE "{table}" SET {sets}{which}', [*_writers(columns), ("id", "id", None)]  # noqa: S608 - our own names


@cache
def _insert(model: type[models.Model], in_place_of: tuple[str, ...], as_json: bool) -> tuple[str, Write]:
    table, columns = model._meta.db_table, [column for column in model._meta.concrete_fields if not column.primary_key]
    names = ", ".join(f'"{column.column}"' for column in columns)
    rows = f"SELECT {names} FROM {_sent(table)}" if as_json else f"VALUES {places(columns)}"  # noqa: S608
    return f'INSERT INTO "{table}" ({names}) {rows}{_instead(columns, in_place_of)}', _writers(columns)


def _instead(columns: Sequence[models.Field[Any, Any]], in_place_of: tuple[str, ...]) -> str:
    """Return what is done with a row that is there already."""
    if not in_place_of:
        return ""
    same = ", ".join(f'"{column.column}"' for column in columns if column.name in in_place_of)
    others = [f'"{column.column}"' for column in columns if column.name not in in_place_of]
    return f" ON CONFLICT ({same}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"


def _new(column: str) -> str:
    return f'new."{column}"'


def _sent(table: str) -> str:
    """Return the rows that are sent to PostgreSQL as one value, as a table like `table`; other columns are null."""
    return f'json_populate_recordset(NULL::"{table}", %s) AS new'


def _writers(columns: Sequence[models.Field[Any, Any]]) -> Write:
    return [
        (str(column.column), column.attname, None if isinstance(column, AS_THEY_ARE) else _writer(column))
        for column in columns
    ]


def _writer(column: models.Field[Any, Any]) -> Callable[[Any], Any]:
    if type(column) is models.DateTimeField:
        # What it comes to in the end: our times are datetimes with a zone already.
        return lambda value: connection.ops.adapt_datetimefield_value(value)
    return lambda value: column.get_db_prep_save(value, connection)


def _values(row: models.Model, columns: Write) -> list[Any]:
    known = row.__dict__
    return [known[name] if write is None else write(known[name]) for _, name, write in columns]
