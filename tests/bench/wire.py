"""Just enough HTTP for a load generator: what it sends as bytes, and what comes back taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tests.bench.check import Heard

SCALE: Final = 10_000
"""A value is a whole number; on the wire it is a percent with four decimals."""

MOST: Final = 99 * SCALE
"""Below 100 %: that would end the print."""

# Both kinds of space: json.dumps puts one behind the colon, JSON.stringify does not.
PROGRESS: Final = re.compile(rb'"id": ?"(\d+)", ?"progress": ?([0-9.]+)')


def request(method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> bytes:
    """Return a whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


def percent(value: int) -> str:
    """Return a value as it stands in a body."""
    return repr(value / SCALE)


def heard_in(text: bytes) -> tuple[Heard, ...]:
    """Return the jobs and values that whole events name."""
    return tuple((int(job), round(float(progress) * SCALE)) for job, progress in PROGRESS.findall(text))


class StreamReader:
    """Takes the bytes of one answer with `text/event-stream`, in whatever pieces, and gives back what events say."""

    __slots__ = ("_body", "_is_chunked", "_raw", "_still", "status")

    def __init__(self) -> None:
        self.status = 0
        self._is_chunked = False
        self._raw = b""  # not yet taken apart
        self._still = 0  # bytes of the current chunk to come, with the two behind it
        self._body = b""  # the beginning of an event

    @property
    def is_between_events(self) -> bool:
        """Whether nothing is left over, so that the next bytes mean the same as on any other page."""
        return bool(self.status) and not (self._raw or self._still or self._body)

    def feed(self, data: bytes) -> tuple[Heard, ...]:
        """Take what was read; return what the events that it completes say."""
        self._raw += data
        if not self.status and not self._take_head():
            return ()
        if self._is_chunked:
            self._take_chunks()
        else:
            self._body, self._raw = self._body + self._raw, b""
        end = self._body.rfind(b"\n\n") + 2
        if end < 2:
            return ()
        events, self._body = self._body[:end], self._body[end:]
        return heard_in(events)

    def _take_head(self) -> bool:
        head, end, rest = self._raw.partition(b"\r\n\r\n")
        if not end:
            return False
        self.status = int(head.split(None, 2)[1])
        self._is_chunked = b"transfer-encoding: chunked" in head.lower()
        self._raw = rest
        return True

    def _take_chunks(self) -> None:
        raw, at = self._raw, 0
        while at < len(raw):
            if not self._still:
                end = raw.find(b"\r\n", at)
                if end < 0:
                    break
                self._still = int(raw[at:end].partition(b";")[0], 16) + 2
                at = end + 2
                continue
            taken = min(self._still, len(raw) - at)
            self._body += raw[at : at + min(taken, max(0, self._still - 2))]
            self._still -= taken
            at += taken
        self._raw = raw[at:]


class AnswerReader:
    """Takes the bytes of answers to requests sent one after the other."""

    def __init__(self) -> None:
        self._raw = b""

    def feed(self, data: bytes) -> tuple[int, bytes] | None:
        """Take what was read; return status and body once the answer is whole."""
        self._raw += data
        head, end, rest = self._raw.partition(b"\r\n\r\n")
        if not end:
            return None
        head = head.lower()
        length = re.search(rb"content-length: *(\d+)", head)
        if length is not None:
            if len(rest) < int(length[1]):
                return None
        elif b"transfer-encoding: chunked" in head and not rest.endswith(b"0\r\n\r\n"):
            return None
        self._raw = b""
        return int(head.split(None, 2)[1]), rest
