"""How often somebody may do something. Kept in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

MAX_BUCKETS: Final = 10_000
"""However many addresses guess keys: beyond that, whoever asked longest ago is forgotten."""


class Limits(NamedTuple):
    """So many at once, and so many a second on average."""

    at_once: float
    a_second: float


class TokenBuckets:
    """A bucket a name: full it holds `Limits.at_once` tokens, and it is filled again by `Limits.a_second`."""

    def __init__(self, limits: Callable[[], Limits], clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one token of `name`; return 0, or the seconds to wait when there is none."""
        now, limits = self._clock(), self._limits()
        with self._lock:
            tokens = self._tokens(name, now, limits)
            if tokens < 1:
                return (1 - tokens) / limits.a_second
            # Put last: the first is the one that took a token longest ago, and so has the fullest bucket, most likely.
            self._buckets.pop(name, None)
            if len(self._buckets) >= MAX_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            self._buckets[name] = (tokens - 1, now)
        return 0

    def give_back(self, name: str) -> None:
        """Give back one token that was taken."""
        now, limits = self._clock(), self._limits()
        with self._lock:
            if name in self._buckets:
                self._buckets[name] = (self._tokens(name, now, limits) + 1, now)

    def __len__(self) -> int:
        return len(self._buckets)

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()

    def _tokens(self, name: str, now: float, limits: Limits) -> float:
        tokens, since = self._buckets.get(name, (limits.at_once, now))
        return min(limits.at_once, tokens + (now - since) * limits.a_second)
