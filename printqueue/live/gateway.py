"""Django's ASGI handler, with what costs most taken out of it.

Django would run each middleware and each view of a request in threads and with a database connection made for it, and
keep both for as long as the response lasts. Here a request runs, in Django's own sync mode, in one of a few threads
that last, with a connection that lasts; and a stream of events is sent after Django has let go of the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final, TypeAlias, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from printqueue.live.line import STRAIGHT_LINE, StraightLine
from printqueue.live.stream import EventStreamResponse, Stream
from printqueue.live.threads import TookTooLong, in_thread

Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

NEEDS_NO_DATABASE: Final = frozenset({"/healthz"})
"""Answered also while every thread waits for a database that says nothing."""


class Gateway(ASGIHandler):
    """The application that a server serves."""

    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # there are none: the answer is 403
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._answer(scope, body)
        line: StraightLine | None = scope.get("extensions", {}).get(STRAIGHT_LINE)
        del scope, body  # a stream may last long
        if isinstance(response, EventStreamResponse):
            sending = send_stream(response, line, receive, send)
        else:
            sending = self.send_response(response, send)
        del response
        await sending

    async def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        """Return what Django answers, all of it in memory."""
        if scope["path"] in NEEDS_NO_DATABASE:
            return self._respond(scope, body)
        try:
            return await in_thread(lambda: self._respond(scope, body))
        except TookTooLong:
            return _too_busy(scope["path"])

    def _respond(self, scope: Any, body: Any) -> HttpResponseBase:
        """Do what Django's handlers do from the beginning of a request to its end."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        if response.streaming and not isinstance(response, EventStreamResponse):
            response = _read_whole(response)
        response.close()
        body.close()
        return cast(HttpResponseBase, response)


def _too_busy(path: str) -> HttpResponse:
    """Return what is answered when nobody can say whether a request is, or will be, carried out."""
    sentence = "The server is too busy. Try again in a moment."
    answer: HttpResponse
    if path.startswith("/api/"):
        answer = JsonResponse({"success": False, "error": sentence, "details": []})
    else:
        answer = HttpResponse(sentence, content_type="text/plain; charset=utf-8")
    answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    answer["Retry-After"] = "3"
    return answer


def _read_whole(response: Any) -> HttpResponse:
    """Return a response that was to be streamed from a file; here they are all small."""
    whole = HttpResponse(b"".join(response.streaming_content), status=response.status_code)
    whole.headers = response.headers
    whole.cookies = response.cookies
    response.close()
    return whole


async def send_stream(response: EventStreamResponse, line: StraightLine | None, receive: Receive, send: Send) -> None:
    """Send a stream until it ends or the client goes."""
    stream, pieces = response.stream, response.pieces
    headers = [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    leaving = None
    if line is not None:
        stream.go_straight(line)
        # Whatever it waits for: what is to be read for it, too, is then no longer in line for a thread.
        line.when_lost(cast("asyncio.Task[None]", asyncio.current_task()).cancel)
    else:
        leaving = asyncio.create_task(_until_cut(receive, stream))
    # It may last a day, and there may be a thousand: nothing is kept that is not needed.
    del response, headers
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        if leaving is not None:
            leaving.cancel()


async def _until_cut(receive: Receive, stream: Stream) -> None:
    """End the stream when the server says that the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()
