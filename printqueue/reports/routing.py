"""Which run a report speaks of, and what it does to it. Pure: facts in, a decision out.

The rules are those of the printers, not ours: reports are repeated, late and out of order, and a machine may start
the next print without a word about the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState


@dataclass(frozen=True)
class KnownRun:
    """A run of the reporting printer; `state` in the words of reports, `file_key` normalised."""

    pk: int
    state: ReportState
    last_sequence: int | None = None
    file_key: str = ""

    @property
    def has_known_end(self) -> bool:
        """Whether it ended and nothing can change that; an unknown end may still turn out to be a known one."""
        return self.state in ENDED_STATES and self.state != ReportState.UNKNOWN_END


@dataclass(frozen=True)
class ReportFacts:
    """What decides: `file_key` normalised, "" where the report names no file or no run."""

    state: ReportState
    sequence: int | None = None
    run_key: str = ""
    file_key: str = ""


class Effect(Enum):
    """What a report does to a run."""

    NOTHING = auto()  # it tells of no run, or of one whose end is known
    OPEN = auto()  # a print began
    REMEMBER = auto()  # a print that ended before anybody saw it: history, not an event
    OBSERVE = auto()  # the course or the end of a run
    HEAR = auto()  # idle or offline: the run is on the machine still, and somebody reports


@dataclass(frozen=True)
class Decision:
    """`run` is the pk of the run spoken of. A stale report writes nothing at all."""

    effect: Effect = Effect.NOTHING
    run: int | None = None
    ends_active_run: bool = False
    is_stale: bool = False
    moves_printer: bool = True


def decide(
    report: ReportFacts, *, named: KnownRun | None, active: KnownRun | None, printer_sequence: int | None
) -> Decision:
    """Return what `report` does.

    `named` is the run with the report's run key, `active` the run on the machine (it may be the same), and
    `printer_sequence` the printer's last sequence.
    """
    run = _spoken_of(report, named, active)
    if not _is_newer(report.sequence, printer_sequence):
        if run is not None and _is_late_news(report, run):
            return Decision(Effect.OBSERVE, run.pk, moves_printer=False)
        return Decision(run=run.pk if run else None, is_stale=True)
    if report.state not in ACTIVE_STATES | ENDED_STATES:
        return Decision(Effect.HEAR, active.pk) if active else Decision()
    if run is not None:
        is_another = active is not None and active.pk != run.pk
        if run.has_known_end:
            # Said again after the next print began, it says nothing about what the printer does now, so that the printer
            # does not take its number.
            is_stale = is_another and not _is_newer(report.sequence, run.last_sequence)
            return Decision(run=run.pk, is_stale=is_stale, moves_printer=not is_another)
        return Decision(Effect.OBSERVE, run.pk, ends_active_run=is_another and report.state in ACTIVE_STATES)
    if report.state in ACTIVE_STATES:
        return Decision(Effect.OPEN, ends_active_run=active is not None)
    if report.run_key:
        return Decision(Effect.REMEMBER, ends_active_run=active is not None)
    return Decision()


def _spoken_of(report: ReportFacts, named: KnownRun | None, active: KnownRun | None) -> KnownRun | None:
    if report.state not in ACTIVE_STATES | ENDED_STATES:
        return active
    if report.run_key:
        return named
    if active is None or (report.file_key and active.file_key and report.file_key != active.file_key):
        return None
    return active


def _is_newer(sequence: int | None, last: int | None) -> bool:
    return sequence is None or last is None or sequence > last


def _is_late_news(report: ReportFacts, run: KnownRun) -> bool:
    """Whether an overtaken report still tells its run something: its end, or the course of a run not yet ended."""
    if run.has_known_end or not _is_newer(report.sequence, run.last_sequence):
        return False
    return report.state in ENDED_STATES or (report.state in ACTIVE_STATES and run.state in ACTIVE_STATES)
