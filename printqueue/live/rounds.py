"""What every open page needs at its time, whether or not there is news: seen to for all of them in one round a second.

A timer a page would cost a server with a thousand idle pages more than everything else that it does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import Error

from printqueue.live.threads import TookTooLong, in_thread

if TYPE_CHECKING:
    from printqueue.live.hub import Member

logger = logging.getLogger(__name__)
_random: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is done, in seconds."""

    round: float = 1.0
    keep_alive: float = 15.0
    check: float = 16.0
    check_again: float = 3.0
    """After the database could not say whether a viewer may watch on."""
    check_takes: float = 5.0
    """A database that has not answered by then counts as away."""
    longest_unchecked: float = 28.0
    """Since the last good answer was asked for: then a page ends, also while an answer is waited for."""
    lifetime: float = 900.0
    """About: a fifth more or less, so that streams opened together do not end together."""


RHYTHM: Final = Rhythm()


class Visit:
    """What is due for one page, and when, by the event loop's clock."""

    def __init__(self, now: float, rhythm: Rhythm) -> None:
        self.checked_at = now
        # Pages that were opened together are checked one after the other.
        self.check_at = now + rhythm.check * _random.uniform(0.5, 1)
        self.ends_at = now + rhythm.lifetime * _random.uniform(0.8, 1.2)


class Rounds:
    """The rounds of one event loop. They begin with its first page and end with its last."""

    def __init__(self, rhythm: Rhythm, give_sign_of_life: Callable[[], None]) -> None:
        self._rhythm = rhythm
        self._give_sign_of_life = give_sign_of_life
        self._loop = asyncio.get_running_loop()
        self._sign_at = self._loop.time() + rhythm.keep_alive
        self._visits: dict[Member, Visit] = {}
        self._checks: set[asyncio.Task[None]] = set()
        self._timer = self._loop.call_later(rhythm.round, self._go)

    def begin(self, member: Member) -> None:
        """See to `member` too, until it is no member any more."""
        self._visits[member] = Visit(self._loop.time(), self._rhythm)

    def leave(self, member: Member) -> None:
        """See to `member` no more."""
        del self._visits[member]

    def end(self) -> None:
        """Go no more rounds."""
        self._timer.cancel()
        for check in self._checks:
            check.cancel()

    def _go(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_at(now + self._rhythm.round, self._go)
        if now >= self._sign_at:
            self._sign_at = now + self._rhythm.keep_alive
            self._give_sign_of_life()
        due: dict[Hashable, list[Member]] = {}
        for member, visit in self._visits.items():
            if member.is_over:
                member.cut()  # told a round ago, and still sending: it reads too slowly to come to the end
            # Soon, not to know whether somebody may watch on is as good as no.
            elif now >= visit.ends_at or now - visit.checked_at >= self._rhythm.longest_unchecked:
                member.end()
            elif now >= visit.check_at:
                credential = member.viewer.credential
                due.setdefault(member if credential is None else credential, []).append(member)
        for members in due.values():
            self._begin_check(members, now)

    def _begin_check(self, members: list[Member], now: float) -> None:
        for member in members:
            self._visits[member].check_at = now + self._rhythm.check
        check = self._loop.create_task(self._check(members, now))
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    async def _check(self, members: list[Member], now: float) -> None:
        """Ask once for all pages that were let in by the same session or key, and end those that may watch no longer."""
        viewer = members[0].viewer
        try:
            is_allowed = await in_thread(viewer.still_allowed, within=self._rhythm.check_takes)
        except (Error, TookTooLong):
            self._is_unknown(members)
            return
        except Exception:
            logger.exception("It cannot be said whether %s may watch on; the streams end.", viewer.name)
            is_allowed = False
        for member in members:
            if not is_allowed:
                member.end()
            elif member in self._visits:
                self._visits[member].checked_at = now

    def _is_unknown(self, members: list[Member]) -> None:
        """Go on for a while: the database is away for a moment."""
        for member in members:
            if member in self._visits:
                self._visits[member].check_at = self._loop.time() + self._rhythm.check_again
