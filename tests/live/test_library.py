"""What we rely on inside django-eventstream; a release that changes it fails here, and not in a shop."""

import asyncio
import inspect

import pytest
from django.conf import settings

from printqueue.live.library import Event, Listener, get_current_event_id, get_listener_manager, sse_encode_event
from printqueue.live.storage import RevisionStorage


class Sink(Listener):
    """A listener that keeps what it was given, and how it was called."""

    def __init__(self):
        super().__init__()
        self.channels = {"a"}
        self.taken = []

    def wake_threadsafe(self):
        self.taken.append((get_listener_manager().lock.locked(), dict(self.channel_items)))
        self.channel_items.clear()


@pytest.fixture
def sink():
    listener = Sink()
    get_listener_manager().add_listener(listener)
    yield listener
    get_listener_manager().remove_listener(listener)


def test_a_listener_is_woken_for_each_event_under_the_managers_lock(sink):
    events = [Event("a", "message", {}, id=number) for number in range(30)]

    for event in events:
        get_listener_manager().add_to_queues("a", event)

    assert sink.taken == [(True, {"a": [event]}) for event in events]
    assert not sink.overflow


def test_a_listener_hears_its_channels_alone(sink):
    get_listener_manager().add_to_queues("b", Event("b", "message", {}, id=1))

    assert sink.taken == []


def test_a_removed_listener_hears_nothing():
    listener = Sink()
    get_listener_manager().add_listener(listener)

    get_listener_manager().remove_listener(listener)
    get_listener_manager().add_to_queues("a", Event("a", "message", {}))

    assert listener.taken == []


async def test_a_listener_knows_the_loop_it_was_assigned():
    listener = Listener()

    listener.assign_loop()

    assert listener.loop is asyncio.get_running_loop()


def test_the_encoder_writes_name_id_and_json():
    assert sse_encode_event("message", {"a": "é\n"}, event_id="pf-1:2", json_encode=True) == (
        'event: message\nid: pf-1:2\ndata: {"a": "\\u00e9\\n"}\n\n'
    )


def test_the_library_reads_through_our_storage(db):
    channel = "pf-0123abcd"

    assert f"{RevisionStorage.__module__}.{RevisionStorage.__name__}" == settings.EVENTSTREAM_STORAGE_CLASS
    assert get_current_event_id([channel]) == f"{channel}:{RevisionStorage().get_current_id(channel)}"


@pytest.mark.parametrize("name", ["append_event", "get_events", "get_current_id"])
def test_our_storage_is_called_as_the_librarys_base_says(name):
    ours = inspect.signature(getattr(RevisionStorage, name))
    theirs = inspect.signature(getattr(RevisionStorage.__base__, name))

    assert [*ours.parameters] == [*theirs.parameters]
