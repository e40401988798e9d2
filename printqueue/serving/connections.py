"""Daphne's connections and requests, guarded where they can be hurt. What we know of their inside, and Twisted's, is here.

- An exception out of an application whose response has begun makes daphne raise once more, in the timer that cleans
  up after all requests; from then on it never runs again, and every request leaks. Here the connection is aborted.
- Daphne writes as fast as the application sends, whether or not the client reads. Here `send` waits for the client,
  and a client that reads nothing for half a minute is cut.
- Daphne takes a body of any size, and holds all of it in memory when it hands it on. Here a body that is larger than
  any that we take is dropped as it comes, and answered with 413.
- Twisted gives a client that sends a byte now and then all the time in the world. Here a request that is not whole a
  minute after its first byte is cut.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import sys
import termios
import time
from collections.abc import Callable
from typing import Any, Final

from daphne.http_protocol import HTTPFactory, WebRequest, http
from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from printqueue.live.line import Piece

logger = logging.getLogger(__name__)

MOST_BODY_BYTES: Final = 1_048_576
"""Our largest body, a call with 500 reports, has a quarter of this."""

REQUEST_TAKES: Final = 60.0
"""Seconds that a client may take to send a request, from its first byte, or from its connection on, to its last byte."""

IDLE_FOR: Final = 60.0
"""Seconds without a byte from the client after which a connection is let go that waits for another request."""

STALLED_AFTER: Final = 30.0
"""Seconds in which a client reads nothing of what waits for it, after which it is cut. A slow one reads a little."""


@implementer(IPushProducer)
class GuardedRequest(WebRequest):
    """A request that may be waited for, and that ends badly without harm to others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._until_read: asyncio.Future[None] | None = None
        self._body_bytes = 0
        self._when_lost: Callable[[], object] | None = None
        self._straight_line: Any = None
        super().__init__(*args, **kwargs)

    @property
    def is_to_be_answered(self) -> bool:
        """Whether the client waits for an answer, or for the rest of one. A stream has no end to wait for."""
        return self._when_lost is None and not self.finished

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        """Keep a piece of the body, unless it is too much."""
        self._body_bytes += len(data)
        if self._body_bytes <= MOST_BODY_BYTES:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Hand the request on, now that all of it is here."""
        if self._body_bytes <= MOST_BODY_BYTES:
            return super().process()
        self.request_start = time.time()  # daphne's log looks for it
        self.basic_error(413, b"", f"The body is larger than {MOST_BODY_BYTES // 1024} KiB.")
        return None

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer what never reaches Django, in the shape of all our errors."""
        answer = json.dumps({"success": False, "error": body, "details": []}).encode()
        headers = [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(answer)).encode())]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": answer})

    def handle_exception(self, exception: BaseException) -> None:
        """Answer 500 while that is possible; later cut the line, so that the client sees it was no good end."""
        if self._response_started:
            self.abort()
        else:
            super().handle_exception(exception)

    def abort(self) -> None:
        """Cut the line at once."""
        if not self.finished and self.channel is not None:
            self.channel.transport.abortConnection()

    async def until_read(self) -> None:
        """Return when the client has read what was written, or is gone; cut it when it reads nothing."""
        if self._until_read is None:
            return
        loop = asyncio.get_running_loop()
        unread, since = unread_bytes(self.transport), loop.time()
        while (until_read := self._until_read) is not None:
            await asyncio.wait({until_read}, timeout=STALLED_AFTER / 10)
            before, unread = unread, unread_bytes(self.transport)
            if unread < before or until_read.done():
                since = loop.time()
            elif loop.time() - since >= STALLED_AFTER:
                logger.warning("%s reads nothing of what it asked for, and is cut.", self.client_addr)
                self.abort()
                self._write_on()

    def _write_on(self) -> None:
        """Let `until_read` return."""
        if self._until_read is not None:
            self._until_read.set_result(None)
            self._until_read = None

    def begin(self) -> None:
        """From here on, hear from the transport when it has had enough."""
        if self.producer is None and not self.finished and self.channel is not None:
            self.registerProducer(self, True)
            self._straight_line = straight_line(self.channel.transport)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client reads more slowly than we write."""
        if self._until_read is None:
            self._until_read = asyncio.get_running_loop().create_future()

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has read all."""
        self._write_on()

    def stopProducing(self) -> None:  # noqa: N802
        """The client is gone."""
        self._write_on()

    def finish(self) -> None:
        """End the response."""
        if self.producer is not None:
            self.unregisterProducer()
            self._write_on()  # nobody else would say it any more
        super().finish()

    def when_lost(self, call: Callable[[], object]) -> None:
        """Have `call` called once the client has gone."""
        if self.channel is None:
            call()
        self._when_lost = call

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Wait for nothing any more."""
        self._write_on()
        super().connectionLost(reason)
        if self._when_lost is not None:
            self._when_lost()

    def write_now(self, piece: Piece) -> bool:
        """Write `piece` of the body to the client's socket if nothing waits to be written; else return False.

        It saves what Twisted does to gather small writes: to ask the kernel whether it may write, and to be told so
        in another turn of the loop. For a thousand pages that is most of the time that an event takes.
        """
        line = self._straight_line
        if line is None or self.finished or line.dataBuffer or line._tempDataBuffer:
            return False
        data = piece.framed if self.chunked else piece.plain
        try:
            sent = line.socket.send(data)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the client has gone, of which we hear in the next turn of the loop
        if sent < len(data):
            line.write(data[sent:])
        return True


def straight_line(transport: Any) -> Any:
    """Return `transport` if it is one whose socket we may write to, past its own buffers; else None."""
    buffers = ("dataBuffer", "_tempDataBuffer")
    is_known = type(transport) is tcp.Server and all(hasattr(transport, name) for name in (*buffers, "socket"))
    return transport if is_known else None


def unread_bytes(transport: Any) -> int:
    """Return how much of what was written to `transport` has not yet reached the client's machine.

    That grows smaller while the client reads, however slowly: its machine takes no more than it has room for. What
    nobody can tell counts as 0.
    """
    if straight_line(transport) is None or not transport.connected:
        return 0
    waiting: int = len(transport.dataBuffer) - transport.offset + sum(map(len, transport._tempDataBuffer))
    try:
        in_kernel = fcntl.ioctl(transport.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return waiting  # a system other than Linux
    return waiting + int.from_bytes(in_kernel, sys.byteorder)


class GuardedChannel(http.HTTPChannel):
    """A connection whose client may take a while for each request, and another while between two.

    Twisted's own limit is for a client that sends nothing at all; one that sends a byte now and then outlives it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = 0

    def connectionMade(self) -> None:  # noqa: N802
        """Expect the first request."""
        super().connectionMade()
        self._begin_deadline()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take what the client sends: the beginning of a request, or more of it, unless one is being answered."""
        if not self._handlingRequest:
            self._begin_deadline()
        super().dataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        """Hand the request on, now that all of it is here."""
        self._end_deadline()
        super().allContentReceived()

    def timeoutConnection(self) -> None:  # noqa: N802
        """Let the client go that sends nothing, once it has read what it asked for or reads no more of it."""
        unread = unread_bytes(self.transport)
        if unread and unread != self._unread:
            self._unread = unread
            self.setTimeout(IDLE_FOR)
            return
        super().timeoutConnection()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Wait for nothing any more."""
        self._end_deadline()
        super().connectionLost(reason)

    def _begin_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(REQUEST_TAKES, self._give_up)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self.setTimeout(None)
        super().timeoutConnection()  # what is still to be read of an earlier answer is given a few seconds


class GuardedFactory(HTTPFactory):
    """Makes guarded connections, which make guarded requests."""

    protocol = GuardedChannel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = IDLE_FOR

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        """Return the protocol of a new connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = GuardedRequest
        return protocol
