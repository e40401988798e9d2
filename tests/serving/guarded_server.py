"""A server of one small application that behaves badly on request, run as a program by test_web.py."""

import asyncio
import json
import os
import socket
import sys

from printqueue.live.line import STRAIGHT_LINE, Piece
from printqueue.serving import connections
from printqueue.serving.web import WebServer

PIECE = b"x" * 65_536
PIECES = 1_000
sent = {"bytes": 0}
waiting: dict[str, asyncio.Event] = {}
"""Of each /held/… that was asked for, what lets it be answered: /let-go/…"""


async def application(scope, receive, send):
    path = scope["path"]
    if path.startswith("/held/"):
        waiting.setdefault(path, asyncio.Event())
        await waiting[path].wait()
    if path.startswith("/let-go/"):
        waiting[path.replace("let-go", "held")].set()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    if path == "/boom":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("in the midst of a response")
    if path == "/big":
        sent["bytes"] = 0
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            sent["bytes"] += len(PIECE)
    if path == "/slow-read":
        await send({"type": "http.response.body", "body": PIECE * 64, "more_body": True})
    if path == "/at-once":
        await send({"type": "http.response.body", "body": PIECE * 160})
        return
    if path == "/straight":
        await write_straight(scope["extensions"][STRAIGHT_LINE], send)
        return
    if path == "/wait":
        await send({"type": "http.response.body", "body": b"waiting", "more_body": True})
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": json.dumps(state()).encode()})


async def write_straight(line, send) -> None:
    """Write to the client's line itself, first when something waits to be written, then when nothing does."""
    await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    was_taken = line.write_now(Piece(b"early "))
    while not line.write_now(Piece(b"straight ")):  # noqa: ASYNC110  (daphne does not say when it has written)
        await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b"last" if not was_taken else b"taken"})


def state() -> dict[str, int]:
    """What the tests ask for."""
    return {
        "requests": len(server.connections),
        "sent": sent["bytes"],
        "user_timeout": server.user_timeout,
        "held": len(waiting),
        "tasks": len(asyncio.all_tasks()),
    }


class Watched(WebServer):
    """Notes for `state` how its listening socket was prepared."""

    user_timeout = 0

    def listen_success(self, port):
        super().listen_success(port)
        self.user_timeout = port.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


for name in ("STALLED_AFTER", "REQUEST_TAKES", "IDLE_FOR"):
    setattr(connections, name, float(os.environ.get(name, getattr(connections, name))))
connections.GuardedChannel.abortTimeout = 0.5  # how long Twisted waits for what is unread when it lets a connection go
server = Watched(application, "127.0.0.1", int(sys.argv[1]), lambda: print("listening", flush=True))  # noqa: T201
server.serve()
