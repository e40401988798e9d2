"""The few threads in which everything that needs the database is done, so that no request and no page holds its own.

They last, and so do their connections. Python's own pool would keep a process from ending while one of its threads
waits for a database that does not answer; these do not.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Final, TypeAlias, TypeVar

from django.db import connections

T = TypeVar("T")
Task: TypeAlias = Callable[[], None]

THREADS: Final = 4
"""More of them would only wait for each other: for Python's lock, or for the one writer that SQLite allows."""

ANSWER_WITHIN: Final = 20.0
"""Seconds in which a piece of work must be done, waiting for its turn included."""


LAST_WORK: Final = 1.5
"""Seconds that threads at work are waited for at the end, all of them together."""


SURE_FOR: Final = 1.0
"""Seconds after its last use for which a connection is taken to be alive without asking."""


class TookTooLong(Exception):
    """The work was not done in time. Not begun, it never will be; begun, nobody knows whether it succeeds."""


class Threads:
    """A pool of threads, started with the first piece of work."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have `work` called in one of the threads."""
        future: Future[T] = Future()
        self._start()
        self._tasks.put(lambda: _do(work, future))
        return future

    def end(self) -> list[threading.Thread]:
        """Let the threads end, and their connections, as soon as they are done; the next `submit` starts others.

        Returns those that end.
        """
        with self._starting:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._tasks.put(None)
        return threads

    def stop(self) -> None:
        """End the threads, and return when they have ended or LAST_WORK is over."""
        join_all(self.end())

    def _start(self) -> None:
        with self._starting:
            while len(self._threads) < self._count:
                thread = threading.Thread(target=self._run, name="database", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        worked_at = 0.0
        while (task := self._tasks.get()) is not None:
            if time.monotonic() - worked_at > SURE_FOR:
                _drop_dead_connections()
            task()
            worked_at = time.monotonic()
        connections.close_all()


def join_all(ending: Iterable[threading.Thread]) -> None:
    """Return when all these threads have ended or LAST_WORK is over: one that hangs must not hold up the others' end."""
    end = time.monotonic() + LAST_WORK
    for thread in ending:
        thread.join(timeout=max(0, end - time.monotonic()))


def _do(work: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        try:
            result = work()
        finally:
            # What Django does at the end of a request: a connection that broke, or is too old, is not used again.
            for connection in connections.all(initialized_only=True):
                connection.close_if_unusable_or_obsolete()
    except BaseException as problem:
        future.set_exception(problem)
    else:
        future.set_result(result)


def _drop_dead_connections() -> None:
    """Close what the database has closed: one that was restarted meanwhile costs nobody his request."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and not connection.is_usable():
            connection.close()


threads: Final = Threads(THREADS)


async def in_thread(work: Callable[[], T], *, within: float = ANSWER_WITHIN) -> T:
    """Return what `work` returns, called in one of the threads; raise what it raises.

    Raises TookTooLong after `within` seconds.
    """
    future = asyncio.wrap_future(threads.submit(work))
    try:
        done, _ = await asyncio.wait({future}, timeout=within)
    finally:
        future.cancel()  # nobody waits for it any more; one that is done stays as it is
    if not done:
        raise TookTooLong(f"Not done within {within:g} seconds.")
    return future.result()
