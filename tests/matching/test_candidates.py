"""The jobs that are read for a run decide as all jobs would, and are few."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printqueue.file_words import FileName
from printqueue.matching import Match, RunFacts, Standing, match
from printqueue.models import JobState, Printer, PrintQueue, Who
from printqueue.models.order import Stage
from printqueue.reports import Conflict
from printqueue.reports.candidates import KNOWN_FOR, candidates, facts_of, read
from tests.factories import Client, make_job, make_printer
from tests.matching import shops
from tests.matching.shops import NOW

pytestmark = pytest.mark.django_db

states = st.sampled_from(["ready", "ready", "ready", "started", "printing", "lost", "completed", "failed", "cancelled"])
wishes: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    design_name=st.sampled_from(shops.designs),
    customer_id=st.sampled_from(shops.customers),
    print_file_name=st.one_of(st.sampled_from(["ring.gcode", "7K2Q ring.gcode"]), shops.file_names.filter(bool)),
    copies=st.sampled_from([1, 1, 2]),
    printer=st.sampled_from([None, None, 0, 1]),
    state=states,
    hours_ago=st.sampled_from([0.1, 3, 30, 300]),
)


def change(job: PrintQueue, **fields: Any) -> None:
    """Let a job be as if it had got there long ago: no rule says that it may not."""
    models.QuerySet(PrintQueue).filter(pk=job.pk).update(**fields)


def enter(code: str, wish: dict[str, Any], printers: list[Printer]) -> None:
    """Make a job that is where `wish` says."""
    wish = {**wish}
    state, at, number = wish.pop("state"), NOW - timedelta(hours=wish.pop("hours_ago")), wish.pop("printer")
    printer = None if number is None else printers[number]
    job = make_job(**wish, wanted_printer=printer, now=at)
    change(job, code=code)
    job.refresh_from_db()
    if state == "started":
        job.start(by=Who(), now=at, printer=printer)
    elif state in {"printing", "lost"}:
        client = Client(printer or make_printer(), now=at)
        # Where another client spoke for the printer just then, it stays ready.
        with suppress(Conflict):
            client.put(job, 10)
            if state == "lost":
                client.says("printing", run_key="x@0", file_name="other.bin")
    elif state != "ready":
        change(job, state=state, stage=Stage.ENDED, ended_at=at)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(wishes, max_size=5), shops.file_names, st.sampled_from([0, 1]))
def test_what_is_read_decides_as_all_that_is_known_would(db, wanted, file_name, number):
    with transaction.atomic():
        printers = [make_printer("first"), make_printer("second")]
        for code, wish in zip(shops.codes, wanted, strict=False):
            enter(code, wish, printers)
        run = RunFacts(printers[number].pk, file_name, NOW)

        few = match(run, candidates(run, NOW))
        name = FileName(file_name)
        known = Q(is_enabled=True) & (Q(stage__lt=Stage.ENDED) | Q(ended_at__gt=NOW - KNOWN_FOR))
        coded = Q(code__in=[word.code for word in name.codes])
        everything = match(run, read(known | coded, name, NOW))

        transaction.set_rollback(True)
    if isinstance(few, Match) or isinstance(everything, Match):
        assert few == everything


def test_they_are_read_in_one_query():
    job = make_job(design_name="Ring", customer_id="C-1042", print_file_name="ring.gcode")
    run = RunFacts(make_printer().pk, f"C-1042 Ring {job.code} 2026-11-25.gcode", NOW)

    with CaptureQueriesContext(connection) as queries:
        found = candidates(run, NOW)

    assert len(queries) == 1
    assert [candidate.pk for candidate in found] == [job.pk]


def test_with_what_was_printed_for_jobs_that_are_done_it_takes_one_more():
    fields: dict[str, Any] = {"design_name": "Ring", "customer_id": "C-1042"}
    done, wanted = (make_job(**fields, print_file_name=name) for name in ("a.gcode", "b.gcode"))
    client = Client(make_printer())
    client.says("printing", run_key="1@0", file_name=f"{done.code} old.gcode", progress=5)
    client.says("completed", run_key="1@0")
    run = RunFacts(client.printer.pk, "C-1042 Ring new.gcode", NOW)

    with CaptureQueriesContext(connection) as queries:
        found = candidates(run, NOW)

    assert len(queries) == 2
    assert {candidate.pk: candidate.printed for candidate in found} == {
        wanted.pk: frozenset(),
        done.pk: {f"{done.code.lower()} old"},
    }


def test_a_long_queue_of_one_design_gives_one_job_to_know_it_by():
    jobs = [make_job(design_name="Ring", print_file_name=f"{number}.gcode") for number in range(5)]

    found = candidates(RunFacts(make_printer().pk, "Ring of somebody.gcode", NOW), NOW)

    assert [candidate.pk for candidate in found] == [jobs[0].pk]


@pytest.fixture
def old_and_hidden():
    """A job that ended long ago, and one that was hidden while it was ready."""
    old, hidden = (make_job(print_file_name="ring.gcode") for _ in range(2))
    change(old, state=JobState.COMPLETED, stage=Stage.ENDED, ended_at=NOW - timedelta(days=8))
    hidden.hide()
    return old, hidden


def test_a_job_that_ended_long_ago_or_is_hidden_is_not_read(old_and_hidden):
    assert candidates(RunFacts(make_printer().pk, "ring.gcode", NOW), NOW) == []


def test_its_code_is_known_all_the_same(old_and_hidden):
    old, hidden = old_and_hidden

    found = candidates(RunFacts(make_printer().pk, f"ring {old.code} {hidden.code}.gcode", NOW), NOW)

    assert {job.code: job.standing for job in found} == {old.code: Standing.ENDED, hidden.code: Standing.ENDED}


def test_a_job_is_the_same_read_alone():
    job = make_job(print_file_name="ring.gcode")
    run = RunFacts(make_printer().pk, "ring.gcode", NOW)

    assert candidates(run, NOW) == [facts_of(job, 0, NOW)]
