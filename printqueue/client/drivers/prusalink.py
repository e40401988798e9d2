"""Prusa printers with PrusaLink (`/api/v1`). Reading only: nothing is ever commanded.

A job has an id that only rises, but the job is gone from the answers as soon as it ended, and a MK3 shows the end itself
for 11 s. So the id is remembered, and an end that nobody saw is one that nobody knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx2

from printqueue.client.config import PrusaLinkPrinter
from printqueue.client.drivers.http import Family, HttpDriver, Known, Look, PrinterHttp, Timing
from printqueue.client.drivers.values import celsius, number, table, text, whole
from printqueue.client.runs import WENT_BACK_PERCENT, Run, Sighting
from printqueue.client.snapshot import Readings
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState, file_name_key

STATUS: Final = "/api/v1/status"
JOB: Final = "/api/v1/job"

STATES: Final = {
    "IDLE": ReportState.IDLE,
    "READY": ReportState.IDLE,
    "BUSY": ReportState.PREPARING,
    "PRINTING": ReportState.PRINTING,
    "PAUSED": ReportState.PAUSED,
    "ATTENTION": ReportState.PAUSED,
    "FINISHED": ReportState.COMPLETED,
    "STOPPED": ReportState.CANCELLED,
    "ERROR": ReportState.FAILED,
}
NEEDS_A_JOB: Final = ("BUSY", "ATTENTION")
"""States that an idle printer has too: homing, or asking for something, without a print."""

AN_END_MAY_BE_ANOTHER_S_SECONDS: Final = 15 * 60.0
"""An end without an id, found after a longer absence, may be that of a print that came and went meanwhile."""

NEARLY_DONE_PERCENT: Final = 99.0

REFUSED_HINT: Final = (
    "read the API key, or user name and password, again in the printer's settings under PrusaLink and put them into the "
    "configuration"
)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What two answers say together: the state by name, the job while there is one, its file."""

    state: str
    job: dict[str, Any]
    file: dict[str, Any]

    @property
    def job_id(self) -> str | None:
        """The job's id as text; 0 is one too."""
        found = whole(self.job.get("id"), 0, 2**53)
        return None if found is None else str(found)


def prusalink_driver(
    printer: PrusaLinkPrinter,
    memory: dict[str, Any] | None,
    timing: Timing | None = None,
    clock: Callable[[], float] = time.time,
) -> HttpDriver:
    """Return the driver of `printer`, with what it had remembered."""
    digest = httpx2.DigestAuth(printer.username, printer.password) if printer.username and printer.password else None
    headers = {"X-Api-Key": printer.api_key} if printer.api_key else {}
    http = PrinterHttp(
        printer.url, refused_hint=REFUSED_HINT, headers=headers, auth=digest, tls=printer.tls, timing=timing
    )
    return HttpDriver(printer.name or printer.serial, http, PrusaLink(), memory, timing=timing, clock=clock)


class PrusaLink(Family):
    """Asks for the status, and for the job while there is one."""

    def look(self, http: PrinterHttp, known: Known, now: float) -> Look | None:
        """Ask the printer and read its answers."""
        answer = http.get(STATUS)
        if not text(table(answer.found, "printer").get("state")):
            raise http.unexpected(STATUS, answer.status, "PrusaLink")
        job = http.get(JOB).found if _has_job(answer.found) else {}
        return look_at(answer.found, job, known, now)


def look_at(status: dict[str, Any], job: dict[str, Any], known: Known, now: float) -> Look:
    """Return what a status and a job say, given what was known; `job` is empty while there is none."""
    facts = _facts(status, job)
    state = _state(facts, known.run)
    ended = _ended(facts, state, known)
    run = known.run if ended is None else None
    sighting = _print_seen(facts, state, run, now) if state in ACTIVE_STATES else Sighting(state)
    return Look(_with_readings(sighting, status), ended)


def _has_job(status: dict[str, Any]) -> bool:
    return bool(table(status, "job")) or STATES.get(str(table(status, "printer").get("state"))) in ACTIVE_STATES


def _facts(status: dict[str, Any], job: dict[str, Any]) -> _Facts:
    """The status is the newer of the two as to the state; a job that it does not mean tells nothing."""
    brief = table(status, "job")
    if brief.get("id") is not None and job.get("id") is not None and brief["id"] != job["id"]:
        job = {}
    state = str(table(status, "printer").get("state")).upper()
    return _Facts(state, {**job, **brief}, table(job, "file"))


def _state(facts: _Facts, run: Run | None) -> ReportState:
    state = STATES.get(facts.state, ReportState.IDLE)
    if facts.state in NEEDS_A_JOB and facts.job_id is None:
        return ReportState.IDLE
    is_under_way = run is not None and run.state != ReportState.PREPARING and run.native_id == facts.job_id
    if state == ReportState.PREPARING and is_under_way:
        return ReportState.PRINTING  # busy in the middle of a print (a filament change), not before another
    return state


def _ended(facts: _Facts, state: ReportState, known: Known) -> ReportState | None:
    """How the known run ended where that needs more than the state: None leaves it to the state."""
    if known.run is None:
        return None
    if state in ACTIVE_STATES:
        return ReportState.UNKNOWN_END if _has_its_id_from_another(facts, known.run, known.gap_seconds) else None
    if state not in ENDED_STATES:
        return ReportState.UNKNOWN_END
    is_another = facts.job_id is not None and known.run.native_id not in (None, facts.job_id)
    if is_another or (facts.job_id is None and known.gap_seconds > AN_END_MAY_BE_ANOTHER_S_SECONDS):
        return ReportState.UNKNOWN_END
    return state


def _has_its_id_from_another(facts: _Facts, run: Run, gap_seconds: float) -> bool:
    """Whether the id came round while the printer was out of sight, as it can after a reset."""
    if not gap_seconds or facts.job_id is None or run.native_id != facts.job_id:
        return False
    name, percent = _name(facts), number(facts.job.get("progress"), 0, 100)
    if name and run.name and file_name_key(name) != file_name_key(run.name):
        return True
    return percent is not None and run.percent is not None and percent < run.percent - WENT_BACK_PERCENT


def _name(facts: _Facts) -> str | None:
    """The long name; `name` is 8.3 on Buddy."""
    return text(facts.file.get("display_name")) or text(facts.file.get("name"))


def _print_seen(facts: _Facts, state: ReportState, run: Run | None, now: float) -> Sighting:
    known = run if run is not None and run.native_id == facts.job_id else None
    percent = number(facts.job.get("progress"), 0, 100)
    if percent is not None and known is not None and known.percent is not None and percent < known.percent:
        percent = None  # what was printed stays printed
    name = _name(facts)
    return Sighting(
        state=state,
        title=name,
        name=name,
        native_id=facts.job_id,
        percent=percent,
        remaining_seconds=_remaining(facts.job, percent),
        started_at=_started_at(facts.job, percent, now),
    )


def _remaining(job: dict[str, Any], percent: float | None) -> int | None:
    """Buddy firmware says 0 s for minutes while it does not know; only near the end is that what it means."""
    remaining = whole(job.get("time_remaining"), 0, 10_000_000)
    is_unknown = remaining == 0 and (percent is None or percent < NEARLY_DONE_PERCENT)
    return None if is_unknown else remaining


def _started_at(job: dict[str, Any], percent: float | None, now: float) -> float | None:
    """The start by the time that was printed; a new job's first answer still has the numbers of the last one."""
    printed = number(job.get("time_printing"), 1, 10_000_000)
    return None if printed is None or percent is None or percent == 100 else now - printed


def _with_readings(sighting: Sighting, status: dict[str, Any]) -> Sighting:
    printer = table(status, "printer")
    said = table(printer, "status_printer")
    is_well = said.get("ok") is not False and printer.get("state") != "ERROR"
    readings = Readings(
        nozzle_c=celsius(printer.get("temp_nozzle")),
        nozzle_target_c=celsius(printer.get("target_nozzle")),
        bed_c=celsius(printer.get("temp_bed")),
        bed_target_c=celsius(printer.get("target_bed")),
        error_code=None if is_well else "error",
        error_message="" if is_well else text(said.get("message")) or "The printer shows an error.",
    )
    return replace(sighting, readings=readings)
