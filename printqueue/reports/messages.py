"""What comes in, with every value checked already, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from printqueue.access import Actor
from printqueue.models import PrintRun
from printqueue.protocol import RefusalCode, ReportState, ResultWord

TOO_FAR_AHEAD: Final = timedelta(days=1)
"""A time this far in the future is a mistake; any other wrong clock is corrected."""


SERVER_KEY: Final = "srv:"
PUT_KEY: Final = "put:"
"""What the run keys begin with that we make ourselves; no client may send one like them."""


class Conflict(Exception):
    """The job, its run or its printer is in a state in which this progress makes no sense. The text says which."""


class Invalid(Exception):
    """A value that is right by itself but cannot be right now."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Report:
    """One message about one printer at one moment; None and "" where it did not say. Temperatures in °C."""

    serial: str
    state: ReportState
    measured_at: datetime
    sequence: int | None = None
    run_key: str = ""
    progress: float | None = None
    file_name: str = ""
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    nozzle_c: float | None = None
    nozzle_target_c: float | None = None
    bed_c: float | None = None
    bed_target_c: float | None = None
    error_code: str = ""
    error_message: str = ""
    started_at: datetime | None = None
    printer_name: str = ""
    model: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a report: the run it belongs to, or why it was refused; `field` as the wire names it."""

    result: ResultWord
    run: PrintRun | None = None
    refusal: RefusalCode | None = None
    message: str = ""
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a client that knows its job says of it; `progress` in percent."""

    progress: float
    state: ReportState | None = None
    file_name: str = ""
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    sequence: int | None = None
    measured_at: datetime | None = None


@dataclass(frozen=True)
class Stored:
    """The percent as stored; `is_stale` when nothing was written."""

    progress: float
    is_stale: bool = False


def feeder(actor: Actor, client: str = "") -> str:
    """Return the name under which a run remembers who sends its reports."""
    if actor.key is not None:
        return f"key {actor.key.pk} {client}".strip()
    return f"user {actor.user.pk}" if actor.user is not None else ""
