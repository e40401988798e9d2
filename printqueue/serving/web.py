"""Daphne, as we need it: the server, which listens and ends. What we know of its inside is here and in `connections`.

- A client that vanished without a word is noticed by the kernel after a quarter of an hour. Here after half a minute.
- Told to end, daphne cuts every request. Here it first listens no more, and answers those that are under way.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from twisted.internet.defer import Deferred

from printqueue.live.line import STRAIGHT_LINE
from printqueue.serving.connections import GuardedFactory, GuardedRequest

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
