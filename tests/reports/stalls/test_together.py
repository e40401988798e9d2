"""Stalls beside reports, links and other workers, and what open pages learn of them."""

from datetime import timedelta
from functools import partial
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from printqueue import periodic
from printqueue.models import Fact, Listening, PrintRun, Who
from printqueue.models.fact import STALLS
from printqueue.models.stall import notice
from tests.factories import NOW, Client, listen, make_job, make_printer
from tests.reports.stalls.story import NUMBERS, facts, look, passes, says, stall_of
from tests.reports.test_races import at_once


def test_a_report_between_the_look_and_the_lock_wins(client, job):
    says(client, 20, looks=False)
    client.says("printing", run_key="1@0", **NUMBERS)
    due = client.now

    client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 46})
    notice(PrintRun.objects.get().pk, NOW - timedelta(days=9), due)

    assert facts() == []


def test_an_overtaken_report_ends_no_stall(client, job):
    says(client, 21)
    client.sequence -= 9

    assert client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 45.0}).result == "stale"

    assert facts() == ["no_movement!"]


def test_a_client_with_a_wrong_clock_is_judged_by_ours(client, job):
    for _ in range(60):
        client.says("printing", run_key="1@0", measured_at=client.now - timedelta(hours=3), **NUMBERS)
        look(client.now)
    assert facts() == []

    for _ in range(60):
        client.says("printing", run_key="1@0", measured_at=client.now + timedelta(hours=3), **NUMBERS)
        look(client.now)
    assert facts() == []
    passes(client, 6)
    assert facts() == ["no_reports!"]


def test_another_job_takes_the_stall_over(client, job):
    says(client, 21)
    other = make_job()

    other.link(PrintRun.objects.get(), by=Who(), now=client.now)

    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.stall, other.stall) == ("", "no_movement")
    assert facts() == ["no_movement!"]
    says(client, 1, progress=46.0)
    other.refresh_from_db()
    assert other.stall == ""
    assert list(Fact.objects.values_list("job", flat=True)) == [job.pk, other.pk]


def test_a_print_without_a_job_stalls_too(client):
    says(client, 1, progress=44.0)
    says(client, 21)

    assert facts() == ["no_movement!"]
    assert client.printer.as_wire()["stall"] == "no_movement"


def test_a_stall_is_more_than_progress_for_open_pages(client, job):
    says(client, 20)
    job.refresh_from_db()
    since = job.revision

    says(client, 1)

    job.refresh_from_db()
    assert job.event_type(since) == "job"
    assert job.as_event()["stall"] == "no_movement"


def test_a_look_at_prints_that_go_well_writes_nothing_and_asks_little(client, job, django_assert_num_queries):
    says(client, 1)
    for _ in range(5):
        says(Client(make_printer()), 1)
    Listening.beat(client.now)

    with django_assert_num_queries(2):
        periodic.notice_stalls(client.now)


def test_a_look_at_stalls_that_last_writes_nothing(client, job, django_assert_num_queries):
    says(client, 30)

    with django_assert_num_queries(3):
        periodic.notice_stalls(client.now)


def test_a_report_of_a_stalled_print_asks_no_more_than_any_other(client, job):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.says("printing", run_key="1@0", **NUMBERS)
        return len(asked)

    says(client, 1)
    usual = queries()
    says(client, 21)

    assert stall_of(client) == "no_movement"
    assert queries() == usual


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_what_is_stored_agrees(seed, client):
    chance = Random(seed)  # noqa: S311 - the same each time
    job = make_job(print_file_name="ring.gcode", copies=9)
    percent, print_number = 1.0, 0

    for _ in range(120):
        state = chance.choices(
            ["printing", "paused", "preparing", "offline", "idle", "completed", "failed", ""], [40, 9, 3, 9, 2, 1, 1, 9]
        )[0]
        percent = min(99.0, percent + chance.choice([0, 0, 0, 0.1, 1]))
        print_number += chance.random() < 0.03
        if state:
            client.says(
                state, after_seconds=0, run_key=f"{print_number}@0", file_name="ring.gcode", progress=percent,
                measured_at=client.now - timedelta(minutes=chance.choice([0, 0, 0, 7, -7])),
            )  # fmt: skip
        client.now += timedelta(minutes=chance.choice([0.1, 1, 4, 21, 61]))
        if chance.random() < 0.9:
            look(client.now)
        job.refresh_from_db()
        for run in PrintRun.objects.all():
            still = list(run.facts.filter(cleared_at=None, kind__in=STALLS).values_list("kind", flat=True))
            assert len(still) == len({*still})
            assert (run.stall in still) if still else run.stall == ""
            assert run.is_active or not still
            if job.current_run_id == run.pk:
                assert job.stall == run.stall

    assert Fact.objects.filter(kind__in=STALLS).exists()
    for fact in Fact.objects.filter(kind__in=STALLS).exclude(cleared_at=None):
        assert fact.cleared_at is not None
        assert fact.cleared_at >= fact.at


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_raise_one_fact_and_end_it_once(no_server):
    clients = [Client(make_printer()) for _ in range(4)]
    for client in clients:
        client.says("printing", run_key="1@0", **NUMBERS)
    now = client.now + timedelta(minutes=10)
    listen(now)

    at_once(*[partial(periodic.notice_stalls, now)] * 4)
    assert facts() == ["no_reports!"] * 4

    for client in clients:
        client.now = now - timedelta(seconds=5)
    at_once(
        *(partial(client.says, "printing", run_key="1@0", **NUMBERS) for client in clients),
        *[partial(periodic.notice_stalls, now)] * 2,
    )
    periodic.notice_stalls(now)
    assert sorted(facts()) == ["no_reports"] * 4 + ["recovered no_reports"] * 4
