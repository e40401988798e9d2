"""The work that comes round: once a turn, whoever does it, and whatever another task does."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from printqueue import periodic
from printqueue.models import PeriodicTask, PrintRun, Sample
from tests.conftest import database_url
from tests.environment import ROOT
from tests.factories import NOW, Client, make_printer
from tests.processes import wait_for

DAY = timedelta(days=1)


def test_a_task_that_was_never_done_is_due(db):
    assert PeriodicTask.claim("sweep", DAY, NOW)


def test_a_turn_is_claimed_once(db):
    PeriodicTask.claim("sweep", DAY, NOW)

    assert not PeriodicTask.claim("sweep", DAY, NOW + DAY - timedelta(seconds=1))


def test_the_next_turn_comes_after_the_period(db):
    PeriodicTask.claim("sweep", DAY, NOW)

    assert PeriodicTask.claim("sweep", DAY, NOW + DAY)
    assert not PeriodicTask.claim("sweep", DAY, NOW + DAY)


def test_a_task_that_fails_keeps_no_other_from_its_turn(db, monkeypatch, caplog):
    done = []

    def broken(now):
        raise ValueError("a bug")

    def sound(now):
        done.append(now)

    monkeypatch.setattr(periodic, "TASKS", {broken: DAY, sound: DAY})

    periodic.tick(NOW)

    assert done == [NOW]
    assert "The periodic task broken failed." in caplog.text


def test_expired_sessions_are_cleared_and_others_kept(db):
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + days * DAY)

    periodic.tick(NOW)

    assert [session.session_key for session in Session.objects.all()] == ["new"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_works_alone_and_ends_when_told(transactional_db, number):
    environment = {**os.environ, "DATABASE_URL": database_url()}
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )

    wait_for(PeriodicTask.objects.exists, 30, "a task was claimed")
    worker.send_signal(number)

    assert worker.wait(timeout=10) == 0


def sampled(printer, *days_ago):
    """A run with a sample of each of these days."""
    run = PrintRun.objects.create(
        printer=printer,
        run_key=f"{min(days_ago)}@0",
        state="completed",
        started_at=NOW - max(days_ago) * DAY,
        ended_at=NOW,
    )
    Sample.objects.bulk_create(
        Sample(run=run, number=number, at=NOW - days * DAY, state="printing", progress=50)
        for number, days in enumerate(days_ago)
    )
    return run


def days_left():
    return [(NOW - at).days for at in Sample.objects.order_by("pk").values_list("at", flat=True)]


def test_samples_go_when_they_are_old_and_runs_stay(db, settings):
    settings.SAMPLES_KEPT_DAYS = 30
    printer = make_printer()
    for days in ((40, 35), (31, 30, 29), (2, 1)):
        sampled(printer, *days)

    periodic.tick(NOW)

    assert days_left() == [30, 29, 2, 1]
    assert PrintRun.objects.count() == 3


def test_samples_that_came_late_go_with_their_day_or_when_those_before_them_do(db):
    sampled(make_printer(), 100, 10, 99)

    periodic.forget_samples(NOW)

    assert days_left() == [10]


def test_a_turn_deletes_no_more_samples_than_its_share(db, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(periodic, "SAMPLES_AT_ONCE", 10)
    monkeypatch.setattr(periodic, "SAMPLES_A_TURN", 30)
    sampled(make_printer(), *[100] * 35, 1)

    with django_assert_max_num_queries(4 * 3):
        periodic.forget_samples(NOW)
    assert len(days_left()) == 6

    periodic.forget_samples(NOW)
    assert days_left() == [1]


def test_samples_are_kept_for_a_quarter_of_a_year_unless_somebody_says_otherwise(settings):
    assert settings.SAMPLES_KEPT_DAYS == 90


@pytest.mark.postgres_only  # SQLite lets one write at a time: there a turn is short
def test_a_report_does_not_wait_for_samples_that_are_being_deleted(transactional_db):
    client = Client(make_printer())
    client.says("printing", run_key="1@0", progress=1)
    sampled(client.printer, *[100] * 50)
    Sample.objects.filter(number=0, run__ended_at=None).update(at=NOW - 100 * DAY)

    def say():
        try:
            return client.says("printing", run_key="1@0", progress=2).result
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert Sample.forget(NOW - DAY, 100) == 51
        assert pool.submit(say).result(timeout=30) == "unmatched"
