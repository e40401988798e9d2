"""The hint that there is something new to read. It may get lost: the pump looks every second anyway."""

from __future__ import annotations

import threading
from typing import Final

from django.db import connection, transaction

NOTIFY_CHANNEL: Final = "printfactory_revision"

committed = threading.Event()
"""Set when a transaction of this process that changed something has committed."""


def announce() -> None:
    """Wake the pumps once the running transaction has committed: this process's, and on PostgreSQL every other's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Sent by PostgreSQL at the commit, never for a rolled-back transaction.
            cursor.execute(f"NOTIFY {NOTIFY_CHANNEL}")
    transaction.on_commit(committed.set, robust=True)
