"""Where in the history of changes somebody stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from printqueue.live.revisions import RevisionCounter

# 18 digits: what fits into the counter's column.
_ID: Final = re.compile(r"pf-([0-9a-f]{8}):([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """Somebody who stands here knows everything up to `revision` of `epoch`. As text it is an event's id."""

    epoch: str
    revision: int

    @property
    def channel(self) -> str:
        """Return the channel of the events that lie ahead; a restored backup is another channel."""
        return f"pf-{self.epoch}"

    def __str__(self) -> str:
        return f"{self.channel}:{self.revision}"

    @classmethod
    def parse(cls, event_id: str) -> Self:
        """Return the position that an event's id names. Raises ValueError for any other text."""
        match = _ID.fullmatch(event_id)
        if match is None:
            raise ValueError("An event id is pf-, the epoch of 8 hex digits, a colon, and the revision.")
        return cls(match[1], int(match[2]))

    @classmethod
    def if_any(cls) -> Self | None:
        """Read from the database where we stand now; None before the very first change."""
        counter = RevisionCounter.if_any()
        return None if counter is None else cls(counter.epoch, counter.value)

    @classmethod
    def current(cls) -> Self:
        """Read from the database where we stand now."""
        counter = RevisionCounter.current()
        return cls(counter.epoch, counter.value)


NOWHERE: Final = Position("", 0)
"""Where somebody stands who was told nothing yet."""
