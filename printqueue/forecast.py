"""When the jobs that wait will be done, given the machines, the order and how long each print takes. Pure.

The queue is worked off as it stands: each copy goes to the printer that its job wants, or else to the one that is free
first. Whatever is not known stays unknown, and so does what comes behind it on the same printer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CHANGE: Final = timedelta(minutes=5)
"""To take a print off the plate and to start the next one."""

FARTHEST: Final = timedelta(days=60)
"""What would be done later than that is not foretold."""


@dataclass(frozen=True)
class Machine:
    """A printer that works, by primary key, and when it is free; None where nobody knows."""

    pk: int
    free_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """A job that waits, by primary key: the printer that it wants (None: any), copies left, and seconds of one copy.

    `seconds` is None where nothing is known; `is_guess` where it is no more than what prints usually take here.
    """

    pk: int
    printer: int | None
    copies: int
    seconds: float | None
    is_guess: bool = False


@dataclass(frozen=True)
class Done:
    """When a job will be done; `is_guess`: it, or what is printed before it there, may take another time altogether."""

    at: datetime
    is_guess: bool


def forecast(machines: Iterable[Machine], queue: Iterable[Waiting], now: datetime) -> dict[int, Done]:
    """Return when each job of the `queue`, in its order, will be done; those alone of which it is known."""
    free = {one.pk: Done(max(now, one.free_at), is_guess=False) for one in machines if one.free_at is not None}
    done: dict[int, Done] = {}
    for job in queue:
        last = _print_all(job, free, now)
        if last is not None:
            done[job.pk] = last
    return done


def _print_all(job: Waiting, free: dict[int, Done], now: datetime) -> Done | None:
    """Let the machines print all copies; return when the last one is done, None if nobody knows."""
    last: Done | None = None
    for _ in range(job.copies):
        machine = job.printer if job.printer is not None else _first(free)
        begins = free.get(machine or 0)
        if machine is None or begins is None:
            return None
        ends = _after(begins, job)
        if ends is None or ends.at > now + FARTHEST:
            del free[machine]
            return None
        free[machine] = ends
        is_guess = ends.is_guess or (last is not None and last.is_guess)
        last = Done(max(ends.at, last.at) if last is not None else ends.at, is_guess)
    return last


def _first(free: dict[int, Done]) -> int | None:
    """Return the machine that is free first; of several the one with the smallest key."""
    return min(free, key=lambda pk: (free[pk].at, pk), default=None)


def _after(begins: Done, job: Waiting) -> Done | None:
    if job.seconds is None:
        return None
    return Done(begins.at + CHANGE + timedelta(seconds=job.seconds), begins.is_guess or job.is_guess)
