"""Revisions have no gaps, become visible in order, and are taken by nothing that was rolled back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from printqueue.live.feed import read_after
from printqueue.live.position import Position
from printqueue.live.revisions import BulkWriteRefused
from printqueue.models import Printer, PrintQueue
from tests.factories import make_job
from tests.live.changes import report_progress

WRITERS, WRITES = 8, 30


def write(job: PrintQueue) -> list[int]:
    """Report progress many times; return the revisions taken."""
    try:
        taken = []
        for step in range(WRITES):
            report_progress(job, step)
            taken.append(job.revision)
        return taken
    finally:
        connections.close_all()


def tail(writing_ended: threading.Event, since: int) -> dict[str, int]:
    """Follow as the pump does; return the last revision seen of each job."""
    seen: dict[str, int] = {}
    try:
        while True:
            is_last = writing_ended.is_set()
            end = Position.current()
            for event in read_after(since, end) or []:
                assert event.revision > since
                seen[event.data["id"]] = event.revision
            since = end.revision
            if is_last:
                return seen
    finally:
        connections.close_all()


def test_a_reader_behind_eight_writers_misses_no_revision(transactional_db):
    jobs = [make_job() for _ in range(WRITERS)]
    start = Position.current().revision
    writing_ended = threading.Event()

    with ThreadPoolExecutor(WRITERS + 1) as threads:
        reading = threads.submit(tail, writing_ended, start)
        taken = [revision for revisions in threads.map(write, jobs) for revision in revisions]
        writing_ended.set()

    assert sorted(taken) == list(range(start + 1, start + WRITERS * WRITES + 1))
    assert reading.result() == {str(job.pk): job.revision for job in jobs}


def test_what_was_rolled_back_is_no_event_and_takes_no_revision(transactional_db):
    job = make_job()
    known = Position.current()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        report_progress(job, 50)
        raise ZeroDivisionError

    assert Position.current() == known
    assert read_after(known.revision, Position.current()) == []


@pytest.mark.parametrize("model", [PrintQueue, Printer])
def test_bulk_writes_are_refused(model, db):
    for write_in_bulk in (
        lambda: model.objects.all().update(revision=1),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_create([model()]),
        lambda: model.objects.bulk_update([], ["revision"]),
    ):
        with pytest.raises(BulkWriteRefused):
            write_in_bulk()
