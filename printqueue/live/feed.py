"""What is to be told: the rows after a revision, in the order of their revisions, as events.

Everything here reads the database and belongs into a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.utils import timezone

from printqueue.live.library import Event, sse_encode_event
from printqueue.live.position import Position
from printqueue.live.revisions import Revisioned
from printqueue.protocol import wire_time

MOST_ROWS: Final = 5_000
"""How many changed rows of a kind are told one by one; whoever is further behind is told to read everything again."""


class RowEvent(Event):
    """A row at one revision, as everybody is told of it who may see it. The bytes are made once for all of them.

    `since` is the revision up to which everything was told before; `id` the one up to which everything is told with
    this event. That is the row's own revision, unless a row that is told later changed its structure before: whoever
    is cut in between must hear of that change when he comes back.
    """

    def __init__(self, row: Revisioned, position: Position, since: int) -> None:
        super().__init__(position.channel, "message", row.as_event(), id=position.revision)
        self.position = position
        self.since = since
        self.revision = row.revision
        self.structure_revision = row.structure_revision
        self.audience = row.event_audience()
        self._row = row
        self._encoded: dict[tuple[str, int], bytes] = {}

    def body(self, since: int) -> dict[str, Any]:
        """Return what is told to somebody who knows everything up to `since`."""
        return {"type": self._row.event_type(max(since, self.since)), **self.data, "revision": self.revision}

    def encoded(self, since: int) -> bytes:
        """Return the same as an event in bytes."""
        kind, position = self._row.event_type(max(since, self.since)), self._position_for(since)
        if (kind, position.revision) not in self._encoded:
            self._encoded[kind, position.revision] = encode("message", self.body(since), position)
        return self._encoded[kind, position.revision]

    def encoded_as_removed(self, since: int) -> bytes:
        """Return the bytes for somebody out of whose sight this job has moved, and who knows all up to `since`."""
        body = {"type": "removed", "id": str(self.audience.job_id), "revision": self.revision}
        return encode("message", body, self._position_for(since))

    def _position_for(self, since: int) -> Position:
        """Return where somebody stands after this event who knew everything up to `since`: never further back."""
        return self.position if since <= self.position.revision else Position(self.position.epoch, since)


def encode(name: str, data: object = None, position: Position | None = None) -> bytes:
    """Return a server-sent event in bytes: `data` as JSON, or none; with `position` as its id."""
    event_id = None if position is None else str(position)
    text: str = sse_encode_event(name, "" if data is None else data, event_id=event_id, json_encode=data is not None)
    return text.encode()


def clock(position: Position, *, with_id: bool = True) -> bytes:
    """Return the event that tells the server's time to somebody who stands at `position`, and moves him there."""
    now = {"serverTime": wire_time(timezone.now()), "revision": position.revision}
    return encode("clock", now, position if with_id else None)


def sign_of_life(position: Position) -> bytes:
    """Return what is sent when nothing else has been for a while, to somebody who stands at `position`."""
    return encode("keep-alive") + clock(position)


def read_after(since: int, end: Position) -> list[RowEvent] | None:
    """Return the events of all rows that changed after revision `since` and up to `end`; None if there are too many."""
    rows: list[Revisioned] = []
    for model in revisioned_models():
        changed = model.changed(since, end.revision, MOST_ROWS + 1)
        if len(changed) > MOST_ROWS:
            return None
        rows += changed
    return as_events(sorted(rows, key=_revision), end, since)


def read_for_a_new_page(now: datetime, end: Position) -> list[RowEvent]:
    """Return the events that tell a page which opens at `now` what it must know, as of `end`."""
    rows: list[Revisioned] = []
    for model in revisioned_models():
        rows += model.rows_on_a_new_page(now).filter(revision__gt=0, revision__lte=end.revision)
    return [RowEvent(row, Position(end.epoch, row.revision), 0) for row in sorted(rows, key=_revision)]


def as_events(rows: Sequence[Revisioned], end: Position, since: int) -> list[RowEvent]:
    """Return the events of all `rows` that changed after `since` and up to `end`, given in order of revision."""
    events = []
    told = end.revision  # what the id of the event may claim, going back from the last one
    for row in reversed(rows):
        events.append(RowEvent(row, Position(end.epoch, min(row.revision, told)), since))
        if row.structure_revision > since:
            told = min(told, row.structure_revision - 1)
    return events[::-1]


@cache
def revisioned_models() -> Sequence[type[Revisioned]]:
    """Return the kinds of rows that pages show."""
    return [model for model in apps.get_models() if issubclass(model, Revisioned)]


def _revision(row: Revisioned) -> int:
    return row.revision
