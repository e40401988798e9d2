"""What the pages show of targets, rules and alerts: prepared here, so that the templates only write it down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from printqueue.models import Alert, AlertAttempt, AlertRule, AlertState, AlertTarget, FactKind, PrintQueue
from printqueue.models.fact import STALLS
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge

ON: Final = Badge("completed", "check", "On")
OFF: Final = Badge("idle", "pause", "Off")
UNHEARD: Final = Badge("unknown", "alert", "Tells nobody")

STATES: Final = {
    AlertState.WAITING: Badge("waiting", "clock", "Waiting"),
    AlertState.SENDING: Badge("printing", "clock", "Sending"),
    AlertState.SENT: Badge("completed", "check", "Sent"),
    AlertState.DEAD: Badge("failed", "alert", "Given up"),
    AlertState.LOGGED: Badge("idle", "pause", "Too old to send"),
}

IN_SHORT: Final = {
    FactKind.COMPLETED: "completed",
    FactKind.FAILED: "failed",
    FactKind.CANCELLED: "cancelled at the printer",
    FactKind.UNKNOWN_END: "ended unseen",
    FactKind.PAUSED: "paused",
    FactKind.ERROR: "error",
    FactKind.OFFLINE: "printer offline",
    FactKind.NO_REPORTS: "client offline",
    FactKind.NO_MOVEMENT: "no movement",
    FactKind.PAUSED_TOO_LONG: "paused for too long",
    FactKind.UNMATCHED: "waiting for its job",
    FactKind.RECOVERED: "going on again",
}


def in_short(kinds: Iterable[str]) -> str:
    """Return the kinds in few words, in the order in which a print may meet them: "Completed, failed, stalled"."""
    chosen = {FactKind(kind) for kind in kinds}
    if len(chosen) == len(FactKind):
        return "Everything"
    is_any_stall = chosen >= STALLS
    words = ["stalled" if is_any_stall and kind in STALLS else IN_SHORT[kind] for kind in FactKind if kind in chosen]
    return ", ".join(dict.fromkeys(words)).capitalize()


@dataclass(frozen=True)
class ShownTarget:
    """A place where somebody is told."""

    target: AlertTarget
    is_told: bool
    """Whether any rule that is on names it."""
    told_at: datetime | None
    """When it was told last."""

    @property
    def badge(self) -> Badge:
        return ON if self.target.is_enabled else OFF

    @property
    def note(self) -> str:
        """What is worth knowing of it; the time that follows is that of `told_at`."""
        if not self.target.is_legible:
            return "Its address can be read no more, as SECRET_KEY has changed: edit it and fill it in again."
        if self.target.is_enabled and not self.is_told:
            return "No rule tells anything here."
        return "Told last" if self.told_at else "Told nothing yet."


@dataclass(frozen=True)
class ShownRule:
    """A rule in two lines."""

    rule: AlertRule

    @property
    def badge(self) -> Badge:
        if not self.rule.is_enabled:
            return OFF
        return ON if any(target.is_enabled for target in self.rule.targets.all()) else UNHEARD

    @property
    def what(self) -> str:
        return in_short(self.rule.kinds)

    @property
    def which(self) -> str:
        """Of which prints, to whom, and when not: "all printers · to Phone (ntfy) · quiet 22:00 to 07:00"."""
        rule = self.rule
        printers, targets = list(rule.printers.all()), list(rule.targets.all())
        parts = [
            f"On {_listed(printers)}" if printers else "All printers",
            "own jobs only" if rule.own_jobs_only else "",
            f"longer than {display.duration(rule.longer_than_minutes * 60)}" if rule.longer_than_minutes else "",
            f"to {_listed(targets)}" if targets else "to nobody",
            f"quiet {rule.quiet_from:%H:%M}–{rule.quiet_to:%H:%M} ({rule.zone})"
            if rule.quiet_from and rule.quiet_to
            else "",
        ]
        return " · ".join(part for part in parts if part)


def _listed(things: Iterable[object]) -> str:
    return ", ".join(str(thing) for thing in things)


@dataclass(frozen=True)
class ShownAlert:
    """A message in the delivery log."""

    alert: Alert
    attempts: Sequence[AlertAttempt]
    may_send_again: bool
    whose: str
    """Whose target it went to."""
    now: datetime

    @property
    def what(self) -> str:
        return str(FactKind(self.alert.fact.kind).label)

    @property
    def job(self) -> PrintQueue | None:
        """The job that it is about, if everybody may see that still."""
        job = self.alert.fact.job
        return job if job is not None and job.is_enabled else None

    @property
    def to(self) -> str:
        return str(self.alert.target)

    @property
    def badge(self) -> Badge:
        return STATES[AlertState(self.alert.state)]

    @property
    def note(self) -> str:
        """Why it is in its state."""
        return "" if self.alert.state == AlertState.SENT else self.alert.last_error

    @property
    def moment(self) -> tuple[str, datetime] | None:
        """What happened to it or will, and when."""
        if self.alert.state == AlertState.SENT and self.alert.sent_at:
            return "at", self.alert.sent_at
        if self.alert.state == AlertState.WAITING and self.alert.due_at > self.now:
            return ("next try at" if self.attempts else "until"), self.alert.due_at
        return None
