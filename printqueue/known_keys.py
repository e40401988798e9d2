"""API keys that were good a moment ago. Kept in this process, so that a request need not ask the database each time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from printqueue.models import PrinterKey

KEPT_FOR: Final = 5.0
"""Seconds after which a key is looked up anew: so long may a key that another process revoked be of use here."""

MOST_KEPT: Final = 1_000


@dataclass(frozen=True)
class KnownKey:
    """A key that was good, and the printers it may speak of; None stands for all."""

    key: PrinterKey
    printer_ids: frozenset[int] | None


class KnownKeys:
    """Remembers good keys by the SHA-256 of their text; never one that is no good, so that guesses take no room."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[bytes, tuple[float, KnownKey]] = {}
        self._changes = 0

    def find(self, token: str, now: datetime) -> KnownKey | None:
        """Return the key whose whole text is `token` if it is good at `now`, else None."""
        name = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._recall(name)
        if known is not None:
            return known if known.key.is_usable(now) else None
        changes = self._changes
        key = PrinterKey.objects.all().matching(token, now)
        if key is None:
            return None
        known = KnownKey(key, printer_ids_of(key))
        # What a transaction that is still running has read may never be committed.
        if not connection.in_atomic_block:
            self._keep(name, known, changes)
        return known

    def forget(self) -> None:
        """Look all keys up anew from now on."""
        with self._lock:
            self._kept.clear()
            self._changes += 1

    def __len__(self) -> int:
        return len(self._kept)

    def _recall(self, name: bytes) -> KnownKey | None:
        until, known = self._kept.get(name, (0.0, None))
        return known if self._clock() < until else None

    def _keep(self, name: bytes, known: KnownKey, changes: int) -> None:
        with self._lock:
            if changes != self._changes:
                return  # read before a change that was committed meanwhile
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[name] = (self._clock() + KEPT_FOR, known)


def printer_ids_of(key: PrinterKey) -> frozenset[int] | None:
    """Return the printers that `key` may speak of now; None stands for all."""
    return None if key.all_printers else frozenset(key.printers.values_list("pk", flat=True))


KNOWN_KEYS: Final = KnownKeys()


def _forget(**signal: Any) -> None:
    """Forget all keys when one, or its printers, changed: now, and once nobody can read it as it was before."""
    KNOWN_KEYS.forget()
    transaction.on_commit(KNOWN_KEYS.forget)


# Whoever changes a key through its model comes by here: `revoke`, the admin, the key's printers.
post_save.connect(_forget, sender=PrinterKey, weak=False)
post_delete.connect(_forget, sender=PrinterKey, weak=False)
m2m_changed.connect(_forget, sender=PrinterKey.printers.through, weak=False)
