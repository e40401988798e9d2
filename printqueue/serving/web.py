"""Daphne, as we need it: guarded where it can be hurt. All that we know of its inside, and of Twisted's, is here.

- An exception out of an application whose response has begun makes daphne raise once more, in the timer that cleans
  up after all requests; from then on it never runs again, and every request leaks. Here the connection is aborted.
- Daphne writes as fast as the application sends, whether or not the client reads. Here `send` waits for the client,
  and a client that reads nothing for half a minute is cut.
- Daphne takes a body of any size, and holds all of it in memory when it hands it on. Here a body that is larger than
  any that we take is dropped as it comes, and answered with 413.
- Twisted gives a client that sends a byte now and then all the time in the world. Here a request that is not whole a
  minute after its first byte is cut.
- A client that vanished without a word is noticed by the kernel after a quarter of an hour. Here after half a minute.
- Told to end, daphne cuts every request. Here it first listens no more, and answers those that are under way.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import socket
import sys
import termios
import time
from collections.abc import Callable
from typing import Any, Final

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory, WebRequest, http
from daphne.server import Server
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from printqueue.live.line import STRAIGHT_LINE, Piece

logger = logging.getLogger(__name__)

MOST_BODY_BYTES: Final = 1_048_576
"""Our largest body, a call with 500 reports, has a quarter of this."""

REQUEST_TAKES: Final = 60.0
"""Seconds that a client may take to send a request, from its first byte, or from its connection on, to its last byte."""

IDLE_FOR: Final = 60.0
"""Seconds without a byte from the client after which a connection is let go that waits for another request."""

STALLED_AFTER: Final = 30.0
"""Seconds in which a client reads nothing of what waits for it, after which it is cut. A slow one reads a little."""

LAST_ANSWERS: Final = 3.0
"""Seconds for requests under way when the server is told to end."""

SOCKET_OPTIONS: Final = [
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 30_000),
]
"""Set on the listening socket and inherited by each connection; what a system does not know is left out."""


class CannotListen(Exception):
    """The address is taken, or is none of this machine's. The text says so."""


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


class WebServer(Server):
    """Serves `application` at one address until SIGTERM or SIGINT."""

    connections: dict[Any, dict[str, Any]]

    def __init__(self, application: Any, bind: str, port: int, when_listening: Callable[[], None]) -> None:
        super().__init__(
            application,
            endpoints=build_endpoint_description_strings(host=bind, port=port),
            server_name="",
            ready_callable=None,
        )
        self.failure = ""
        self._when_listening = when_listening
        self._ports: list[Any] = []

    def serve(self) -> None:
        """Return when the server has ended. Raises CannotListen."""
        self.run()
        if self.failure:
            raise CannotListen(self.failure)

    # Daphne's run() makes its own factory and stores it here.
    @property
    def http_factory(self) -> HTTPFactory:
        """What makes a protocol for each connection."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: HTTPFactory) -> None:
        self._http_factory = GuardedFactory(factory.server)

    def listen_success(self, port: Any) -> None:
        """Prepare the listening socket."""
        super().listen_success(port)
        self._ports.append(port)
        for level, name, value in SOCKET_OPTIONS:
            if hasattr(socket, name):
                port.socket.setsockopt(level, getattr(socket, name), value)
        self._when_listening()

    def listen_error(self, failure: Any) -> None:
        """Note why, and end."""
        self.failure = str(getattr(failure.value, "socketError", failure.value))
        self.stop()

    def create_application(self, protocol: Any, scope: Any) -> Any:
        """Run the application for a request, and offer it the line to the client itself."""
        if isinstance(protocol, GuardedRequest):
            scope["extensions"] = {STRAIGHT_LINE: protocol}
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Pass a piece of a response on, and wait while the client has enough to read."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, GuardedRequest):
            if message["type"] == "http.response.start":
                protocol.begin()
            await protocol.until_read()

    def kill_all_applications(self) -> Any:
        """Listen no more, let requests be answered that are under way, then end what still runs."""
        return Deferred.fromFuture(asyncio.ensure_future(self._answer_and_end()))

    async def _answer_and_end(self) -> None:
        for port in self._ports:
            port.stopListening()
        loop = asyncio.get_running_loop()
        end = loop.time() + LAST_ANSWERS
        # Asked again and again: clients that were there before may go on asking, and an answer may turn out a stream.
        while unanswered := [task for task, protocol in self._running() if protocol.is_to_be_answered]:
            if loop.time() >= end:
                break
            await asyncio.wait(unanswered, timeout=0.1)
        running = [task for task, _ in self._running()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _running(self) -> list[tuple[asyncio.Task[Any], GuardedRequest]]:
        """Return the requests that are under way."""
        applications = (
            (protocol, details.get("application_instance")) for protocol, details in self.connections.items()
        )
        return [
            (task, protocol)
            for protocol, task in applications
            if isinstance(protocol, GuardedRequest) and task is not None and not task.done()
        ]
