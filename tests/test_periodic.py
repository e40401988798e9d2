"""The work that comes round: once a turn, whoever does it, and whatever another task does."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from printqueue import periodic
from printqueue.models import PeriodicTask
from tests.conftest import database_url
from tests.environment import ROOT
from tests.factories import NOW
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
