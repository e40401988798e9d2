"""What the kernel knows of a process and its children: Linux's /proc."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return `pid` and all its descendants that are there."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        for task in _tasks(one):
            with suppress(OSError):
                left += [int(child) for child in Path(f"/proc/{one}/task/{task}/children").read_text().split()]
        found.append(one)
    return found


def _tasks(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    return []


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that `pid`, its descendants and those of them that ended have used."""
    ticks = 0
    for one in tree(pid):
        with suppress(OSError):
            # user, system, and both of the children that were waited for
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_SECOND


def memory_kb(pid: int) -> int:
    """Return the memory of `pid` and its descendants; what they share is divided among those that share it."""
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total


def threads(pid: int) -> int:
    """Return how many threads `pid` and its descendants have."""
    return sum(len(_tasks(one)) for one in tree(pid))


def own_cpu_seconds() -> float:
    """Return the CPU time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def allow_open_files() -> None:
    """Let this process and those it starts open as many files as the system grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Cores:
    """Servers on one core and the load on another, where there are two."""

    def __init__(self) -> None:
        self.all = os.sched_getaffinity(0)
        *_, self._load = sorted(self.all)
        self._server = min(self.all)

    @property
    def are_apart(self) -> bool:
        """Whether load and servers have a core each."""
        return self._load != self._server

    def take_load(self) -> None:
        """Keep this process to the load's core."""
        os.sched_setaffinity(0, {self._load})

    def give_back(self) -> None:
        """Let this process run where it likes: the next measurement takes its cores anew."""
        os.sched_setaffinity(0, self.all)

    @contextmanager
    def for_server(self) -> Iterator[None]:
        """Whatever is started in here runs on the servers' core."""
        yield from self._starting_on({self._server})

    @contextmanager
    def for_others(self) -> Iterator[None]:
        """Whatever is started in here runs where it likes."""
        yield from self._starting_on(self.all)

    def _starting_on(self, cores: set[int]) -> Iterator[None]:
        # Children inherit it.
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
