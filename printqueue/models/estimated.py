"""When a print will finish, as it is stored: so much work, counted from a moment on, and while it is paused from when it
goes on. A run has it, and what follows the run a copy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from printqueue.protocol import ReportState, wire_time

ESTIMATE_FIELDS: Final = ("estimated_at", "estimated_left_seconds", "estimated_spread_seconds")


class Told(NamedTuple):
    """An estimate at one moment: finish, seconds of work left, and their spread; None where nothing is told."""

    finish: datetime | None = None
    left: int | None = None
    spread: int | None = None

    @property
    def on_wire(self) -> dict[str, Any]:
        """Return it as the wire names it."""
        return {
            "estimatedFinishTime": wire_time(self.finish),
            "estimatedRemainingSeconds": self.left,
            "estimatedSpreadSeconds": self.spread,
        }


class Estimated:
    """What a model has that tells when a print will finish; all None while too little is known.

    No model itself, since django-stubs cannot follow rows of two kinds: each model has the columns of its own.
    """

    state: Any
    estimated_at: Any  # from when the work that is left counts
    estimated_left_seconds: Any
    estimated_spread_seconds: Any

    @property
    def estimated_finish(self) -> datetime | None:
        """When it will finish; None while nobody knows, or while it is paused."""
        if self.estimated_at is None or self.state == ReportState.PAUSED:
            return None
        at: datetime = self.estimated_at
        return at + timedelta(seconds=self.estimated_left_seconds)

    def estimate_at(self, reported_at: datetime | None) -> Told:
        """Return, as it was when last reported, the finish, the seconds of work left and their spread.

        No finish is before that report.
        """
        finish, left = self.estimated_finish, self.estimated_left_seconds
        if finish is not None and reported_at is not None:
            finish = max(finish, reported_at)
            left = round((finish - reported_at).total_seconds())
        return Told(finish, left, self.estimated_spread_seconds)

    def copy_estimate(self, run: Estimated) -> None:
        """Tell what `run` tells; the caller saves."""
        self.estimated_at, self.estimated_left_seconds = run.estimated_at, run.estimated_left_seconds
        self.estimated_spread_seconds = run.estimated_spread_seconds

    def forget_estimate(self) -> None:
        """Tell nothing; the caller saves."""
        self.estimated_at = self.estimated_left_seconds = self.estimated_spread_seconds = None

    def pause_estimate(self, at: datetime) -> None:
        """Count no longer, since it pauses at `at`: what is left then stays; the caller saves."""
        if self.estimated_at is not None:
            worked = max(0.0, (at - self.estimated_at).total_seconds())
            self.estimated_left_seconds = max(0, round(self.estimated_left_seconds - worked))
            self.estimated_at = at

    def resume_estimate(self, at: datetime) -> None:
        """Count on from `at`; the caller saves."""
        self.estimated_at = None if self.estimated_at is None else at
