"""What the banner shows of a printer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from printqueue.models import JobState, Printer, PrinterState, RunState
from printqueue.models.estimated import Told
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge
from printqueue.views.pages.shown_stall import ShownStall

WITH_FIGURE: Final = frozenset({PrinterState.PRINTING, PrinterState.PAUSED})
FIGURE_WORDS: Final = {
    PrinterState.OFFLINE: "Off",
    PrinterState.IDLE: "Free",
    PrinterState.PREPARING: "Heating",
    PrinterState.COMPLETED: "Done",
    PrinterState.CANCELLED: "Stopped",
    PrinterState.FAILED: "Failed",
    PrinterState.UNKNOWN_END: "Ended",
}


@dataclass(frozen=True)
class ShownPrinter:
    """A printer at one moment."""

    printer: Printer
    now: datetime

    @property
    def is_silent(self) -> bool:
        """Whether it is off, or nobody reported it for a minute: what it said last must not look live."""
        return self.printer.state == PrinterState.OFFLINE or self.printer.is_silent(self.now)

    @property
    def stall(self) -> ShownStall | None:
        """Why the print on it does not go on, if it hangs."""
        return ShownStall.of(self.printer.run)

    @property
    def state(self) -> str:
        """The state in the style sheets."""
        return self.badge.state

    @property
    def badge(self) -> Badge:
        if self.stall:
            return display.badge("stalled")
        if self.is_silent:
            return display.badge("offline")
        badge = display.badge(self.printer.state, self.printer.progress)
        # The percent is the card's figure already.
        return Badge(badge.state, badge.icon, badge.word.split(" ")[0])

    @property
    def progress(self) -> float | None:
        """The percent of the print on it; while it is silent the last one known."""
        if self.printer.state in WITH_FIGURE:
            return self.printer.progress
        run = self.printer.run
        return run.progress if self.is_silent and run is not None and run.state != RunState.PREPARING else None

    @property
    def is_percent(self) -> bool:
        return self.progress is not None and self.progress < 100

    @property
    def figure(self) -> str:
        """The large text: a percent, or a word."""
        if self.is_percent:
            return display.percent(self.progress)
        if self.printer.state in WITH_FIGURE:
            return self.badge.word
        return FIGURE_WORDS[PrinterState.OFFLINE if self.is_silent else PrinterState(self.printer.state)]

    @property
    def bar(self) -> str:
        """The pattern of the bar; "" for no bar."""
        if self.stall and self.progress is not None:
            return "stalled"
        if self.printer.state == PrinterState.PREPARING and not self.is_silent:
            return "preparing"
        if self.progress is None:
            return ""
        return "offline" if self.is_silent else display.bar(self.printer.state, self.progress)

    @property
    def since(self) -> datetime | None:
        """Since when it is so."""
        if self.stall:
            return self.stall.since
        if self.printer.state == PrinterState.OFFLINE:
            return self.printer.state_since
        return self.printer.last_report_at if self.is_silent else self.printer.state_since

    @property
    def done_at(self) -> datetime | None:
        """When its print will be done: as it is estimated, else as it says."""
        return display.finish(self.printer.state, self.printer.last_report_at, self.said, self.told.finish)

    @property
    def told(self) -> Told:
        """The estimate, as it was when it was last reported."""
        return Told() if self.is_silent or self.stall else self.printer.estimate_told

    @property
    def said(self) -> int | None:
        """How many seconds are left as it says."""
        return None if self.is_silent or self.stall else self.printer.remaining_seconds

    @property
    def remaining(self) -> str:
        return display.duration(display.left(self.said, self.told.left))

    @property
    def whose(self) -> str:
        return display.whose(self.said, self.told.spread)

    @property
    def due_at(self) -> datetime | None:
        """When the job of its print is due."""
        run = self.printer.run
        return run.job.due_at if run is not None and run.job is not None else None

    @property
    def late(self) -> str:
        return display.late(self.done_at, self.due_at)

    @property
    def layers(self) -> str:
        if self.is_silent or self.printer.state not in WITH_FIGURE:
            return ""
        return display.layers(self.printer.layer, self.printer.total_layers)

    @property
    def reason(self) -> str:
        """The error that it names, else why its print hangs."""
        return self.printer.error_message or self.printer.error_code or (self.stall.words if self.stall else "")

    @property
    def is_unwanted(self) -> bool:
        """Whether the job of its print was cancelled, so that somebody should stop it."""
        run = self.printer.run
        return run is not None and run.job is not None and run.job.state == JobState.CANCELLED

    @property
    def is_heating(self) -> bool:
        is_known = self.printer.nozzle_c is not None and bool(self.printer.nozzle_target_c)
        return self.printer.state == PrinterState.PREPARING and is_known and not self.is_silent

    @property
    def signature(self) -> str:
        """What cannot be patched in place, as JSON.stringify writes it: another one calls for a new card."""
        wire = self.printer.as_wire()
        names = (
            "name",
            "enabled",
            "state",
            "stateSince",
            "filename",
            "error",
            "reportedBy",
            "reportedSince",
            "runId",
            "jobCode",
            "linksChangedTime",
            "stall",
        )
        return json.dumps([wire[name] for name in names], separators=(",", ":"), ensure_ascii=False)
