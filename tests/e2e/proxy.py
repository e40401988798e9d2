"""A proxy between browser and server, which can do what proxies do when their server is away, or when a cable is cut."""

import select
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.processes import free_port

EVENTS = b"GET /api/print-queue/events"
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 3\r\nConnection: close\r\n\r\nBad"
)
SECONDS = 10


class Proxy:
    """Passes bytes on, to and from the server on `port`, until told otherwise."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.openings: list[float] = []
        """When a stream was asked for, by time.monotonic()."""
        self.refused = 0
        """How often 502 was answered."""
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self._lines: set[socket.socket] = set()
        self._streams: set[socket.socket] = set()
        self._is_refusing = False
        self._bytes_left: int | None = None
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def streams(self) -> int:
        """How many connections carry a stream now."""
        with self._lock:
            return len(self._streams)

    def answer_502(self) -> None:
        """Cut every connection, and answer 502 from now on: the server is away."""
        self._is_refusing = True
        self._cut(self._lines)

    def pass_on(self) -> None:
        """Be a good proxy again."""
        self._is_refusing = False

    def cut_stream_after(self, count: int) -> None:
        """Pass on so many more bytes of the streams, and then cut them."""
        self._bytes_left = count

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(SECONDS)
        self._listener.close()
        self._cut(self._lines)

    def _accept(self) -> None:
        with suppress(OSError):  # shut down
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):  # either side cut it
            self._lines.add(client)
            if self._is_refusing:
                self._refuse(client)
                return
            with socket.create_connection(self._server, SECONDS) as server:
                server.settimeout(None)
                self._relay(client, server)
        self._lines.discard(client)
        with self._lock:
            self._streams.discard(client)

    def _refuse(self, client: socket.socket) -> None:
        client.settimeout(SECONDS)
        if client.recv(65_536):
            client.sendall(BAD_GATEWAY)
            self.refused += 1

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [])
            if client in ready:
                asked = client.recv(65_536)
                if not asked:
                    return
                self._note(client, asked)
                server.sendall(asked)
            if server in ready:
                answer = server.recv(65_536)
                client.sendall(self._allowed(client, answer))
                if not answer or self._bytes_left == 0:
                    return

    def _note(self, client: socket.socket, asked: bytes) -> None:
        with self._lock:
            if asked.startswith(EVENTS):
                self._streams.add(client)
                self.openings.append(time.monotonic())
            else:
                self._streams.discard(client)

    def _allowed(self, client: socket.socket, answer: bytes) -> bytes:
        if self._bytes_left is None or client not in self._streams:
            return answer
        allowed = answer[: self._bytes_left]
        self._bytes_left -= len(allowed)
        return allowed

    @staticmethod
    def _cut(lines: set[socket.socket]) -> None:
        for line in list(lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
