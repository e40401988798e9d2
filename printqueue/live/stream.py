"""The stream of events of one viewer: let in, brought up to date, kept informed, and ended in time.

A view lets somebody in (401, 403), calls `open_stream`, and returns what it returns:

    try:
        return open_stream(request, Viewer("user 3", still_allowed=…), Everything())
    except BadStreamRequest as error:   # 400, error.field says what is wrong
    except NoSeat as error:             # error.status (429 or 503), error.retry_after_seconds

It reads no database, so that sync and async views may call it alike. The stream itself begins when the response is
sent, by `printqueue.live.gateway`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from django.db import Error
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from printqueue.live.feed import RowEvent, encode, read_after, read_for_a_new_page
from printqueue.live.hub import Burst, Member, joined
from printqueue.live.position import Position
from printqueue.live.reading import in_thread
from printqueue.live.seats import NoSeat, ServerFull, TooManyStreams, seats
from printqueue.live.viewer import Everything, OneJob, Printers, Selection, Viewer
from printqueue.protocol import wire_time

__all__ = [
    "BadStreamRequest",
    "EventStreamResponse",
    "Everything",
    "NoSeat",
    "OneJob",
    "Printers",
    "ServerFull",
    "TooManyStreams",
    "Viewer",
    "open_stream",
]

logger = logging.getLogger(__name__)
_random: Final = random.SystemRandom()

REFUSED_PARAMETERS: Final = ("es-meta", "recover", "link", "channel")
"""Query parameters that mean something to django-eventstream, and that nobody may send us."""

NOWHERE: Final = Position("", 0)
"""Where somebody stands who was told nothing yet."""

MOST_BYTES: Final = 65_536
"""A long list of events is sent in pieces of about this size, so that a slow reader is waited for."""


class BadStreamRequest(Exception):
    """The request asks for what no stream can give. The text says what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class EventStreamResponse(StreamingHttpResponse):
    """A stream of events. `printqueue.live.gateway` sends its `pieces` after Django has let go of the request."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__(pieces, content_type="text/event-stream")
        self.pieces = pieces
        self["Cache-Control"] = "no-cache"
        self["X-Accel-Buffering"] = "no"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a stream does what, in seconds."""

    keep_alive: float = 15.0
    check: float = 20.0
    check_again: float = 3.0
    """After the database could not say whether the viewer may watch on."""
    longest_unchecked: float = 30.0
    lifetime: float = 900.0
    """About: a fifth more or less, so that streams opened together do not end together."""


def open_stream(request: HttpRequest, viewer: Viewer, selection: Selection) -> EventStreamResponse:
    """Return the stream of what `viewer` may see of `selection`, from where the request's event id left off.

    Raises BadStreamRequest for an id or a query parameter that is no good, NoSeat when there are too many streams.
    """
    last = last_position(request)
    seats.take(viewer.name)
    stream = Stream(viewer, selection, last)
    response = EventStreamResponse(stream.guarded())
    # Called by the stream when it ends, and when the response is thrown away before it was begun.
    stream.at_the_end = weakref.finalize(response, seats.release, viewer.name)
    return response


def last_position(request: HttpRequest) -> Position | None:
    """Return where the client left off: the Last-Event-ID header, else ?lastEventId=, else None.

    Raises BadStreamRequest.
    """
    for name in REFUSED_PARAMETERS:
        if name in request.GET:
            raise BadStreamRequest(name, "This parameter is not taken here.")
    field, event_id = "Last-Event-ID", request.headers.get("Last-Event-ID", "")
    if not event_id:
        field, event_id = "lastEventId", request.GET.get("lastEventId", "")
    if not event_id:
        return None
    try:
        return Position.parse(event_id)
    except ValueError as error:
        raise BadStreamRequest(field, str(error)) from error


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What the database holds for somebody: up to `end`, told to one who knows everything up to `since`."""

    end: Position
    since: int
    events: list[RowEvent]
    is_reset: bool


class Stream:
    """One viewer's stream. `events` yields its bytes."""

    def __init__(
        self, viewer: Viewer, selection: Selection, last: Position | None, rhythm: Rhythm | None = None
    ) -> None:
        self.viewer = viewer
        self.selection = selection
        self.rhythm = rhythm or Rhythm()
        self.at_the_end: Callable[[], object] = lambda: None
        self._known = last or NOWHERE
        self._read_upto = 0
        self._sees_all = viewer.printer_ids is None and isinstance(selection, Everything)
        self._jobs_in_sight: set[int] = set()

    async def guarded(self) -> AsyncGenerator[bytes, None]:
        """Yield what `events` yields, and end, instead of raising, when something goes wrong.

        An exception out of a stream that has begun would keep daphne from ever cleaning up after any request again.
        """
        try:
            async with aclosing(self.events()) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception:
            logger.exception("A stream of %s ended early; the client opens it again.", self.viewer.name)
        finally:
            self.at_the_end()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the stream's bytes until it is time to end."""
        async with joined() as member:
            opening = f"retry: {_random.randint(1000, 5000)}\n".encode() + encode("stream-open")
            async for piece in self._catch_up(opening):
                yield piece
            duties = Duties(self.viewer, self.rhythm, member)
            try:
                while await duties.may_go_on():
                    async for piece in self._news(member):
                        yield piece
                    if duties.is_keep_alive_due():
                        yield self._sign_of_life()
                    await member.wait()
            finally:
                duties.end()

    async def _news(self, member: Member) -> AsyncIterator[bytes]:
        if member.must_reset or member.has_missed:
            must_reset, member.must_reset, member.has_missed = member.must_reset, False, False
            async for piece in self._catch_up(must_reset=must_reset):
                yield piece
        while member.bursts:
            piece = self._told(member.bursts.popleft())
            if piece:
                yield piece

    async def _catch_up(self, opening: bytes = b"", must_reset: bool = False) -> AsyncIterator[bytes]:
        """Yield what brings the viewer from where he stands to where the database is."""
        catch_up = await in_thread(lambda: self._read(must_reset))
        self._known = catch_up.end
        self._read_upto = catch_up.end.revision
        piece = opening
        if opening:
            piece += self._clock()
        if catch_up.is_reset:
            self._jobs_in_sight.clear()
            piece += encode("stream-reset", {"channels": [catch_up.end.channel]})
        for event in catch_up.events:
            piece += self._one(event, catch_up.since)
            if len(piece) > MOST_BYTES:
                yield piece
                piece = b""
        # Its id moves the client on past what was not for him, and past the reset.
        yield piece + self._sign_of_life()

    def _read(self, must_reset: bool) -> CatchUp:
        """Read in a thread what changed after what is known, or else all that a new page must know."""
        end = Position.current()
        known = self._known
        if not must_reset and known.epoch == end.epoch and known.revision <= end.revision:
            events = read_after(known.revision, end)
            if events is not None and not any(self._may_have_left(event, known.revision) for event in events):
                return CatchUp(end, known.revision, events, is_reset=False)
        events = read_for_a_new_page(timezone.now(), end)
        return CatchUp(end, 0, events, is_reset=must_reset or known != NOWHERE)

    def _may_have_left(self, event: RowEvent, since: int) -> bool:
        """Whether this may be a job that the viewer saw before, and may see no longer."""
        is_hidden = not self.viewer.sees(event.audience)
        is_told = event.audience.job_id in self._jobs_in_sight
        return is_hidden and not is_told and event.audience.job_id is not None and event.structure_revision > since

    def _told(self, burst: Burst) -> bytes:
        """Return a burst in bytes, as far as it is for this viewer, and news to him."""
        last = burst.events[-1]
        if last.position.epoch != self._known.epoch or last.revision <= self._read_upto:
            return b""
        self._known = last.position
        if self._sees_all and burst.since >= self._read_upto:
            return burst.encoded
        news = (event for event in burst.events if event.revision > self._read_upto)
        return b"".join(self._one(event, self._read_upto) for event in news)

    def _one(self, event: RowEvent, since: int) -> bytes:
        """Return one event in bytes for a viewer who knows everything up to `since`; b"" if it is not for him."""
        if self._sees_all:
            return event.encoded(since)
        if not self.selection.wants(event.audience):
            return b""
        job_id = event.audience.job_id
        if self.viewer.sees(event.audience):
            if job_id is not None:
                self._jobs_in_sight.add(job_id)
            return event.encoded(since)
        if job_id not in self._jobs_in_sight:
            return b""
        self._jobs_in_sight.discard(job_id)
        return event.encoded_as_removed()

    def _sign_of_life(self) -> bytes:
        return encode("keep-alive") + self._clock(self._known)

    def _clock(self, event_id: Position | None = None) -> bytes:
        now = {"serverTime": wire_time(timezone.now()), "revision": self._known.revision}
        return encode("clock", now, event_id)


class Duties:
    """What a stream has to do at its times, whether or not there is news: it wakes its member for them."""

    def __init__(self, viewer: Viewer, rhythm: Rhythm, member: Member) -> None:
        self._viewer = viewer
        self._rhythm = rhythm
        self._member = member
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._checked_at = now
        self._ends_at = now + rhythm.lifetime * _random.uniform(0.8, 1.2)
        self._keep_alive_at = now + rhythm.keep_alive
        # Streams opened together are checked one after the other.
        self._check_at = now + rhythm.check * _random.uniform(0.5, 1)
        self._timer: asyncio.TimerHandle | None = None
        self._set_timer()

    def end(self) -> None:
        """Wake nobody any more."""
        if self._timer is not None:
            self._timer.cancel()

    def is_keep_alive_due(self) -> bool:
        """Whether a sign of life is due; asked once for each."""
        if self._loop.time() < self._keep_alive_at:
            return False
        self._keep_alive_at = self._loop.time() + self._rhythm.keep_alive
        self._set_timer()
        return True

    async def may_go_on(self) -> bool:
        """Whether the stream is young enough, and its viewer, checked every now and then, still allowed."""
        now = self._loop.time()
        if now >= self._ends_at:
            return False
        if now < self._check_at:
            return True
        try:
            is_allowed = await self._member.verdicts.still_allowed(self._viewer)
        except Error:
            # The database is away for a moment. Who may watch is unknown, and soon that is as good as no.
            self._check_at = now + self._rhythm.check_again
            self._set_timer()
            return now - self._checked_at < self._rhythm.longest_unchecked
        self._checked_at = now
        self._check_at = now + self._rhythm.check
        self._set_timer()
        return is_allowed

    def _set_timer(self) -> None:
        self.end()
        due = min(self._ends_at, self._keep_alive_at, self._check_at)
        self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._member.wake()
