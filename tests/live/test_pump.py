"""The pump: sees every change soon, and never dies."""

import queue
from typing import Any

import pytest
from django.db import connection, transaction

from printqueue.live import pump
from printqueue.live.library import Listener
from printqueue.live.revisions import RevisionCounter
from tests.factories import make_job
from tests.live.changes import report_progress
from tests.processes import wait_for


class Heard(Listener):
    """A listener that puts what it hears into a queue."""

    def __init__(self):
        super().__init__()
        self.events: queue.Queue[Any] = queue.Queue()

    def wake_threadsafe(self):
        for events in self.channel_items.values():
            for event in events:
                self.events.put(event)
        self.channel_items.clear()

    def next(self):
        return self.events.get(timeout=5)


@pytest.fixture
def heard(transactional_db, stopped_pump):
    listener = Heard()
    pump.start().attach(listener)
    yield listener
    pump.start().detach(listener)


def test_it_tells_of_what_was_committed(heard):
    job = make_job()

    assert heard.next().revision == job.revision


def test_it_tells_nothing_of_what_was_rolled_back(heard):
    job = make_job()
    heard.next()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        report_progress(job, 50)
        raise ZeroDivisionError
    report_progress(job, 60)

    assert heard.next().data["progress"] == 60


def test_it_sees_what_came_without_a_hint(heard):
    """As another process writes on SQLite."""
    job = make_job()
    heard.next()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE printqueue_revisioncounter SET value = value + 1")
        cursor.execute("UPDATE printqueue_printqueue SET progress = 5, revision = revision + 1")

    event = heard.next()
    assert (event.revision, event.data["progress"]) == (job.revision + 1, 5)


@pytest.mark.parametrize("change", [{"epoch": "0badcafe"}, {"value": 0}])
def test_a_restored_backup_resets_everybody(heard, change):
    make_job()
    heard.next()

    RevisionCounter.objects.update(**change)

    event = heard.next()
    assert event.type == pump.RESET
    assert event.channel == f"pf-{RevisionCounter.current().epoch}"


def test_a_counter_that_is_away_for_a_moment_is_no_other_history(heard):
    make_job()
    heard.next()
    counter = RevisionCounter.objects.get()
    RevisionCounter.objects.all().delete()
    pump.start().look()
    counter.save()

    job = make_job()

    assert heard.next().revision == job.revision


def test_after_a_reset_it_goes_on_in_the_new_history(heard):
    make_job()
    heard.next()
    RevisionCounter.objects.update(epoch="0badcafe")
    heard.next()

    job = make_job()

    assert heard.next().revision == job.revision


def test_it_goes_on_when_the_database_answers_again(heard, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE printqueue_revisioncounter RENAME TO away")
    wait_for(lambda: "cannot be read" in caplog.text, what="the pump notices")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO printqueue_revisioncounter")
    wait_for(lambda: "can be read again" in caplog.text, what="the pump recovers")

    job = make_job()

    assert heard.next().revision == job.revision
    assert caplog.text.count("cannot be read") == 1


@pytest.mark.postgres_only
def test_it_goes_on_when_postgresql_cut_its_connections(heard):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    job = make_job()

    assert heard.next().revision == job.revision


def test_it_is_fresh_while_it_runs(transactional_db, stopped_pump):
    assert not pump.is_fresh()

    pump.start()
    assert pump.is_fresh()

    pump.stop()
    assert not pump.is_fresh()


def test_it_is_started_once(transactional_db, stopped_pump):
    assert pump.start() is pump.start()
