"""Stalls of runs that a PUT feeds."""

from datetime import timedelta

import pytest

from printqueue.access import Actor
from printqueue.models import PrintRun, Who
from printqueue.models.fact import STALLS
from printqueue.reports import Progress, put_progress
from tests.factories import Client, make_job, make_key, make_printer
from tests.reports.stalls.story import facts, look, passes


@pytest.fixture
def feeder(db):
    """A client that puts progress of a job without a printer."""
    return Client(make_printer(), key=make_key(make_printer(), make_printer())[0])


def put(feeder, job, progress, minutes=0.0, **fields):
    feeder.now += timedelta(minutes=minutes)
    actor = Actor(key=feeder.key, printer_ids=frozenset())
    put_progress(job.pk, Progress(progress=progress, **fields), actor=actor, received_at=feeder.now)
    job.refresh_from_db()


def test_a_put_may_come_as_seldom_as_its_print_moves(feeder):
    job = make_job()
    for progress in range(1, 40):
        put(feeder, job, progress, minutes=18)
        look(feeder.now)

    assert facts() == []


def test_a_put_that_stays_away_for_long_is_noticed_and_the_next_one_ends_it(feeder):
    job = make_job()
    put(feeder, job, 1)
    put(feeder, job, 2, minutes=1)
    passes(feeder, 21)
    job.refresh_from_db()
    assert (facts(), job.stall) == (["no_reports!"], "no_reports")

    put(feeder, job, 3)

    assert (facts(), job.stall) == (["no_reports", "recovered no_reports"], "")


def test_a_put_that_says_the_same_for_long_stands_still(feeder):
    job = make_job()
    put(feeder, job, 1)
    for _ in range(25):
        put(feeder, job, 2, minutes=1)
        look(feeder.now)

    assert facts() == ["no_movement!"]


def test_a_job_that_staff_close_takes_the_stall_of_its_put_along(feeder):
    job = make_job()
    put(feeder, job, 1)
    passes(feeder, 60)
    assert facts() == ["no_reports!"]

    job.complete(by=Who(), now=feeder.now)

    job.refresh_from_db()
    assert (facts(STALLS), job.stall, PrintRun.objects.get().stall) == (["no_reports"], "", "")


def test_a_put_on_a_printer_tells_the_printer_that_its_stall_is_over(client):
    job = make_job(wanted_printer=client.printer)
    client.put(job, 1)
    client.says("idle")
    look(client.now + timedelta(minutes=41))
    client.printer.refresh_from_db()
    assert client.printer.as_wire()["stall"] == "no_reports"
    before = client.printer.revision

    client.put(job, 2)

    client.printer.refresh_from_db()
    assert client.printer.as_wire()["stall"] is None
    assert client.printer.revision > before
