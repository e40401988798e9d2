"""How often one key, or one address that shows unknown keys, may ask. Kept in this process."""

from __future__ import annotations

import math
from typing import Final

from django.conf import settings

from printqueue.access import Actor
from printqueue.views.api.errors import Refusal
from printqueue.views.buckets import Limits, TokenBuckets


def key_limits() -> Limits:
    """Return what is set for keys."""
    return Limits(settings.KEY_BURST, settings.KEY_RATE)


BUCKETS: Final = TokenBuckets(key_limits)


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
