"""How many streams may be open: counted when a stream is let in, under a lock, so that no two take the last seat."""

from __future__ import annotations

import resource
import threading
from collections import Counter
from typing import Final

from django.conf import settings

FILES_FOR_OTHERS: Final = 100
"""Of the files that the process may open, those which streams leave to everything else: each stream is one file."""


class NoSeat(Exception):
    """There are as many streams as there may be. The text is for the one who asked."""

    status: int
    """The HTTP status that says so."""

    retry_after_seconds: Final = 10


class TooManyStreams(NoSeat):
    """The viewer has as many streams open as one may have."""

    status = 429


class ServerFull(NoSeat):
    """The server has as many streams open as it can bear."""

    status = 503


class Seats:
    """The seats of one process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Take a seat for `name`. Raises TooManyStreams or ServerFull."""
        with self._lock:
            if self._taken[name] >= settings.STREAMS_PER_USER:
                raise TooManyStreams(f"Expected at most {settings.STREAMS_PER_USER} open streams.")
            if self._taken.total() >= room():
                raise ServerFull("The server has no room for another stream.")
            self._taken[name] += 1

    def release(self, name: str) -> None:
        """Give back a seat that was taken for `name`."""
        with self._lock:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]


def room() -> int:
    """Return how many streams this process may hold: as many as are set, but not so many that it is out of files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return settings.STREAMS if files == resource.RLIM_INFINITY else min(settings.STREAMS, files - FILES_FOR_OTHERS)


seats: Final = Seats()
