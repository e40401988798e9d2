"""Reads of the database for open pages: in a few shared threads, so that no page holds a thread or a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from django.db import connections

T = TypeVar("T")

THREADS: Final = 4

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")


async def in_thread(read: Callable[[], T]) -> T:
    """Return what `read` returns, called in a shared thread that keeps no connection; raise what it raises."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _closing, read)


def _closing(read: Callable[[], T]) -> T:
    try:
        return read()
    finally:
        connections.close_all()
