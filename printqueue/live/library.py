"""All that we take from django-eventstream, and all that we know of how it works inside.

A listener has `channels`, the set it listens to, and `channel_items`, what was queued for it by channel, at most ten
a channel; after each event the manager calls its `wake_threadsafe()`, from the sending thread and under its own lock.
tests/live/test_library.py holds the library to that.
"""

from django_eventstream import get_current_event_id
from django_eventstream.event import Event
from django_eventstream.storage import EventDoesNotExist, StorageBase
from django_eventstream.utils import sse_encode_event
from django_eventstream.views import Listener, get_listener_manager

__all__ = [
    "Event",
    "EventDoesNotExist",
    "Listener",
    "StorageBase",
    "get_current_event_id",
    "get_listener_manager",
    "sse_encode_event",
]
