"""The storage that django-eventstream sees."""

import json

import pytest

from printqueue.live.library import EventDoesNotExist
from printqueue.live.position import Position
from printqueue.live.storage import RevisionStorage
from tests.factories import make_job, make_printer
from tests.live.changes import report_progress

pytestmark = pytest.mark.django_db


def test_the_events_after_a_revision_are_the_rows_as_they_are_now_in_order():
    job, printer = make_job(), make_printer()
    known = Position.current()
    printer.save()
    for percent in (1, 2, 3):
        report_progress(job, percent)

    events = RevisionStorage().get_events(known.channel, known.revision)

    assert [(event.id, json.loads(event.data)["type"]) for event in events] == [
        (printer.revision, "printer"),
        (job.revision, "progress"),
    ]


def test_appending_writes_nothing():
    known = Position.current()

    RevisionStorage().append_event(known.channel, "message", "{}")

    assert Position.current() == known


@pytest.mark.parametrize("ahead", [1, 10**17])
def test_a_revision_that_was_never_reached_does_not_exist(ahead):
    known = Position.current()

    with pytest.raises(EventDoesNotExist) as caught:
        RevisionStorage().get_events(known.channel, known.revision + ahead)

    assert caught.value.current_id == known.revision


def test_another_epoch_does_not_exist():
    with pytest.raises(EventDoesNotExist):
        RevisionStorage().get_events("pf-00000000", 0)
