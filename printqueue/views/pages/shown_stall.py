"""What the pages say of a print that hangs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from printqueue.models import PrintRun
from printqueue.models.run import Stalled

ADVICE: Final = {
    Stalled.NO_REPORTS: "Nobody reports it any more. The print may go on: look at the printer, then at its client and the network.",
    Stalled.OFFLINE: "Its client does not reach the printer. Is it switched on and in the network?",
    Stalled.NO_MOVEMENT: "It is reported, but neither percent nor layer changes. Look at the printer.",
    Stalled.PAUSED_TOO_LONG: "It waits for somebody at the printer.",
}

LASTING: Final = frozenset({Stalled.NO_MOVEMENT, Stalled.PAUSED_TOO_LONG})
"""Of these it is said how long they last; of the others since when."""


@dataclass(frozen=True)
class ShownStall:
    """Why a print does not go on, and since when."""

    kind: Stalled
    since: datetime

    @classmethod
    def of(cls, run: PrintRun | None) -> Self | None:
        """Return the stall of `run`, if it has one."""
        if run is None or not run.stall or run.stall_since is None:
            return None
        return cls(Stalled(run.stall), run.stall_since)

    @property
    def words(self) -> str:
        """What is wrong: "no movement", to be followed by how long or since when."""
        return str(self.kind.label)

    @property
    def is_lasting(self) -> bool:
        return self.kind in LASTING

    @property
    def advice(self) -> str:
        """What it means and what to do."""
        return ADVICE[self.kind]
