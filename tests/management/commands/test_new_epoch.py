"""`new_epoch`"""

from io import StringIO

import pytest
from django.core.management import call_command

from printqueue.live.position import Position
from tests.factories import make_job

pytestmark = pytest.mark.django_db


def new_epoch() -> str:
    """What the command writes on standard output."""
    output = StringIO()
    call_command("new_epoch", stdout=output)
    return output.getvalue()


def test_event_ids_are_of_another_history_from_then_on_and_go_on_counting():
    make_job()
    before = Position.current()

    said = new_epoch()

    now = Position.current()
    assert now.epoch != before.epoch
    assert now.revision == before.revision
    assert now.channel in said


def test_it_does_no_harm_before_the_very_first_change():
    new_epoch()

    make_job()

    assert Position.current().revision == 1


def test_each_call_begins_another():
    assert new_epoch() != new_epoch()
