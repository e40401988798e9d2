"""Klipper printers behind Moonraker. Reading only: nothing is ever commanded.

What Klipper shows is lost when Klipper restarts, and says `paused` after an emergency stop. Moonraker's history keeps how
each print ended, by an id, so the history decides where it has an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from printqueue.client.config import MoonrakerPrinter
from printqueue.client.drivers.http import Answer, Family, HttpDriver, Known, Look, OutOfSightError, PrinterHttp, Timing
from printqueue.client.drivers.values import celsius, number, table, text, whole
from printqueue.client.runs import Run, Sighting
from printqueue.client.snapshot import Readings
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState

OBJECTS: Final = "/printer/objects/query"
OBJECTS_ASKED: Final = {
    "webhooks": "",
    "print_stats": "",
    "virtual_sdcard": "progress",
    "display_status": "progress",
    "extruder": "temperature,target",
    "heater_bed": "temperature,target",
}
LATEST: Final = "/server/history/list"
ONE_JOB: Final = "/server/history/job"
METADATA: Final = "/server/files/metadata"

STATES: Final = {
    "standby": ReportState.IDLE,
    "printing": ReportState.PRINTING,
    "paused": ReportState.PAUSED,
    "complete": ReportState.COMPLETED,
    "cancelled": ReportState.CANCELLED,
    "error": ReportState.FAILED,
}

ENDS: Final = {
    "completed": ReportState.COMPLETED,
    "cancelled": ReportState.CANCELLED,
    "error": ReportState.FAILED,
    "klippy_shutdown": ReportState.FAILED,
    "klippy_disconnect": ReportState.FAILED,
}
"""What the history says of prints that ended. Of others, `server_exit` and `interrupted`, it knows no end: Moonraker was
stopped or killed, and Klipper may have printed on."""

IN_PROGRESS: Final = "in_progress"

BROKEN: Final = ("shutdown", "error")
"""States of Klipper in which no print goes on. `startup` says nothing: the print is looked up once it is ready."""

SAME_START_SECONDS: Final = 20.0
"""By how much the start of one print may differ from look to look: clocks are set, and answers take time."""

HISTORY_LAG_SECONDS: Final = 10.0
"""So young a print may not be in the history yet, which then still shows the one before."""

ENOUGH_PROGRESS: Final = 0.02
"""Before that share a time extrapolated from it means nothing."""

REFUSED_HINT: Final = (
    "put Moonraker's API key into the configuration (`api_key`), or name this computer's address under "
    "[authorization] trusted_clients in moonraker.conf"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A print in Moonraker's history."""

    id: str
    status: str

    @property
    def end(self) -> ReportState | None:
        """How it ended, None while it has not, or while nobody knows."""
        return ENDS.get(self.status)

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.status == IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was asked: Klipper's objects, the newest job of the history, the known run's job, the file's metadata."""

    objects: dict[str, Any]
    latest: Job | None = None
    own: Job | None = None
    estimated_seconds: float | None = None
    has_m73: bool = False


def moonraker_driver(
    printer: MoonrakerPrinter,
    memory: dict[str, Any] | None,
    timing: Timing | None = None,
    clock: Callable[[], float] = time.time,
) -> HttpDriver:
    """Return the driver of `printer`, with what it had remembered."""
    headers = {"X-Api-Key": printer.api_key} if printer.api_key else {}
    http = PrinterHttp(printer.url, refused_hint=REFUSED_HINT, headers=headers, tls=printer.tls, timing=timing)
    return HttpDriver(printer.name or printer.serial, http, Moonraker(), memory, timing=timing, clock=clock)


class Moonraker(Family):
    """Asks for Klipper's objects and for the newest job; once a print for its estimate; for an older job where it ended."""

    def __init__(self) -> None:
        self._estimate_of: tuple[str, str | None] | None = None
        self._estimate: float | None = None
        self._m73_in: str | None = None

    def look(self, http: PrinterHttp, known: Known, now: float) -> Look | None:
        """Ask the printer and read its answers."""
        objects = _objects(http)
        latest = job_in(http.get(LATEST, limit="1", order="desc"))
        if _is_news(latest, known.run):
            # The objects may be older than the job: a print that ended in between would seem to go on.
            objects = _objects(http)
        facts = Facts(objects, latest, self._own_job(http, latest, known.run))
        facts = replace(facts, has_m73=self._has_m73(facts), estimated_seconds=self._estimated(http, facts))
        return look_at(facts, known, now)

    def _own_job(self, http: PrinterHttp, latest: Job | None, run: Run | None) -> Job | None:
        if run is None or run.native_id is None:
            return None
        if latest is not None and latest.id == run.native_id:
            return latest
        return job_in(http.get(ONE_JOB, uid=run.native_id))

    def _has_m73(self, facts: Facts) -> bool:
        """Whether the slicer's own percent was seen in this print: Klipper shows it apart from the place in the file."""
        name = text(table(facts.objects, "print_stats").get("filename"))
        if name != self._m73_in:
            self._m73_in = None
        if name and _state(facts.objects) == ReportState.PRINTING and _shows_m73(facts.objects):
            self._m73_in = name
        return name is not None and self._m73_in == name

    def _estimated(self, http: PrinterHttp, facts: Facts) -> float | None:
        """The slicer's estimate, asked for once a print."""
        name = text(table(facts.objects, "print_stats").get("filename"))
        if name is None or _state(facts.objects) not in ACTIVE_STATES:
            return None
        print_of = (name, facts.latest.id if facts.latest else None)
        if self._estimate_of != print_of:
            found = table(http.get(METADATA, filename=name).found, "result")
            self._estimate_of, self._estimate = print_of, number(found.get("estimated_time"), 1, 10_000_000)
        return self._estimate


def _objects(http: PrinterHttp) -> dict[str, Any]:
    """Klipper's objects. Raises OutOfSightError when Klipper or Moonraker is away."""
    answer = http.get(OBJECTS, **OBJECTS_ASKED)
    objects = table(answer.found, "result", "status")
    if objects:
        return objects
    said = text(table(answer.body, "error").get("message"))
    if answer.status == 503:
        raise OutOfSightError(
            f"{http.url}: Moonraker runs, but Klipper does not answer ({said or answer.status}): is Klipper running?"
        )
    raise http.unexpected(OBJECTS, answer.status, "Moonraker")


def job_in(answer: Answer) -> Job | None:
    """Return the job in an answer about the history; None when there is none, or no history at all."""
    result = table(answer.found, "result")
    listed = result.get("jobs")
    found = table(listed[0]) if isinstance(listed, list) and listed else table(result, "job")
    job_id, status = text(found.get("job_id")), text(found.get("status"))
    return Job(job_id, status) if job_id and status else None


def _is_news(latest: Job | None, run: Run | None) -> bool:
    """Whether the history shows another job than the known run, or its end."""
    if latest is None:
        return False
    if run is None or run.native_id is None:
        return latest.is_open
    return latest.id != run.native_id or not latest.is_open


def look_at(facts: Facts, known: Known, now: float) -> Look | None:
    """Return what the answers say, given what was known."""
    state = _state(facts.objects)
    ended = _ended(facts, state, known.run, now)
    if state is None and known.run is not None and ended is None:
        return None  # Klipper starts up; what became of the print is told when it is ready, or by the history
    if state in ACTIVE_STATES and _is_next_before_its_id(facts, known.run):
        return None
    run = None if ended is not None else known.run
    seen = _print_seen(facts, state, run, now) if state in ACTIVE_STATES else Sighting(state or ReportState.IDLE)
    return Look(replace(seen, readings=_readings(facts.objects, state)), ended, _not_ready(facts.objects))


def _state(objects: dict[str, Any]) -> ReportState | None:
    """What Klipper does. Its own state comes first: after an emergency stop the print is `paused` or even `printing`.

    None while Klipper starts up.
    """
    klipper = text(table(objects, "webhooks").get("state"))
    if klipper in BROKEN:
        return ReportState.FAILED
    if klipper not in (None, "ready"):
        return None
    return STATES.get(str(table(objects, "print_stats").get("state")), ReportState.IDLE)


def _not_ready(objects: dict[str, Any]) -> str | None:
    webhooks = table(objects, "webhooks")
    state = text(webhooks.get("state"))
    if state in (None, "ready"):
        return None
    message = " ".join((text(webhooks.get("state_message")) or "").split())
    return f"Klipper is not ready ({state}): {message or 'no reason given'}"


def _ended(facts: Facts, state: ReportState | None, run: Run | None, now: float) -> ReportState | None:
    """How the known run ended: as the history says it, else as Klipper shows it, else nobody knows; None: it goes on."""
    if run is None:
        return None
    if facts.own is not None and facts.own.end is not None:
        return facts.own.end
    if state in ACTIVE_STATES:
        return ReportState.UNKNOWN_END if _is_replaced(facts, run, now) else None
    if state is None:
        return None
    is_of_run = run.native_id is None or facts.latest is None or facts.latest.id == run.native_id
    return state if state in ENDED_STATES and is_of_run else ReportState.UNKNOWN_END


def _is_replaced(facts: Facts, run: Run, now: float) -> bool:
    """Whether another print runs: by its id, or by its name and start where the history has lost count or is absent."""
    latest = facts.latest
    if latest is not None and latest.id == run.native_id and latest.is_open:
        return False
    is_new = latest is not None and latest.is_open and run.native_id is not None
    return _has_other_start(facts, run, now) if not is_new or _lost_count(facts) else True


def _lost_count(facts: Facts) -> bool:
    """Whether Moonraker was stopped in the middle of the known print: it may count the rest of it as another."""
    return facts.own is not None and not facts.own.is_open and facts.own.end is None


def _has_other_start(facts: Facts, run: Run, now: float) -> bool:
    print_stats = table(facts.objects, "print_stats")
    path, age = text(print_stats.get("filename")), number(print_stats.get("total_duration"), 0, 10_000_000)
    if path and run.title and path != run.title:
        return True
    percent = _percent(facts)
    fell = percent is not None and run.percent is not None and percent < run.percent
    is_later = age is not None and run.started_at is not None and now - age > run.started_at + SAME_START_SECONDS
    return fell and is_later


def _is_next_before_its_id(facts: Facts, run: Run | None) -> bool:
    """Whether this is the first moment of a print that the history does not know yet, while it shows the known run.

    Taken in, the young print's numbers would be the old one's.
    """
    age = number(table(facts.objects, "print_stats").get("total_duration"), 0, 10_000_000)
    if run is None or facts.own is None or not facts.own.is_open or age is None:
        return False
    percent = _percent(facts)
    return age < HISTORY_LAG_SECONDS and percent is not None and (run.percent or 0.0) > percent + 5


def _print_seen(facts: Facts, state: ReportState, run: Run | None, now: float) -> Sighting:
    print_stats = table(facts.objects, "print_stats")
    info = table(print_stats, "info")
    path = text(print_stats.get("filename"))
    job_id = facts.latest.id if facts.latest is not None and facts.latest.is_open else None
    if run is not None and run.native_id is not None:
        job_id = run.native_id
    age = number(print_stats.get("total_duration"), 0, 10_000_000)
    return Sighting(
        state=state,
        title=path,
        name=path.rsplit("/", 1)[-1] if path else None,
        native_id=job_id,
        percent=_percent_of_run(facts, state, run),
        remaining_seconds=_remaining(facts, print_stats),
        layer=whole(info.get("current_layer"), 0, 1_000_000),
        total_layers=whole(info.get("total_layer"), 0, 1_000_000),
        started_at=None if age is None else now - age,
    )


def _percent_of_run(facts: Facts, state: ReportState, run: Run | None) -> float | None:
    """The percent as far as it is news; None leaves what was known."""
    if run is not None and run.percent is not None:
        if state == ReportState.PAUSED:
            return None  # Klipper forgets the slicer's percent in a pause and shows the place in the file
        if facts.has_m73 and not _shows_m73(facts.objects):
            return None
    percent = _percent(facts)
    if run is None or run.percent is None or run.native_id is None or percent is None:
        return percent
    return percent if percent >= run.percent else None


def _percent(facts: Facts) -> float | None:
    by_slicer = number(table(facts.objects, "display_status").get("progress"), 0, 1)
    by_place = number(table(facts.objects, "virtual_sdcard").get("progress"), 0, 1)
    share = by_slicer if by_slicer is not None else by_place
    return None if share is None else round(share * 100, 2)


def _shows_m73(objects: dict[str, Any]) -> bool:
    by_slicer = number(table(objects, "display_status").get("progress"), 0, 1)
    by_place = number(table(objects, "virtual_sdcard").get("progress"), 0, 1)
    return by_slicer is not None and by_slicer != by_place


def _remaining(facts: Facts, print_stats: dict[str, Any]) -> int | None:
    """Not told by Klipper: the slicer's estimate less the time printed, else what the share printed lets expect."""
    printed = number(print_stats.get("print_duration"), 0, 10_000_000)
    percent = _percent(facts)
    if printed is None:
        return None
    if facts.estimated_seconds is not None and facts.estimated_seconds > printed:
        return round(facts.estimated_seconds - printed)
    if not printed or percent is None or percent < ENOUGH_PROGRESS * 100:
        return None
    return round(printed / (percent / 100) - printed)


def _readings(objects: dict[str, Any], state: ReportState | None) -> Readings:
    nozzle, bed = table(objects, "extruder"), table(objects, "heater_bed")
    message = _not_ready(objects) or text(table(objects, "print_stats").get("message"))
    is_wrong = state == ReportState.FAILED
    return Readings(
        nozzle_c=celsius(nozzle.get("temperature")),
        nozzle_target_c=celsius(nozzle.get("target")),
        bed_c=celsius(bed.get("temperature")),
        bed_target_c=celsius(bed.get("target")),
        error_code="klipper" if is_wrong else None,
        error_message=(message or "Klipper reports an error.") if is_wrong else "",
    )
