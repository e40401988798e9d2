"""Locks between processes. All are let go by the system when their process dies, however it does."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from django.db import connection

SETTING_UP: Final = 0x70662D736574  # "pf-set", the number of our advisory lock on PostgreSQL


class AlreadyServed(Exception):
    """Another server runs on this SQLite database."""


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold `path` locked, made if it is missing. Raises BlockingIOError when it is taken and `wait` is false."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@contextmanager
def only_server() -> Iterator[None]:
    """Be the only server on this database, where it is SQLite: another's changes would be seen a second late.

    Raises AlreadyServed.
    """
    if connection.vendor == "postgresql":
        yield
        return
    database = Path(str(connection.settings_dict["NAME"]))
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(database.with_name(database.name + ".serve-lock"), wait=False))
        except BlockingIOError as error:
            raise AlreadyServed(
                f"Another server runs on {database}. On SQLite one runs at a time; several need PostgreSQL."
            ) from error
        yield


@contextmanager
def setting_up() -> Iterator[None]:
    """Be the only process that prepares the database."""
    if connection.vendor != "postgresql":
        database = Path(str(connection.settings_dict["NAME"]))
        with file_lock(database.with_name(database.name + ".setup-lock")):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SETTING_UP])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SETTING_UP])
