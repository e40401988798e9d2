"""Django's ASGI handler, which sends a stream of events only after Django has let go of the request.

Middleware, log-in and view run as ever, in a thread and with a database connection of their own. Django would keep
both for as long as the response lasts; a stream that lasts a day needs neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

from django.core.handlers.asgi import ASGIHandler
from django.http.response import HttpResponseBase

from printqueue.live.stream import EventStreamResponse

Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Line:
    """The line to one client, as Django uses it; a stream that Django wants to send is put aside."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_cut = False
        self.stream: EventStreamResponse | None = None

    async def receive(self) -> Message:
        """Return the next message, and note when it is the last."""
        message = await self._receive()
        self._is_cut = message["type"] == "http.disconnect"
        return message

    async def __call__(self, message: Message) -> None:
        """Send."""
        await self._send(message)

    async def until_cut(self) -> None:
        """Return when the client has gone."""
        while not self._is_cut:
            await self.receive()


class Gateway(ASGIHandler):
    """The application that a server serves."""

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # there are none: the answer is 403
            return
        line = Line(receive, send)
        await super().__call__(scope, line.receive, line)
        if line.stream is not None:
            await self._stream(line.stream, line)

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        """Send a response, or put it aside if it is a stream of events."""
        if isinstance(response, EventStreamResponse):
            send.stream = response
        else:
            await super().send_response(response, send)

    async def _stream(self, response: EventStreamResponse, line: Line) -> None:
        """Send the stream until it ends or the client goes."""
        writing = asyncio.create_task(self._write(response, line))
        leaving = asyncio.create_task(line.until_cut())
        try:
            await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            writing.cancel()
            await asyncio.wait((writing, leaving))
        if not writing.cancelled():
            writing.result()

    async def _write(self, response: EventStreamResponse, line: Line) -> None:
        headers = [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()]
        await line({"type": "http.response.start", "status": response.status_code, "headers": headers})
        async with aclosing(response.pieces) as pieces:
            async for piece in pieces:
                await line({"type": "http.response.body", "body": piece, "more_body": True})
        await line({"type": "http.response.body"})
