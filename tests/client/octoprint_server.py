"""A small real HTTP server in the place of OctoPrint: answers what the test says, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.client.octoprint_answers import OPERATIONAL, job

KEY = "0123456789ABCDEF0123456789ABCDEF"


@dataclass
class OctoPrintServer:
    """`answers` gives a status and a body to each path, 404 to others; a body that is no bytes is sent as JSON."""

    url: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    key: str = KEY
    asked: list[str] = field(default_factory=list)
    versions_wanted: set[str | None] = field(default_factory=set)

    def show(self, job: dict[str, Any], printer: dict[str, Any] | None, record: dict[str, Any] | None = None) -> None:
        """Show this from now on; no printer is a 409, no record a 404, as in the real one."""
        gone = (409, {"error": "Printer is not operational"})
        self.answers = {
            "/api/job": (200, job),
            "/api/printer": gone if printer is None else (200, printer),
            "/api/currentuser": (200, {"name": "pi", "permissions": ["STATUS", "FILES_LIST"]}),
        }
        path = job["job"]["file"]["path"]
        if record is not None:
            self.answers[f"/api/files/local/{path}"] = (200, record)

    def answer(self, path: str, key: str | None) -> tuple[int, Any]:
        """The answer to one GET."""
        self.asked.append(path)
        if key != self.key:
            return 403, {"error": "You don't have the permission to access the requested resource."}
        return self.answers.get(path, (404, {"error": "Not found"}))


@contextmanager
def octoprint_server() -> Iterator[OctoPrintServer]:
    """Serve on a free port of 127.0.0.1 until the end of the block; at first an idle printer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: two would wait 40 ms for each other

        def do_GET(self) -> None:
            server.versions_wanted.add(self.headers["X-OctoPrint-Api-Version"])
            status, body = server.answer(self.path, self.headers["X-Api-Key"])
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            if status == 302:
                self.send_header("Location", "/login?redirect=%2Fapi%2Fjob")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server = OctoPrintServer(f"http://127.0.0.1:{listening.server_port}")
        server.show(job("Operational", None), OPERATIONAL)
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
