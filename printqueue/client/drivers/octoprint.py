"""OctoPrint, over its REST API. Reading only: nothing is ever commanded.

The API has no id of a print, and what it shows at the end of one does not stay: completion 100 until the next file is
selected, "Cancelling" for about a second. What stays is the record that OctoPrint keeps with each file: so the id of a
print is when the last print of its file had ended before it, and the next entry in that record tells how it ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from printqueue.client.config import OctoPrintPrinter
from printqueue.client.drivers.http import (
    Family,
    HttpDriver,
    Known,
    Look,
    OutOfSightError,
    PrinterHttp,
    RefusedError,
    Timing,
)
from printqueue.client.drivers.values import celsius, number, table, text
from printqueue.client.runs import Run, Sighting
from printqueue.client.snapshot import Readings
from printqueue.protocol import ACTIVE_STATES, ReportState

JOB: Final = "/api/job"
PRINTER: Final = "/api/printer"
FILES: Final = "/api/files/local/"
CURRENT_USER: Final = "/api/currentuser"
NOT_CONNECTED, NOT_FOUND = 409, 404

GLOBAL_KEY_USER: Final = "_api"
ON_SD_CARD: Final = "sd"
"""Stands for the id of a print from the printer's own card, of whose files OctoPrint keeps no record."""

SETTLE_SECONDS: Final = 10.0
"""How long the record of a file may lag behind the end of its print: OctoPrint writes it in the background."""

SEEN_LIVE_SECONDS: Final = 30.0
"""Nobody reconnects a printer within this time: after a shorter gap an end is judged as if it had been seen."""

FELL_PERCENT: Final = 1.0
"""Completion is a place in the file, which goes only forward: this much back, and the file was started anew."""

REFUSED_HINT: Final = (
    "make a key in OctoPrint under Settings, Application Keys, for a user who may read the status and the list of files, "
    "and put it into the configuration as `api_key`; the global API key stops working with OctoPrint 1.13"
)


@dataclass(frozen=True, slots=True)
class View:
    """What OctoPrint shows at one moment. `is_done`: it shows a whole file as printed."""

    state: ReportState
    cancelling: bool = False
    path: str | None = None
    name: str | None = None
    is_local: bool = False
    percent: float | None = None
    remaining_seconds: int | None = None
    is_done: bool = False
    text: str = ""
    readings: Readings = field(default_factory=Readings)

    @property
    def is_active(self) -> bool:
        """Whether a print is on the machine."""
        return self.state in ACTIVE_STATES


def octoprint_driver(
    printer: OctoPrintPrinter,
    memory: dict[str, Any] | None,
    timing: Timing | None = None,
    clock: Callable[[], float] = time.time,
) -> HttpDriver:
    """Return the driver of `printer`, with what it had remembered."""
    label = printer.name or printer.serial
    headers = {"X-Api-Key": printer.api_key}
    http = PrinterHttp(printer.url, refused_hint=REFUSED_HINT, headers=headers, tls=printer.tls, timing=timing)
    return HttpDriver(label, http, OctoPrint(), memory, timing=timing, clock=clock)


class OctoPrint(Family):
    """Asks for the job and the printer, and for the record of a file when a print of it begins or ends."""

    def __init__(self) -> None:
        self._over_since: float | None = None
        self._knows_the_key = False
        self._warning: str | None = None

    def look(self, http: PrinterHttp, known: Known, now: float) -> Look | None:
        """Ask OctoPrint and read its answers."""
        view = self._view(http)
        if not self._knows_the_key:
            self._look_at_the_key(http)
        path = record_wanted(view, known)
        record = None if path is None else self._record(http, path)
        self._over_since = (self._over_since or now) if is_over(view, known.run) else None
        waited = 0.0 if self._over_since is None else now - self._over_since
        look = look_at(view, record, known, is_patient=0 <= waited < SETTLE_SECONDS)
        return None if look is None else replace(look, warning=self._warning)

    def _view(self, http: PrinterHttp) -> View:
        job, printer = http.get(JOB), http.get(PRINTER)
        if not text(job.found.get("state")) or not (table(printer.found, "state") or printer.status == NOT_CONNECTED):
            path, status = (PRINTER, printer.status) if job.found else (JOB, job.status)
            raise http.unexpected(path, status, "OctoPrint")
        return view_of(job.found, printer.found)

    def _record(self, http: PrinterHttp, path: str) -> dict[str, Any] | None:
        """The record of a file, empty when there is none; None when it could not be had this time."""
        try:
            answer = http.get(FILES + quote(path))
        except RefusedError:
            return {}  # the key may not list files: said when it was first used
        if answer.status == NOT_FOUND:
            return {}
        return answer.found or None

    def _look_at_the_key(self, http: PrinterHttp) -> None:
        """Ask once whose key it is: it may work today and not for long, or not for everything."""
        self._warning = trouble_with_key(http.get(CURRENT_USER).found)
        self._knows_the_key = True


def trouble_with_key(user: dict[str, Any]) -> str | None:
    """Return what is wrong with a key that OctoPrint takes as that of `user` (its answer about the current user)."""
    if user.get("name") == GLOBAL_KEY_USER:
        return (
            "`api_key` is OctoPrint's global API key, which stops working with OctoPrint 1.13: make a key of its own under "
            "Settings, Application Keys"
        )
    permissions = user.get("permissions")
    if isinstance(permissions, list) and not {"FILES_LIST", "ADMIN"} & {str(key) for key in permissions}:
        return (
            "the user of `api_key` may not list files, so an end that was not seen stays unknown: give that permission "
            "in OctoPrint under Settings, Access Control"
        )
    return None


def view_of(job: dict[str, Any], printer: dict[str, Any]) -> View:
    """Return what /api/job and /api/printer show together; `printer` is empty when none is connected to OctoPrint."""
    flags, said = table(table(printer, "state"), "flags"), text(job.get("state")) or ""
    state = _state(flags, said)
    is_active = state in ACTIVE_STATES
    file, progress = table(table(job, "job"), "file"), table(job, "progress")
    percent = number(progress.get("completion"), 0, 100)
    remaining = number(progress.get("printTimeLeft"), 0, 1e8)
    return View(
        state=state,
        cancelling=is_active and flags.get("cancelling") is True,
        path=text(file.get("path")) or text(file.get("name")),
        name=text(file.get("display")) or text(file.get("name")),
        is_local=file.get("origin") == "local",
        # While it prints, a 100 is the last print's, or the file was sent and the printer is not yet through with it.
        percent=percent if is_active and percent != 100 else None,
        remaining_seconds=round(remaining) if is_active and remaining is not None else None,
        is_done=not is_active and percent == 100,
        text=said,
        readings=_readings(job, printer, said),
    )


def record_wanted(view: View, known: Known) -> str | None:
    """Return the path of the local file whose record is needed to understand `view`, None when none is."""
    run = known.run
    if run is None:
        return view.path if view.is_active and view.is_local else None
    if run.native_id == ON_SD_CARD:
        return None
    if is_over(view, run):
        return run.title
    return run.title if run.native_id is None or known.gap_seconds > 0 else None


def is_over(view: View, run: Run | None) -> bool:
    """Whether `run` is no longer what OctoPrint prints."""
    if run is None:
        return False
    if not view.is_active or (view.path or run.title) != run.title:
        return True
    if view.state == ReportState.PREPARING:
        return run.state != ReportState.PREPARING
    return view.percent is not None and run.percent is not None and view.percent < run.percent - FELL_PERCENT


def look_at(view: View, record: dict[str, Any] | None, known: Known, *, is_patient: bool) -> Look | None:
    """Return what a view and the record that it wanted say; None while a missing record is still waited for.

    Raises OutOfSightError when a print goes on where OctoPrint cannot see it.
    """
    run = known.run
    ended = None
    if run is not None and (is_over(view, run) or _ended_unseen(run, record, known)):
        ended = _end_told(run, view, record, known)
        if ended is None:
            ended = _end_without_record(run, view, known, is_patient=is_patient)
            if ended is None:
                return None
    goes_on = run if ended is None else None
    return Look(_sighting(view, record, goes_on, known.run), ended, _not_ready(view))


def _sighting(view: View, record: dict[str, Any] | None, goes_on: Run | None, known_run: Run | None) -> Sighting:
    if not view.is_active:
        return Sighting(ReportState.IDLE, readings=view.readings)
    is_record_of_this = known_run is None or known_run.title == view.path
    native_id = goes_on.native_id if goes_on is not None else None
    return Sighting(
        state=view.state,
        title=view.path,
        name=view.name,
        native_id=native_id or _native_id(view, record if is_record_of_this else None),
        percent=view.percent,
        remaining_seconds=view.remaining_seconds,
        cancelled=view.cancelling,
        readings=view.readings,
    )


def _native_id(view: View, record: dict[str, Any] | None) -> str | None:
    """What tells this print of its file from the others; None until the record was read."""
    if not view.is_local:
        return ON_SD_CARD
    return None if record is None else _last_print(record)[0]


def _not_ready(view: View) -> str | None:
    if view.state != ReportState.OFFLINE:
        return None
    error = f" ({view.readings.error_message})" if view.readings.error_message else ""
    return (
        f"OctoPrint answers, but its printer is not connected ({view.text}){error}: is the printer on, and is its cable "
        "in? Then press Connect in OctoPrint"
    )


def _state(flags: dict[str, Any], said: str) -> ReportState:
    """One word for the flags of /api/printer. "Starting" is no flag, and a copy to the SD card looks like a print."""
    up = {name for name, value in flags.items() if value is True}
    if up & {"closedOrError", "error"} or not up:
        return ReportState.OFFLINE
    if said.startswith(("Sending file to SD", "Transferring file to SD")):
        return ReportState.IDLE
    if "cancelling" not in up and up & {"paused", "pausing"}:
        return ReportState.PAUSED
    if said.startswith("Starting"):
        return ReportState.PREPARING
    return ReportState.PRINTING if up & {"printing", "cancelling", "resuming", "finishing"} else ReportState.IDLE


def _ended_unseen(run: Run, record: dict[str, Any] | None, known: Known) -> bool:
    """Whether the record tells of an end while we looked away, although the same file is printed."""
    return known.gap_seconds > 0 and _success(run, record) is not None


def _end_told(run: Run, view: View, record: dict[str, Any] | None, known: Known) -> ReportState | None:
    """How `run` ended, if OctoPrint says it; None when it does not."""
    if run.cancel_seen:
        return ReportState.CANCELLED
    success = _success(run, record)
    if success is None:
        return None
    if success:
        return ReportState.COMPLETED
    # The record counts a cancel as a failure. Seen live, a failure leaves OctoPrint without its printer, a cancel does not.
    is_cancel = view.state != ReportState.OFFLINE and known.gap_seconds <= SEEN_LIVE_SECONDS
    return ReportState.CANCELLED if is_cancel else ReportState.FAILED


def _end_without_record(run: Run, view: View, known: Known, *, is_patient: bool) -> ReportState | None:
    """How `run` ended, when no record tells: there is none of the SD card's files, or it may not be read."""
    if run.native_id == ON_SD_CARD and view.state == ReportState.OFFLINE:
        raise OutOfSightError(
            "OctoPrint has lost its printer, which may go on printing from its card: press Connect in OctoPrint"
        )
    if run.native_id != ON_SD_CARD and not view.is_active and is_patient:
        return None
    if view.is_done and view.path == run.title:
        return ReportState.COMPLETED
    if known.gap_seconds > SEEN_LIVE_SECONDS or view.is_active:
        return ReportState.UNKNOWN_END
    if view.state == ReportState.OFFLINE:
        return ReportState.FAILED
    return ReportState.CANCELLED if view.path == run.title else ReportState.UNKNOWN_END


def _success(run: Run, record: dict[str, Any] | None) -> bool | None:
    """Whether `run` went well, by the record of its file; None when that tells of no print since it began."""
    native_id, success = _last_print(record or {})
    # Another one than at the start, not a later one: the clock of a Raspberry Pi may be set back at any time.
    return None if run.native_id in (None, native_id) else success


def _last_print(record: dict[str, Any]) -> tuple[str, bool | None]:
    """When the last print of a file ended (by OctoPrint's clock; "0": never), and whether it went well."""
    last = table(table(record, "prints"), "last")
    date, success = number(last.get("date"), 0, 1e11), last.get("success")
    return ("0" if date is None else f"{date:.3f}"), success if isinstance(success, bool) else None


def _readings(job: dict[str, Any], printer: dict[str, Any], said: str) -> Readings:
    temperatures = table(printer, "temperature")
    nozzle, bed = table(temperatures, "tool0"), table(temperatures, "bed")
    error = text(job.get("error")) or text(table(printer, "state").get("error"))
    return Readings(
        nozzle_c=celsius(nozzle.get("actual")),
        nozzle_target_c=celsius(nozzle.get("target")),
        bed_c=celsius(bed.get("actual")),
        bed_target_c=celsius(bed.get("target")),
        error_code=(said or "Error") if error else None,
        error_message=error or "",
    )
