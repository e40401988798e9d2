"""What the pages show of a run: on the page of its job, of its printer, and in the tray."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from printqueue.models import PrinterState, PrintRun, RunSource, RunState, Who
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge
from printqueue.views.pages.shown_stall import ShownStall

UNKNOWN_END: Final = Badge("unknown", "alert", "Ended?")


@dataclass(frozen=True)
class Why:
    """Why a run is its job's: in words, and when a person said so."""

    text: str
    at: datetime | None = None

    @classmethod
    def of(cls, run: PrintRun) -> Self:
        """Return the reason as stored; of a link by a person its time apart, to be shown in the viewer's zone."""
        if run.linked_by is None or run.linked_at is None:
            return cls(run.match_reason)
        return cls(f"linked by {Who(user=run.linked_by).name} at", run.linked_at)

    @property
    def as_sentence(self) -> Self:
        """The same with a capital letter."""
        return replace(self, text=self.text[:1].upper() + self.text[1:])


@dataclass(frozen=True)
class ShownRun:
    """One physical print on the page of its job, or in the tray."""

    run: PrintRun
    now: datetime
    number: int = 0
    is_followed: bool = False
    """Whether its job follows it."""

    @property
    def stall(self) -> ShownStall | None:
        """Why it does not go on, if it hangs."""
        return ShownStall.of(self.run)

    @property
    def badge(self) -> Badge:
        if self.run.state == RunState.UNKNOWN_END:
            return UNKNOWN_END
        if self.run.stall:
            return display.badge("stalled", self.run.progress)
        return display.badge("offline" if self.is_silent else self.run.state, self.run.progress)

    @property
    def why(self) -> Why:
        return Why.of(self.run)

    @property
    def is_silent(self) -> bool:
        """Whether it goes on at a printer that is off, or was not heard for a minute."""
        if self.heard_at is None or self.run.printer is None:
            return False
        return self.run.printer.state == PrinterState.OFFLINE or self.run.printer.is_silent(self.now)

    @property
    def moved_by(self) -> str:
        """Whose events move its percent, as the scripts name its badge; "" when it stands still."""
        if self.is_followed:
            return "badge-of-job"
        return "badge-of-printer" if self.heard_at is not None else ""

    @property
    def heard_at(self) -> datetime | None:
        """When its printer was heard last, if it goes on there and is fed by reports of that printer."""
        if not self.run.is_active or self.run.printer is None or self.run.source != RunSource.REPORTS:
            return None
        return self.run.printer.last_report_at

    @property
    def took(self) -> str:
        """How long it took, in words; "" while it goes on."""
        if self.run.ended_at is None:
            return ""
        return display.duration((self.run.ended_at - self.run.started_at).total_seconds())
