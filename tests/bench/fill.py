"""Fills the database of DATABASE_URL and prints, as JSON, what a load needs to know of it.

`python -m tests.bench.fill --put-jobs 100 --printers 100 --ready 50 --past 1000 --reported 50000`
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import count, islice
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "printfactory.settings")
django.setup(set_prefix=False)

from django.core.management import call_command  # noqa: E402  (needs the settings)
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.utils import timezone  # noqa: E402

from printqueue.access import Actor  # noqa: E402
from printqueue.file_words import words_key  # noqa: E402
from printqueue.history import Course  # noqa: E402
from printqueue.live.revisions import RevisionCounter, take_revisions  # noqa: E402
from printqueue.models import JobState, PrinterKey, PrintQueue, PrintRun, RunState, Sample, Transition, order  # noqa: E402
from printqueue.models.order import Stage  # noqa: E402
from printqueue.protocol import file_name_key  # noqa: E402
from printqueue.reports import Progress, put_progress  # noqa: E402
from tests.factories import Client, make_job, make_key, make_printer, make_staff  # noqa: E402

BATCH: Final = 2_000
BLOCK: Final = 1_000
COPIES: Final = "WITH RECURSIVE copies(k) AS (SELECT 1 WHERE 1 <= %s UNION ALL SELECT k + 1 FROM copies WHERE k < %s)"
ENDS: Final = (JobState.COMPLETED, JobState.COMPLETED, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


def main() -> None:
    """Fill, and say with what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--put-jobs", type=int, default=0, help="jobs without a printer, at work: fed by PUT")
    parser.add_argument("--printers", type=int, default=0, help="printers, each at work on a job: fed by reports")
    parser.add_argument("--ready", type=int, default=0, help="jobs that wait")
    parser.add_argument("--past", type=int, default=0, help="jobs that ended long ago, each with run and transitions")
    parser.add_argument("--reported", type=int, default=0, help="how often the run of the first printer was already")
    wanted = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        facts = fill(wanted)
    print(json.dumps(facts))


def fill(wanted: argparse.Namespace) -> dict[str, Any]:
    """Make the rows; return the fields of `tests.bench.target.World`."""
    RevisionCounter.current()
    make_past(wanted.past)
    make_ready(wanted.ready)
    key, token = make_key()
    serials = {str(job): serial for job, serial in at_work(wanted.printers, key)}
    go_on(wanted.reported)
    browser = Browser()
    browser.force_login(make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    facts = {
        "token": token,
        "session": browser.cookies["sessionid"].value,
        "put_jobs": [started(key).pk for _ in range(wanted.put_jobs)],
        "report_jobs": [int(job) for job in serials],
        "serials": serials,
    }
    return {**facts, "position": str(RevisionCounter.current())}


def started(key: PrinterKey) -> PrintQueue:
    """Return a job whose progress was PUT once."""
    job = make_job(now=timezone.now())
    actor = Actor(key=key, printer_ids=None)
    put_progress(job.pk, Progress(progress=0), actor=actor, received_at=timezone.now())
    return job


def at_work(printers: int, key: PrinterKey) -> Iterator[tuple[int, str]]:
    """Make printers, each printing; yield job and serial."""
    for number in range(printers):
        printer = make_printer(f"bench-{number}")
        job = make_job(now=timezone.now(), print_file_name=f"bench-{printer.serial}.gcode")
        # The same client as the load's, or it would be refused for a minute.
        client = Client(printer, key, client="bench", now=timezone.now() - timedelta(seconds=10))
        client.says("printing", run_key="bench@0", file_name=job.print_file_name, progress=0.0)
        yield job.pk, printer.serial


def go_on(reports: int) -> None:
    """Let the run of the first printer have been reported so often, every 5 s: in whole percents, as many printers do."""
    if not reports:
        return
    run = PrintRun.objects.get(printer__serial="bench-0")
    run.samples.all().delete()
    begin = timezone.now() - timedelta(seconds=5 * reports + 10)
    course, kept = Course(), {}
    for n in range(reports):
        percent = float(100 * n // reports)
        sample = Sample(run=run, at=begin + timedelta(seconds=5 * n), state=run.state, progress=percent, nozzle_c=220)
        course = course.after(sample.point)
        sample.number = course.number
        kept[course.number] = sample
    insert(kept.values())
    run.course = course.written
    run.save(update_fields=["course"])


def make_ready(jobs: int) -> None:
    """Put jobs into the queue. Through the model each would read the whole queue for its place."""
    first = take_revisions(jobs) - jobs + 1 if jobs else 0
    rows = [
        job_row(n, revision=first + n, queue_order=n * order.GAP, state=JobState.READY, stage=Stage.READY)
        for n in range(jobs)
    ]
    insert(rows)
    insert(Transition(job=row, new_state=JobState.READY, at=row.created_at) for row in rows)


def make_past(jobs: int) -> None:
    """Let jobs have been printed, one every ten minutes up to two days ago, with their runs and transitions.

    The tables must be empty. Only the latest BLOCK of them are made one by one; the database copies the others.
    """
    if not jobs:
        return
    block = min(jobs, BLOCK)
    first = take_revisions(jobs) - jobs + 1
    end = timezone.now() - timedelta(days=2)
    printers = [make_printer(f"past-{number}") for number in range(4)]
    rows = [past_job(n, first + n, end - timedelta(minutes=10 * n)) for n in range(block)]
    for n, row in enumerate(rows):
        row.printer = printers[n % len(printers)]
    insert(rows)
    runs = [past_run(row) for row in rows]
    insert(runs)
    for row, run in zip(rows, runs, strict=True):
        row.current_run = run
    _plain(PrintQueue).bulk_update(rows, ["current_run"], batch_size=200)
    transitions = [transition for row in rows for transition in past_transitions(row)]
    insert(transitions)
    copy_past(rows, runs, transitions, jobs // block - 1)


def copy_past(
    jobs: Sequence[PrintQueue], runs: Sequence[PrintRun], transitions: Sequence[Transition], times: int
) -> None:
    """Copy past jobs so many times, with their runs and transitions; each copy is older."""
    block = len(jobs)
    age = block * 600_000  # ms: see `order.by_end`
    copy(runs, times, run_key="run_key || '-' || k", job_id=f"job_id + k * {block}")
    copy(
        jobs,
        times,
        code=f"'Z' || CAST(id + k * {block} AS text)",
        queue_order=f"queue_order + k * CAST({age} AS bigint)",
        revision=f"revision + k * {block}",
        structure_revision=f"revision + k * {block}",
        current_run_id=f"current_run_id + k * {block}",
    )
    copy(transitions, times, job_id=f"job_id + k * {block}")


def copy(rows: Sequence[models.Model], times: int, **changed: str) -> None:
    """Copy the last rows of a table so many times; `changed` says how columns differ in copy number k."""
    model = type(rows[0])
    columns = [str(field.column) for field in model._meta.concrete_fields]
    changed["id"] = f"id + k * {len(rows)}"
    values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            # Nothing in it comes from outside.
            f"INSERT INTO {table} ({names}) {COPIES} SELECT {values} FROM {table}, copies WHERE id BETWEEN %s AND %s",  # noqa: S608
            [times, times, rows[0].pk, rows[-1].pk],
        )
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)


_codes = count(1)


def job_row(number: int, **fields: Any) -> PrintQueue:
    """Return an unsaved job with a code that no factory makes."""
    name, design, customer = f"splint-{number}.gcode.3mf", f"Wrist splint {number}", f"C-{number % 997}"
    return PrintQueue(
        code=f"{next(_codes):07d}Z",
        design_name=design,
        customer_id=customer,
        print_file_name=name,
        file_key=file_name_key(name),
        customer_key=words_key(customer),
        design_key=words_key(design),
        structure_revision=fields["revision"],
        **fields,
    )


def past_job(number: int, revision: int, ended_at: Any) -> PrintQueue:
    return job_row(
        number,
        revision=revision,
        state=ENDS[number % len(ENDS)],
        stage=Stage.ENDED,
        queue_order=order.by_end(ended_at),
        copies_done=int(ENDS[number % len(ENDS)] == JobState.COMPLETED),
        progress=100.0,
        created_at=ended_at - timedelta(hours=3),
        started_at=ended_at - timedelta(hours=2),
        ended_at=ended_at,
        progress_last_report_time=ended_at,
    )


def past_run(job: PrintQueue) -> PrintRun:
    assert job.started_at is not None
    return PrintRun(
        printer=job.printer,
        job=job,
        run_key=f"past@{job.pk}",
        state=RunState(job.state),
        file_name=job.print_file_name,
        progress=100.0,
        started_at=job.started_at,
        ended_at=job.ended_at,
        last_report_at=job.ended_at,
    )


def past_transitions(job: PrintQueue) -> Iterator[Transition]:
    assert job.started_at is not None
    assert job.ended_at is not None
    yield Transition(job=job, new_state=JobState.READY, at=job.created_at)
    yield Transition(job=job, old_state=JobState.READY, new_state=JobState.PRINTING, at=job.started_at)
    yield Transition(job=job, old_state=JobState.PRINTING, new_state=job.state, at=job.ended_at, reason="It came off.")


def insert(rows: Iterable[models.Model]) -> None:
    """Write rows many at a time: nobody is listening yet who would have to be told of each."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        _plain(type(batch[0])).bulk_create(batch)


def _plain(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return a queryset that knows nothing of revisions, and so writes in bulk."""
    return models.QuerySet(model)


if __name__ == "__main__":
    main()
