"""django-eventstream's view of our rows: it stores nothing, and reads everything from them."""

from __future__ import annotations

import json
from typing import Any

from printqueue.live.feed import read_after
from printqueue.live.library import Event, EventDoesNotExist, StorageBase
from printqueue.live.position import Position


class RevisionStorage(StorageBase):
    """EVENTSTREAM_STORAGE_CLASS. An event's id is a revision, and the events are the rows as they are now."""

    def append_event(self, channel: str, event_type: str, data: Any) -> Event:
        """Write nothing: what was said is kept by the row that was saved."""
        return Event(channel, event_type, data, id=self.get_current_id(channel))

    def get_events(self, channel: str, last_id: int, limit: int = 100) -> list[Event]:
        """Return what changed after revision `last_id`, at most `limit` events, in order.

        Raises EventDoesNotExist for a revision that was never reached, and for a channel of another epoch.
        """
        current = Position.current()
        is_known = channel == current.channel and 0 <= last_id <= current.revision
        events = read_after(last_id, current) if is_known else None
        if events is None:
            raise EventDoesNotExist(f"{channel} has no revision {last_id} to go on from.", current.revision)
        return [Event(channel, e.type, json.dumps(e.body(last_id)), id=e.id) for e in events[:limit]]

    def get_current_id(self, channel: str) -> int:
        """Return the current revision."""
        return Position.current().revision
