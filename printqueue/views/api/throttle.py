"""How often one key, or one address that shows unknown keys, may ask. Kept in this process."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings

from printqueue.access import Actor
from printqueue.views.api.errors import Refusal

MAX_BUCKETS: Final = 10_000
"""However many addresses guess keys: beyond that, whoever asked longest ago is forgotten."""


class TokenBuckets:
    """A bucket a name: `settings.KEY_BURST` requests at once, filled again by `settings.KEY_RATE` a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one token of `name`; return 0, or the seconds to wait when there is none."""
        now = self._clock()
        with self._lock:
            tokens = self._tokens(name, now)
            if tokens < 1:
                return (1 - tokens) / settings.KEY_RATE
            # Put last: the first is the one that took a token longest ago, and so has the fullest bucket, most likely.
            self._buckets.pop(name, None)
            if len(self._buckets) >= MAX_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            self._buckets[name] = (tokens - 1, now)
        return 0

    def __len__(self) -> int:
        return len(self._buckets)

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()

    def _tokens(self, name: str, now: float) -> float:
        tokens, since = self._buckets.get(name, (settings.KEY_BURST, now))
        return min(settings.KEY_BURST, tokens + (now - since) * settings.KEY_RATE)


BUCKETS: Final = TokenBuckets()


def count_request(actor: Actor) -> None:
    """Count one request of a program with a key. Raises Refusal (429)."""
    if actor.key is not None:
        _take(f"key {actor.key.pk}", "This key asks too often.")


def count_unknown_key(address: str) -> None:
    """Count one request with a key that is no good. Raises Refusal (429).

    Good keys from the same address are not held up: they may stand behind the same router.
    """
    _take(f"address {address}", "Too many unknown keys from this address.")


def _take(name: str, sentence: str) -> None:
    seconds = BUCKETS.take(name)
    if seconds > 0:
        raise Refusal(429, f"{sentence} Slow down.", headers={"Retry-After": str(math.ceil(seconds))})
