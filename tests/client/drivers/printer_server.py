"""A small real HTTP server in the place of a printer: answers what the test says, or hangs until the test ends."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Reply = tuple[int, Any]
"""Status and body; a body that is neither bytes nor None is sent as JSON."""

HANG: Reply = (0, None)
"""Takes the question and never answers."""


@dataclass
class Question:
    """One question as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class PrinterServer:
    """`replies` maps paths to replies; what is not there is a 404. `headers` go with every reply."""

    url: str
    replies: dict[str, Reply] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    lets_in: Callable[[Question], bool] = field(default=lambda _: True)
    questions: list[Question] = field(default_factory=list)

    def reply(self, question: Question) -> Reply:
        """What this question is answered."""
        if not self.lets_in(question):
            return 401, {"error": {"code": 401, "message": "Unauthorized"}}
        return self.replies.get(question.path, (404, b"<h1>Not here</h1>"))


@contextmanager
def printer_server(tls: ssl.SSLContext | None = None) -> Iterator[PrinterServer]:
    """Serve on a free port of 127.0.0.1 until the end of the block; with `tls` over https."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            question = Question(url.path, query, {name.lower(): value for name, value in self.headers.items()})
            server.questions.append(question)
            status, body = server.reply(question)
            if (status, body) == HANG:
                over.wait()
                self.close_connection = True
                return
            raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **server.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    class Listening(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that gave up is what the test wants."""

    with Listening(("127.0.0.1", 0), Handler) as listening:
        scheme = "http"
        if tls is not None:
            # The handshake is left to the thread that answers: a client that refuses it must not end the server.
            listening.socket = tls.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        server = PrinterServer(f"{scheme}://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            over.set()
            listening.shutdown()
            thread.join()
