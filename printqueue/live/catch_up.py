"""What brings an open page from where it stands to where the database is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from printqueue.live.feed import RowEvent, read_after, read_for_a_new_page
from printqueue.live.position import NOWHERE, Position
from printqueue.live.threads import in_thread

MOST_BYTES: Final = 65_536
"""A long list of events is sent in pieces of about this size, so that a slow reader is waited for."""


@dataclass(frozen=True)
class CatchUp:
    """What the database holds for somebody: up to `end`, told to one who knows everything up to `since`."""

    end: Position
    since: int
    events: list[RowEvent]
    is_reset: bool

    def pieces(self, beginning: bytes, encoded: Callable[[RowEvent], bytes], ending: bytes) -> Iterator[bytes]:
        """Yield the events in bytes as `encoded` makes them, between `beginning` and `ending`, in pieces to be sent."""
        piece = beginning
        for event in self.events:
            piece += encoded(event)
            if len(piece) > MOST_BYTES:
                yield piece
                piece = b""
        yield piece + ending


def read(
    known: Position, *, must_reset: bool = False, may_have_left: Callable[[RowEvent], bool] = lambda event: False
) -> CatchUp:
    """Read what changed after `known`, or else, and with `must_reset`, all that a new page must know.

    Everything is read when an event is of something that `may_have_left` the viewer's sight: what it was before is not
    kept, so that nobody knows whether he has to be told. Raises what the database raises.
    """
    end = Position.if_any()
    if end is None:
        raise DatabaseError("There is no revision counter: somebody is emptying the database.")
    if not must_reset and known.epoch == end.epoch and known.revision <= end.revision:
        events = read_after(known.revision, end)
        if events is not None and not any(map(may_have_left, events)):
            return CatchUp(end, known.revision, events, is_reset=False)
    events = read_for_a_new_page(timezone.now(), end)
    return CatchUp(end, 0, events, is_reset=must_reset or known != NOWHERE)


class Reading:
    """One reading of the database, and for how many pages."""

    def __init__(self) -> None:
        self.awaited_by = 0
        self.has_begun = False
        self.task: asyncio.Task[CatchUp]

    def do(self, known: Position, *, must_reset: bool) -> CatchUp:
        """Do it, in a thread."""
        self.has_begun = True
        return read(known, must_reset=must_reset)


class SharedReadings:
    """Readings for pages that see everything, done once for all that wait. Belongs to the event loop.

    After a restart hundreds of pages come back at once, most of them from the same position.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[Position, bool], Reading] = {}
        self._turn = asyncio.Lock()

    async def read(self, known: Position, *, must_reset: bool) -> CatchUp:
        """Return what `read` returns, begun after this call: its end is no earlier than now. Raises what it raises."""
        wanted = (known, must_reset)
        if wanted not in self._waiting:
            new = self._waiting[wanted] = Reading()
            new.task = asyncio.create_task(self._read(new, known, must_reset))
        reading = self._waiting[wanted]
        reading.awaited_by += 1
        try:
            # One page that leaves must not take the reading from the others.
            return await asyncio.shield(reading.task)
        finally:
            reading.awaited_by -= 1
            if not reading.awaited_by and not reading.has_begun:
                self._drop(wanted, reading)

    def _drop(self, wanted: tuple[Position, bool], reading: Reading) -> None:
        """Let a reading that all have left no longer stand in line."""
        reading.task.cancel()
        if self._waiting.get(wanted) is reading:
            del self._waiting[wanted]

    async def _read(self, reading: Reading, known: Position, must_reset: bool) -> CatchUp:
        async with self._turn:
            # Whoever comes from here on needs a later one.
            del self._waiting[known, must_reset]
            return await in_thread(partial(reading.do, known, must_reset=must_reset))
