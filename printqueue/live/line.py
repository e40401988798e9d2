"""The line to one client, and what is written to many of them. Knows no Django, as the server that offers it does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final, Protocol

STRAIGHT_LINE: Final = "printfactory.straight_line"
"""The ASGI extension under which a server offers its line to the client."""


class Piece:
    """A piece of a stream that many clients get: `plain`, and `framed` as a chunk of HTTP/1.1."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain

    @cached_property
    def framed(self) -> bytes:
        """The chunk (RFC 9112, section 7.1)."""
        return b"%x\r\n%b\r\n" % (len(self.plain), self.plain)


class StraightLine(Protocol):
    """The client's line itself, without tasks and queues in between."""

    def write_now(self, piece: Piece) -> bool:
        """Write `piece` if nothing else waits to be written; else return False and write nothing."""

    def when_lost(self, call: Callable[[], object]) -> None:
        """Have `call` called once when the client has gone, at once if it has."""

    def abort(self) -> None:
        """Cut it, whatever the client has not read yet."""
