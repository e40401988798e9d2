"""The client's own time, which never jumps and never goes back, and what it means on the clock on the wall.

A Raspberry Pi has no clock of its own: it starts in 1970 or where it was switched off, and is put right over the network,
at once or never. So the client counts by the time since boot, keeps its reports in that time, and says what it is on the
clock on the wall only when it sends them; the server then corrects that clock by the `sentAt` of the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

NOT_BEFORE: Final = 1_767_225_600.0
"""The beginning of 2026. A clock that says less is one that nobody has set since boot."""

SAME_BOOT_SECONDS: Final = 0.1
"""By how much the moment of boot may differ when two processes compute it. Only setting the clock moves it further."""

LEAP_SECONDS: Final = 3600.0
"""How far own time leaps when the clock is not ahead of what was stored: more than a power cut can have taken with it,
and more than any driver goes on believing that what it sees is the print of before."""

NOTABLE_SECONDS: Final = 1.0
"""A smaller difference between own time and the wall's is none: the server's correction is no finer."""


def uptime() -> float:
    """Return the seconds since boot, sleep included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Era:
    """From one boot to the next, as far as the client saw it; seconds, all but the last two in own time.

    `offset`: how far the clock on the wall was ahead of own time at the end. `uptime`: how long after boot that was.
    """

    began: float
    ended: float
    offset: float
    uptime: float

    @property
    def booted_at(self) -> float:
        """When the machine was started, by its clock on the wall at the end of the era."""
        return self.ended + self.offset - self.uptime


class Clock:
    """Own time in seconds: about those since the epoch, and more than any that was stored before."""

    def __init__(
        self, past: Sequence[Era] = (), wall: Callable[[], float] = time.time, uptime: Callable[[], float] = uptime
    ) -> None:
        """`past`: the eras that were kept, oldest first; the last of them goes on if the machine was not restarted."""
        self._wall, self._uptime = wall, uptime
        on_wall, since_boot = wall(), uptime()
        last = past[-1] if past else None
        if last is not None and _is_same_boot(last, on_wall, since_boot):
            self._past, self._began = tuple(past[:-1]), last.began
            self._ahead = last.ended - last.uptime
            return
        self._past, self._began = tuple(past), on_wall
        if last is not None and (on_wall <= last.ended or on_wall < NOT_BEFORE):
            self._began = last.ended + LEAP_SECONDS
        self._ahead = self._began - since_boot

    def now(self) -> float:
        """Return the present in own time."""
        return self._uptime() + self._ahead

    def era(self) -> Era:
        """Return the present era up to now."""
        since_boot = self._uptime()
        own = since_boot + self._ahead
        return Era(self._began, own, self._wall() - own, since_boot)

    def dates(self) -> Dates:
        """Return what own times are on the wall, as far as is known now."""
        return Dates(self._past, self.era())


class Dates:
    """Own times as the clock on the wall tells them at one moment, `now`."""

    def __init__(self, past: Sequence[Era], present: Era) -> None:
        self.now = present.ended + present.offset
        self._offsets = _offsets(past, present)

    def shift(self, own: float) -> float:
        """Return how many seconds the wall is ahead of the own time `own`; 0 when it is as good as none."""
        offset = next((offset for began, offset in self._offsets if began <= own), self._offsets[-1][1])
        return offset if abs(offset) >= NOTABLE_SECONDS else 0.0


def _is_same_boot(last: Era, on_wall: float, since_boot: float) -> bool:
    """Whether `last` is still going on. Of a clock that nobody has set every boot looks the same: never."""
    is_later = since_boot >= last.uptime and on_wall >= NOT_BEFORE
    return is_later and abs(on_wall - since_boot - last.booted_at) <= SAME_BOOT_SECONDS


def _offsets(past: Sequence[Era], present: Era) -> list[tuple[float, float]]:
    """Return (began, offset) of each era, the newest first.

    An era is believed the clock it ended with, which may have been put right in its course. One whose clock was
    evidently wrong, behind the era before or ahead of the one after, is put right before the one after.
    """
    offsets = [(present.began, present.offset)]
    limit = present.began + present.offset
    for number, era in reversed(list(enumerate(past))):
        floor = past[number - 1].ended + past[number - 1].offset if number else NOT_BEFORE
        is_wrong = era.began + era.offset < floor or era.ended + era.offset > limit
        offset = limit - era.ended if is_wrong else era.offset
        offsets.append((era.began, offset))
        limit = era.began + offset
    return offsets
