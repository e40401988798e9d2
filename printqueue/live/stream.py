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

import logging
import random
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Final

from django.db import Error
from django.http import HttpRequest, StreamingHttpResponse

from printqueue.live import catch_up
from printqueue.live.catch_up import CatchUp, SharedReadings
from printqueue.live.feed import RowEvent, clock, encode, sign_of_life
from printqueue.live.hub import Burst, Member, joined
from printqueue.live.line import StraightLine
from printqueue.live.position import NOWHERE, Position
from printqueue.live.seats import NoSeat, ServerFull, TooManyStreams, seats
from printqueue.live.sight import Sight
from printqueue.live.threads import TookTooLong, in_thread
from printqueue.live.viewer import Everything, OneJob, Printers, Selection, Viewer

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


class BadStreamRequest(Exception):
    """The request asks for what no stream can give. The text says what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class EventStreamResponse(StreamingHttpResponse):
    """A stream of events. `printqueue.live.gateway` sends its `pieces` after Django has let go of the request."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.pieces = stream.guarded()
        super().__init__(self.pieces, content_type="text/event-stream")
        self["Cache-Control"] = "no-cache"
        self["X-Accel-Buffering"] = "no"


def open_stream(request: HttpRequest, viewer: Viewer, selection: Selection) -> EventStreamResponse:
    """Return the stream of what `viewer` may see of `selection`, from where the request's event id left off.

    Raises BadStreamRequest for an id or a query parameter that is no good, NoSeat when there are too many streams.
    """
    last = last_position(request)
    seats.take(viewer.name)
    stream = Stream(viewer, selection, last)
    # Called by the stream when it ends, and when it is thrown away before it was begun.
    stream.at_the_end = weakref.finalize(stream, seats.release, viewer.name)
    return EventStreamResponse(stream)


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


class Stream:
    """One viewer's stream. `events` yields its bytes, but for what the hub writes straight to the client's line."""

    def __init__(self, viewer: Viewer, selection: Selection, last: Position | None) -> None:
        self.viewer = viewer
        self.selection = selection
        self.at_the_end: Callable[[], object] = lambda: None
        self._member = Member(viewer, known=last or NOWHERE)
        self._sees_all = viewer.printer_ids is None and isinstance(selection, Everything)
        self._sight = None if viewer.printer_ids is None else Sight(viewer.printer_ids)
        self._jobs_in_sight: set[int] = set()
        self._knows_all_in_sight = False
        """Whether those are all that the client may hold: he who came back was told of others before."""
        self._has_begun = False
        self._readings: SharedReadings

    def go_straight(self, line: StraightLine) -> None:
        """Let the hub write what everybody gets to `line` itself; what is for this viewer alone is still yielded."""
        self._member.cut = line.abort
        if self._sees_all:
            self._member.write_now = line.write_now

    def end(self) -> None:
        """Let the stream end: the client has gone."""
        self._member.end()

    async def guarded(self) -> AsyncGenerator[bytes, None]:
        """Yield what `events` yields, and end, instead of raising, when something goes wrong.

        An exception out of a stream that has begun would keep daphne from ever cleaning up after any request again.
        """
        try:
            async with aclosing(self.events()) as pieces:
                async for piece in pieces:
                    yield piece if self._sight is None else self._sight.with_own_ids(piece)
        except (Error, TookTooLong) as problem:
            logger.warning("A stream of %s ended early, the database being away: %s", self.viewer.name, problem)
        except Exception:
            logger.exception("A stream of %s ended early; the client opens it again.", self.viewer.name)
        finally:
            self.at_the_end()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the stream's bytes until it is time to end."""
        member = self._member
        async with joined(member) as self._readings:
            opening = f"retry: {_random.randint(1000, 5000)}\n".encode() + encode("stream-open")
            async for piece in self._catch_up(opening):
                yield piece
            while not member.is_over:
                async for piece in self._news():
                    yield piece
                await member.wait()

    async def _news(self) -> AsyncIterator[bytes]:
        member = self._member
        if member.must_reset or member.has_missed:
            must_reset, member.must_reset, member.has_missed = member.must_reset, False, False
            async for piece in self._catch_up(must_reset=must_reset):
                yield piece
        while member.bursts and not (member.has_missed or member.must_reset or member.is_over):
            piece = self._told(member.bursts.pop(0))
            if piece:
                yield piece
        if member.is_sign_due:
            member.is_sign_due = False
            yield sign_of_life(member.known)

    async def _catch_up(self, opening: bytes = b"", must_reset: bool = False) -> AsyncIterator[bytes]:
        """Yield what brings the viewer from where he stands to where the database is."""
        news = await self._read(must_reset)
        self._member.known, self._member.read_upto = news.end, news.end.revision
        beginning = opening and opening + clock(news.end, with_id=False)
        self._knows_all_in_sight = self._knows_all_in_sight or news.since == 0
        if news.is_reset:
            self._jobs_in_sight.clear()
            end = news.end if self._sight is None else self._sight.own(news.end)
            beginning += encode("stream-reset", {"channels": [end.channel]})
        # The id at the end moves the client on past what was not for him, and past the reset.
        for piece in news.pieces(beginning, lambda event: self._one(event, news.since), sign_of_life(news.end)):
            yield piece
            if self._member.is_over:
                return  # however slowly the client reads

    async def _read(self, must_reset: bool) -> CatchUp:
        known = self._member.known
        if self._sees_all:
            return await self._readings.read(known, must_reset=must_reset)
        return await in_thread(partial(self._read_own, known, must_reset=must_reset))

    def _read_own(self, known: Position, *, must_reset: bool) -> CatchUp:
        """Read for this viewer alone, in a thread."""
        if self._sight is not None and not self._has_begun:
            known = self._sight.place(known, Position.if_any())
        self._has_begun = True
        may_have_left = partial(self._may_have_left, since=known.revision)
        return catch_up.read(known, must_reset=must_reset, may_have_left=may_have_left)

    def _may_have_left(self, event: RowEvent, *, since: int) -> bool:
        """Whether this may be a job that the viewer saw before, and may see no longer."""
        is_hidden = self.selection.wants(event.audience) and not self.viewer.sees(event.audience)
        is_told = event.audience.job_id in self._jobs_in_sight
        return is_hidden and not is_told and event.audience.job_id is not None and event.structure_revision > since

    def _told(self, burst: Burst) -> bytes:
        """Return a burst in bytes, as far as it is for this viewer, and news to him."""
        member = self._member
        if burst.end.epoch != member.known.epoch or burst.events[-1].revision <= member.read_upto:
            return b""
        if not (self._sees_all or self._knows_all_in_sight) and self._may_take_away(burst):
            member.reset()
            return b""
        member.known = burst.end
        if self._sees_all and burst.since >= member.read_upto:
            return burst.plain
        news = (event for event in burst.events if event.revision > member.read_upto)
        return b"".join(self._one(event, member.read_upto) for event in news)

    def _may_take_away(self, burst: Burst) -> bool:
        """Whether a job may have left that was told on an earlier stream, so that nobody here knows of it."""
        upto = self._member.read_upto
        return any(event.revision > upto and self._may_have_left(event, since=upto) for event in burst.events)

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
        return event.encoded_as_removed(since)
