"""One listener a process: an event is taken over once, made into bytes once, and written to every open page.

A page that has nothing to wait for is written to at once, from here: no task of its own wakes for it. Any other page
(it reads slowly, it sees only a part, it is just being brought up to date) finds what it has to tell in its queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from printqueue.live import pump
from printqueue.live.catch_up import SharedReadings
from printqueue.live.feed import RowEvent, sign_of_life
from printqueue.live.library import Event, Listener
from printqueue.live.line import Piece
from printqueue.live.position import Position
from printqueue.live.pump import RESET, Pump
from printqueue.live.rounds import RHYTHM, Rounds
from printqueue.live.threads import in_thread
from printqueue.live.viewer import Viewer

logger = logging.getLogger(__name__)

MOST_WAITING_BYTES: Final = 65_536
"""What may wait for a page that reads slowly; when there is more, it reads what it missed from the database."""

RESTS: Final = 3
"""Times as long as it took to write to all pages, nothing more is written: events that come meanwhile go together."""

LONGEST_REST: Final = 0.1
"""Seconds; so late is the last page told at most."""

WriteNow: TypeAlias = Callable[[Piece], bool]
"""Writes a piece to the client if nothing else waits to be written; else returns False and writes nothing."""


class Burst(Piece):
    """Events that arrived together, as everybody is told of them who sees everything and knows all before."""

    def __init__(self, events: Sequence[RowEvent]) -> None:
        super().__init__(b"".join(event.encoded(event.since) for event in events))
        self.events = events
        self.since = events[0].since
        self.end = events[-1].position


class Member:
    """An open page at the hub. Belongs to the event loop."""

    def __init__(self, viewer: Viewer, known: Position) -> None:
        self.viewer = viewer
        self.known = known
        """Everything up to here was told."""
        self.write_now: WriteNow | None = None
        """The straight way to a client that gets all that a burst says."""
        self.cut: Callable[[], None] = _leave_it
        """Cuts the client's line."""
        self.read_upto = 0
        """What a burst tells from before this revision was read from the database already."""
        self.bursts: list[Burst] = []
        self.has_missed = False
        self.must_reset = False
        self.is_sign_due = False
        self.is_over = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def _is_idle(self) -> bool:
        """Whether everything was told that is to be told."""
        return self._waiter is not None and not self._waiter.done()

    def push(self, burst: Burst) -> None:
        """Tell of a burst, or leave it in the queue, or note that it came too fast."""
        if self.has_missed or self.must_reset or self.is_over:
            return  # what will be read tells of it too; told before, it would hide what was missed
        is_all_news = burst.since >= self.read_upto and burst.end.epoch == self.known.epoch
        if self.write_now is not None and self._is_idle and is_all_news and self.write_now(burst):
            self.known = burst.end
        elif sum(len(waiting.plain) for waiting in self.bursts) < MOST_WAITING_BYTES:
            self.bursts.append(burst)
            self.wake()
        else:
            self.miss()

    def push_sign_of_life(self, position: Position, piece: Piece) -> None:
        """Give a sign of life: `piece`, if the page stands at `position` as most do, else one of its own."""
        is_there = self._is_idle and self.known == position
        if self.write_now is None or not is_there or not self.write_now(piece):
            self.is_sign_due = True
            self.wake()

    def fail(self) -> None:
        """Go on after telling it went wrong: by the longer way, from what the database holds."""
        self.write_now = None
        self.miss()

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

    def end(self) -> None:
        """Let the stream end."""
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        """Let `wait` return."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Return at once when something is there, else after the next `wake`."""
        if self.bursts or self.has_missed or self.must_reset or self.is_sign_due or self.is_over:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


def _leave_it() -> None:
    """Nothing is known of the line."""


class Hub(Listener):
    """The one listener of an event loop; the pages are its members."""

    channel_items: dict[str, list[Event]]

    def __init__(self, source: Pump) -> None:
        super().__init__()
        self.assign_loop()
        self.source = source
        self.members: set[Member] = set()
        self.rounds = Rounds(RHYTHM, self.give_sign_of_life)
        self.readings = SharedReadings()
        self._arrived: deque[Event] = deque()
        self._is_flush_due = False
        self._rests_until = 0.0

    def wake_threadsafe(self) -> None:
        """Take over what was queued, so that the queue of ten is never full. Called by the pump, in its thread."""
        for events in self.channel_items.values():
            self._arrived.extend(events)
        self.channel_items.clear()
        if not self._is_flush_due and not self.loop.is_closed():
            self._is_flush_due = True
            self.loop.call_soon_threadsafe(self._flush_when_rested)

    def give_sign_of_life(self) -> None:
        """Write to every page, so that its browser knows that the line is good."""
        position = self.source.position
        piece = Piece(sign_of_life(position))
        self._tell_all(lambda member: member.push_sign_of_life(position, piece))

    def _flush_when_rested(self) -> None:
        rest = self._rests_until - self.loop.time()
        if rest > 0:
            self.loop.call_later(rest, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        began = self.loop.time()
        # Before anything is taken: what arrives from here on is flushed by itself.
        self._is_flush_due = False
        events = self._taken()
        if events:
            self._tell_all(self._telling(events))
        now = self.loop.time()
        self._rests_until = now + min(LONGEST_REST, RESTS * (now - began))

    @staticmethod
    def _telling(events: Sequence[RowEvent]) -> Callable[[Member], None]:
        """Return what tells a page of `events`."""
        try:
            burst = Burst(events)
        except Exception:
            logger.exception("What changed could not be written down; every page reads the database.")
            return Member.miss
        return lambda member: member.push(burst)

    def _tell_all(self, tell: Callable[[Member], None]) -> None:
        """Call `tell` for every page; where it goes wrong for one, the others are told all the same."""
        for member in self.members:
            try:
                tell(member)
            except Exception:
                logger.exception("A page of %s could not be told; it reads the database.", member.viewer.name)
                member.fail()

    def _taken(self) -> list[RowEvent]:
        """Return the events that arrived; those before a reset are nobody's business any more."""
        events: list[RowEvent] = []
        while self._arrived:
            event = self._arrived.popleft()
            if isinstance(event, RowEvent):
                events.append(event)
            elif event.type == RESET:
                events.clear()
                self._start_again(event.data)
        return events

    def _start_again(self, epoch: str) -> None:
        """Let all pages read everything, but those that have read of the new epoch already: they read on from there."""
        for member in self.members:
            if member.known.epoch == epoch:
                member.miss()
            else:
                member.reset()


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


@asynccontextmanager
async def joined(member: Member) -> AsyncIterator[SharedReadings]:
    """Be a member of the hub of this event loop, and hear of everything that is committed from here on.

    Yields the readings of what was committed before.
    """
    source = pump.running()
    if source is None:
        source = await in_thread(pump.start)
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None or hub.source is not source:
        hub = _hubs[loop] = Hub(source)
        source.attach(hub)
    hub.members.add(member)
    hub.rounds.begin(member)
    try:
        yield hub.readings
    finally:
        hub.members.discard(member)
        hub.rounds.leave(member)
        if not hub.members:
            hub.rounds.end()
            source.detach(hub)
            if _hubs.get(loop) is hub:
                del _hubs[loop]
