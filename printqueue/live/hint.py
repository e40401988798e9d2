"""The hint that there is something new to read. It may get lost: the pump looks every second anyway."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final, Protocol

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

NOTIFY_CHANNEL: Final = "printfactory_revision"
RECONNECT_AFTER: Final = 4.0
"""Seconds after an attempt to get a connection for hints, before the next one: nothing is read while it lasts."""

committed = threading.Event()
"""Set when a transaction of this process that changed something has committed."""


ANNOUNCED: Final = f"pg_notify('{NOTIFY_CHANNEL}', '')"
"""SQL that wakes the pumps of all processes when its transaction commits, never when it is rolled back (PostgreSQL)."""


def announce() -> None:
    """Wake this process's pump once the running transaction has committed; on PostgreSQL ANNOUNCED wakes it too."""
    transaction.on_commit(committed.set, robust=True)


class Ear(Protocol):
    """Where a pump waits for hints."""

    def wait(self, seconds: float) -> None:
        """Return at the next hint, or after so many seconds."""

    def close(self) -> None:
        """Let go of what it holds."""


def ear() -> Ear:
    """Return the ear that fits the database."""
    return PostgresEar() if connection.vendor == "postgresql" else ProcessEar()


class ProcessEar:
    """Hears what this process committed."""

    def wait(self, seconds: float) -> None:
        """Return at the next commit, or after so many seconds."""
        committed.wait(seconds)
        committed.clear()

    def close(self) -> None:
        """Nothing is held."""


class PostgresEar:
    """Hears what any process committed, this one too, on a connection of its own."""

    def __init__(self) -> None:
        self._connection: BaseDatabaseWrapper | None = None
        self._connect_at = 0.0

    def wait(self, seconds: float) -> None:
        """Return at the next notification, or after so many seconds; without a connection it is as a `ProcessEar`."""
        try:
            self._listen(seconds)
        except Error as error:
            logger.warning("Hints from other processes are lost for a while, changes seen within a second: %s", error)
            self.close()

    def _listen(self, seconds: float) -> None:
        if self._connection is None:
            if time.monotonic() < self._connect_at:
                committed.wait(seconds)
                committed.clear()
                return
            self._connect()
            return  # what was committed before is seen by looking once more
        with self._connection.wrap_database_errors:
            for _ in self._connection.connection.notifies(timeout=seconds, stop_after=1):
                pass

    def _connect(self) -> None:
        try:
            self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            with self._connection.cursor() as cursor:
                cursor.execute(f"LISTEN {NOTIFY_CHANNEL}")
        finally:
            self._connect_at = time.monotonic() + RECONNECT_AFTER

    def close(self) -> None:
        """Close the connection; a wait a few seconds later opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
