"""One thread a process that sees every change, whoever made it, and hands it to this process's listeners."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.db import connections

from printqueue.live.feed import RowEvent, read_after
from printqueue.live.hint import committed, ear
from printqueue.live.library import Event, Listener, get_listener_manager
from printqueue.live.position import Position

logger = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0
"""Seconds between two looks without a hint."""

LONGEST_PAUSE: Final = 2.0
"""Seconds between two attempts while the database cannot be read, at most."""

FRESH_FOR: Final = 10.0
"""Seconds after a good look during which the pump counts as working."""

RESET: Final = "stream-reset"
"""The type of the event that tells a listener to let everybody read everything again. Its data is the epoch, if it is a
new one: whoever has read of that already reads on from there."""


class Pump:
    """Follows the revision counter and tells listeners of every row that changed, in order of revision.

    A listener that reads the database after `attach` misses nothing: what the pump has passed by then was committed.
    """

    def __init__(self) -> None:
        self.position = Position.current()
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._is_failing = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether its thread is alive."""
        return self._thread.is_alive()

    @property
    def is_fresh(self) -> bool:
        """Whether it has read the database lately."""
        return self.is_running and time.monotonic() - self._looked_at < FRESH_FOR

    def attach(self, listener: Listener) -> None:
        """Let `listener` hear of everything that is committed from now on."""
        with self._lock:
            listener.channels = {self.position.channel}
            get_listener_manager().add_listener(listener)
            self._listeners.add(listener)

    def detach(self, listener: Listener) -> None:
        """Let `listener` hear no more."""
        with self._lock:
            get_listener_manager().remove_listener(listener)
            self._listeners.discard(listener)

    def look(self) -> None:
        """Read what changed since the last look and tell the listeners. Raises what the database raises."""
        now = Position.if_any()
        # Without a counter somebody is emptying the database; the next change makes one, of another epoch.
        if now is not None:
            self._follow(now)
        self._looked_at = time.monotonic()

    def _follow(self, now: Position) -> None:
        if now == self.position:
            return
        if now.epoch != self.position.epoch or now.revision < self.position.revision:
            self._start_again(now)
            return
        # Asked after the counter was read: whoever attaches later reads the database from there on.
        with self._lock:
            is_heard = bool(self._listeners)
        events = read_after(self.position.revision, now) if is_heard else []
        if events is None:
            self._start_again(now)
            return
        self._tell(events)
        self.position = now

    def _tell(self, events: list[RowEvent]) -> None:
        manager = get_listener_manager()
        for event in events:
            manager.add_to_queues(self.position.channel, event)

    def _start_again(self, now: Position) -> None:
        logger.warning("The history of changes does not go on from %s: it is at %s.", self.position, now)
        manager = get_listener_manager()
        new_epoch = now.epoch if now.epoch != self.position.epoch else ""
        with self._lock:
            self.position = now
            for listener in self._listeners:
                manager.remove_listener(listener)
                listener.channels = {now.channel}
                manager.add_listener(listener)
        manager.add_to_queues(now.channel, Event(now.channel, RESET, new_epoch))

    def end(self) -> threading.Thread:
        """Let the thread end, and return it."""
        self._ending.set()
        committed.set()
        return self._thread

    def _run(self) -> None:
        hints = ear()
        pause = 0.0
        while not self._ending.is_set():
            try:
                self.look()
                if self._is_failing:
                    logger.warning("Changes can be read again.")
                self._is_failing, pause = False, 0.0
                hints.wait(LOOK_EVERY)
            except Exception:
                # Whatever it was: a process whose pump has died shows frozen pages for ever.
                if not self._is_failing:
                    logger.exception("Changes cannot be read; open pages stand still until they can.")
                self._is_failing = True
                connections.close_all()
                pause = min(LONGEST_PAUSE, pause * 2 or 0.1)
                self._ending.wait(pause)
        hints.close()
        connections.close_all()


_pump: Pump | None = None
_starting = threading.Lock()


def start() -> Pump:
    """Return this process's pump, running. Reads the database when it was not: call it in a thread."""
    global _pump
    with _starting:
        if _pump is None or not _pump.is_running:
            _pump = Pump()
        return _pump


def running() -> Pump | None:
    """Return this process's pump if it runs."""
    return _pump if _pump is not None and _pump.is_running else None


def end() -> list[threading.Thread]:
    """Let this process's pump end, if there is one, and return its thread."""
    global _pump
    # Without the lock: whoever is just starting one may wait for a database that does not answer.
    ending, _pump = _pump, None
    return [] if ending is None else [ending.end()]


def stop() -> None:
    """End this process's pump, and return when it has ended."""
    for thread in end():
        thread.join(timeout=5)


def is_fresh() -> bool:
    """Whether this process's pump runs and has read the database in the last 10 seconds."""
    return _pump is not None and _pump.is_fresh
