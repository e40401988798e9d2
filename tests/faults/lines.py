"""Raw connections to a server, for what no good client would send."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import ServeProcess

SECONDS = 30.0
NO_LINGER = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger {1, 0}: closing resets the connection."""


class Line:
    """A TCP connection that says what a test makes it say, and reads only when told to."""

    def __init__(self, server: ServeProcess, said: bytes = b"", *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)  # before it connects
        self.socket.settimeout(SECONDS)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(said)

    def answer(self) -> bytes:
        """Read until the server ends the connection, or the head of an answer is here; b"" when there was no word."""
        heard = b""
        try:
            while b"\r\n\r\n" not in heard:
                piece = self.socket.recv(65_536)
                if not piece:
                    break
                heard += piece
        except ConnectionError:
            pass
        return heard

    def status(self) -> int | None:
        """Return the status of the answer; None when the server ended the connection without one."""
        head = self.answer()
        return int(head.split(b" ", 2)[1]) if head else None

    @property
    def is_cut(self) -> bool:
        """Whether the server has ended the connection. What it had sent before is read and forgotten."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return True

    def drip(self, piece: bytes) -> None:
        """Send a little more, if the line is still there."""
        self.socket.setblocking(True)
        with suppress(ConnectionError):
            self.socket.sendall(piece)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connections(server: ServeProcess) -> int:
    """Return how many TCP connections of clients the server holds."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # Local address, state (1 established, 8 gone at the other end only) and inode, which is 0 when nobody holds it.
    return sum(line[1].endswith(f":{server.port:04X}") and line[3] in ("01", "08") and line[9] != "0" for line in lines)


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a GET in bytes."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def many_lines(count: int, make: Callable[[int], Line]) -> Iterator[list[Line]]:
    """Hold `count` lines open, the n-th being `make(n)`."""
    lines: list[Line] = []
    try:
        for number in range(count):
            lines.append(make(number))
        yield lines
    finally:
        for line in lines:
            line.close()
