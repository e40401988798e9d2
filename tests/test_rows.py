"""Rows read and written by our own statements are what the ORM reads and writes."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, models

from printqueue.models import Printer, PrintQueue, PrintRun, RunState, Sample
from printqueue.models.printer import REPORTED_FIELDS
from printqueue.rows import Wanted, Written, read_rows, read_together, write_rows
from tests.factories import NOW, Client, make_job, make_printer, make_staff

pytestmark = pytest.mark.django_db
KINDS = [Printer, PrintQueue, PrintRun, Sample]


@pytest.fixture(autouse=True)
def rows() -> None:
    """A row of each kind with columns of all types filled, and one that is mostly empty."""
    make_job(rush=True, due_at=NOW, by=make_staff(), print_file_name="a.gcode")
    make_job()
    client = Client(make_printer(), client="c1")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=12.5, layer=3, nozzle_c=210.5, error_code="7")
    make_printer()


def values(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_kinds_are_read_together_each_as_by_itself() -> None:
    every = [Wanted(kind, '"id" > %s', [0], lock=True) for kind in KINDS]

    assert read_together(*every) == [list(kind._base_manager.order_by("pk")) for kind in KINDS]
    assert read_together(*every[:2]) == read_together(*every)[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_read_as_the_orm_reads_it(kind: type[models.Model]) -> None:
    ours, theirs = read_rows(kind, '"id" > %s', [0], lock=True), list(kind._base_manager.order_by("pk"))

    assert ours
    assert ours == theirs
    assert [values(row) for row in ours] == [values(row) for row in theirs]
    assert {type(value) for row in ours for value in values(row).values()} == {
        type(value) for row in theirs for value in values(row).values()
    }
    assert [(row._state.adding, row._state.db) for row in ours] == [
        (row._state.adding, row._state.db) for row in theirs
    ]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_rows_are_written_as_the_orm_writes_them(count: int) -> None:
    printers = [make_printer() for _ in range(count)]
    for printer in printers:
        printer.progress, printer.state_since = 100 / 3, NOW + timedelta(microseconds=1)
        printer.lease_client = """ä 🖨 "'\\ %s {} \u2028"""
        printer.run, printer.last_sequence, printer.name = None, 2**53 - 1, "not to be written"

    write_rows(Written(printers, tuple({*REPORTED_FIELDS} - {"name"})))

    for printer in printers:
        written = Printer.objects.get(pk=printer.pk)
        assert values(written) == {**values(printer), "name": written.name}
        assert written.name != printer.name


def test_new_rows_are_written_as_the_orm_writes_them() -> None:
    run = PrintRun.objects.get()
    sample = Sample(run=run, number=7, at=NOW, state=RunState.PAUSED, progress=1, is_clamped=True, bed_c=60)

    write_rows(Written([sample]))

    written = Sample.objects.latest("pk")
    assert values(written) == {**values(sample), "id": written.pk}


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_row_takes_the_place_of_the_one_that_is_the_same_in_what_must_be_unique(count: int) -> None:
    run, known = PrintRun.objects.get(), Sample.objects.get()
    new = [
        Sample(run=run, number=number, at=NOW, state=RunState.PAUSED, progress=number / 3, layer=None)
        for number in range(known.number, known.number + count)
    ]

    write_rows(Written(new, in_place_of=("run", "number")))

    written = list(Sample.objects.all())
    assert [values(row) for row in written] == [
        {**values(row), "id": after.pk} for row, after in zip(new, written, strict=True)
    ]
    assert written[0].pk == known.pk


def test_rows_of_several_kinds_are_written_by_one_call() -> None:
    [run], [printer, *_] = PrintRun.objects.all(), Printer.objects.all()
    run.progress, printer.progress = 77, 78
    new = [Sample(run=run, number=number, at=NOW, state=run.state, progress=79) for number in (1, 2)]

    write_rows(Written([run], ("progress",)), Written([]), Written(new), Written([printer], ("progress",)))

    assert PrintRun.objects.get(pk=run.pk).progress == 77
    assert Printer.objects.get(pk=printer.pk).progress == 78
    assert [written.progress for written in Sample.objects.order_by("-pk")[:2]] == [79, 79]


@pytest.mark.postgres_only  # SQLite knows no longest text
@pytest.mark.parametrize("count", [1, 2])
def test_a_text_that_is_too_long_is_refused_and_not_cut(count: int) -> None:
    printers = [make_printer() for _ in range(count)]
    for printer in printers:
        printer.lease_client = "x" * 65

    with pytest.raises(DatabaseError, match="too long"):
        write_rows(Written(printers, ("lease_client",)))


@pytest.mark.parametrize("others", [0, 1, 49])
def test_a_row_that_is_not_there_is_noticed(others: int) -> None:
    printers = [make_printer() for _ in range(others + 1)]
    printers[0].pk = 10_000

    with pytest.raises(DatabaseError, match="were there"):
        write_rows(Written(printers, ("progress",)))


def test_nothing_to_write_is_no_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        write_rows()
        write_rows(Written([], ("progress",)), Written([]))
