"""One listener a process: an event is taken over once, made into bytes once, and handed to every open page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Final

from printqueue.live import pump
from printqueue.live.feed import RowEvent
from printqueue.live.library import Event, Listener
from printqueue.live.pump import RESET, Pump
from printqueue.live.reading import in_thread
from printqueue.live.verdicts import Verdicts

MOST_WAITING: Final = 100
"""Bursts that may wait for a page; when there are more, it reads what it missed from the database."""


class Burst:
    """Events that arrived together."""

    def __init__(self, events: Sequence[RowEvent]) -> None:
        self.events = events

    @property
    def since(self) -> int:
        """The revision up to which everything was told before the first of them."""
        return self.events[0].since

    @cached_property
    def encoded(self) -> bytes:
        """All of them in bytes, for whoever sees everything and knows everything before."""
        return b"".join(event.encoded(event.since) for event in self.events)


class Member:
    """An open page at the hub. Belongs to the event loop."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        self.bursts: deque[Burst] = deque()
        self.has_missed = False
        self.must_reset = False
        self._waiter: asyncio.Future[None] | None = None

    def push(self, burst: Burst) -> None:
        """Hand over a burst, or note that it came too fast."""
        if len(self.bursts) < MOST_WAITING:
            self.bursts.append(burst)
        else:
            self.miss()
        self.wake()

    def miss(self) -> None:
        """Forget what waits: the page has to read it."""
        self.bursts.clear()
        self.has_missed = True
        self.wake()

    def reset(self) -> None:
        """Forget what waits: the page has to read everything."""
        self.bursts.clear()
        self.must_reset = True
        self.wake()

    def wake(self) -> None:
        """Let `wait` return."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Return at once when something is there, else after the next `wake`."""
        if self.bursts or self.has_missed or self.must_reset:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


class Hub(Listener):
    """The one listener of an event loop; the pages are its members."""

    channel_items: dict[str, list[Event]]

    def __init__(self, source: Pump) -> None:
        super().__init__()
        self.assign_loop()
        self.source = source
        self.members: set[Member] = set()
        self.verdicts = Verdicts()
        self._arrived: deque[Event] = deque()
        self._is_flush_due = False

    def wake_threadsafe(self) -> None:
        """Take over what was queued, so that the queue of ten is never full. Called by the pump, in its thread."""
        for events in self.channel_items.values():
            self._arrived.extend(events)
        self.channel_items.clear()
        if not self._is_flush_due and not self.loop.is_closed():
            self._is_flush_due = True
            self.loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        self._is_flush_due = False
        events: list[RowEvent] = []
        while self._arrived:
            event = self._arrived.popleft()
            if isinstance(event, RowEvent):
                events.append(event)
            elif event.type == RESET:
                events.clear()
                for member in self.members:
                    member.reset()
        if events:
            burst = Burst(events)
            for member in self.members:
                member.push(burst)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


@asynccontextmanager
async def joined() -> AsyncIterator[Member]:
    """Be a member of the hub of this event loop, and hear of everything that is committed from here on."""
    source = await in_thread(pump.start)
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None or hub.source is not source:
        hub = _hubs[loop] = Hub(source)
        source.attach(hub)
    member = Member(hub.verdicts)
    hub.members.add(member)
    try:
        yield member
    finally:
        hub.members.discard(member)
        if not hub.members:
            source.detach(hub)
            if _hubs.get(loop) is hub:
                del _hubs[loop]
