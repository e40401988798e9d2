"""The least that can be done: what is PUT is written to every open stream, from memory, and answered.

No log-in, no database, no check. Whatever does real work is measured against this. `python bare_uvloop.py PORT`.
"""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from typing import cast

OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"success":true}'
PUT = re.compile(rb"PUT /api/print-queue/(\d+)/progress ")

pages: set[asyncio.Transport] = set()
revision = 0


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(job: str, progress: float) -> bytes:
    """Return an event that says as much as ours."""
    global revision
    revision += 1
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {
        "type": "progress",
        "id": job,
        "progress": progress,
        "progressLastReportTime": now,
        "state": "printing",
        "remainingSeconds": None,
        "layer": None,
        "totalLayers": None,
        "revision": revision,
    }
    return f"id: pf-0123abcd:{revision}\nevent: message\ndata: {json.dumps(body)}\n\n".encode()


class Connection(asyncio.Protocol):
    """One client: a page that listens, or one that reports."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.received = b""

    def connection_lost(self, exc: Exception | None) -> None:
        pages.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET "):
            self.received = b""
            self.transport.write(OPEN + chunk(b"event: stream-open\ndata:\n\n"))
            pages.add(self.transport)
            return
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if length is not None and len(body) >= int(length[1]):
            self.received = b""
            self.put(head, body)

    def put(self, head: bytes, body: bytes) -> None:
        path = PUT.match(head)
        assert path is not None
        piece = chunk(event(path[1].decode(), json.loads(body)["progress"]))
        for page in pages:
            page.write(piece)
        self.transport.write(DONE)


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main() -> None:
    loop = new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(loop.create_server(Connection, "127.0.0.1", int(sys.argv[1]), backlog=4096))
    loop.run_forever()


if __name__ == "__main__":
    main()
