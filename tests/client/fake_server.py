"""A small real HTTP server in the place of the print queue: keeps the calls, answers what the test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], Any]
"""Status, headers and body; a body that is not a str is sent as JSON."""


@dataclass
class Call:
    """One call as it arrived, and when (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    size: int
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)

    @property
    def sequences(self) -> list[int]:
        return [report["sequence"] for report in self.body["reports"]]


@dataclass
class FakeServer:
    """`answer` gives each call its answer; it accepts all reports unless a test sets another.

    `date`: what it says is the present, the right time if "".
    """

    url: str
    date: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], Answer] = field(default=lambda call: accepted(call))

    @property
    def sequences(self) -> list[int]:
        """Of all reports that came, in the order of coming."""
        return [sequence for call in self.calls for sequence in call.sequences]


def accepted(call: Call) -> Answer:
    """Every report is taken, as the real server does it."""
    return answered([{"result": "accepted"} for _ in call.body["reports"]])


def answered(results: list[dict[str, Any]]) -> Answer:
    nothing = {"sequence": None, "runId": None, "jobId": None, "matchReason": None, "error": None}
    body = {"success": True, "receivedAt": "2026-03-14T09:26:53.000Z", "results": [nothing | r for r in results]}
    return 200, {}, body


def refused(code: str) -> dict[str, Any]:
    """The result of one refused report."""
    return {"result": "refused", "error": {"code": code, "message": f"because {code}", "details": []}}


def error(status: int, sentence: str = "No.", **headers: str) -> Answer:
    """The server's one shape of an error."""
    return status, headers, {"success": False, "error": sentence, "details": []}


def wrong(field: str) -> Answer:
    """The server's answer to a body with a wrong field."""
    details = [{"field": field, "message": "Expected at least 1."}]
    return 400, {}, {"success": False, "error": f"{field}: Expected at least 1.", "details": details}


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    """Serve on a free port of 127.0.0.1 until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.path, headers, len(raw), json.loads(raw))
            server.calls.append(call)
            status, extra, body = server.answer(call)
            text = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **extra}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(text)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return server.date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = FakeServer(f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        listening.shutdown()
        thread.join()
