"""A printer that exists only here: for the demo, for trying things out, and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from printqueue.client.config import SimulatedPrinter
from printqueue.client.runs import SHOW_END_SECONDS
from printqueue.client.snapshot import Readings, Snapshot
from printqueue.protocol import ReportState

BREAKS_AT_SHARE: Final = 0.6
"""How far a print comes that fails or is cancelled."""

PREPARING_SHARE: Final = 0.02
ROOM_C, NOZZLE_C, BED_C = 22.0, 215.0, 60.0
HOT_AFTER_SHARE: Final = 0.01
LAYERS: Final = 160


class SimulatedDriver:
    """Prints its files in turn. What it shows depends only on the clock and on the moment it was first started."""

    def __init__(self, printer: SimulatedPrinter, memory: dict[str, Any] | None) -> None:
        self._printer = printer
        first_start = (memory or {}).get("first_start")
        self._first_start = float(first_start) if isinstance(first_start, int | float) else None

    def start(self) -> None:
        """Nothing to connect to."""

    def stop(self) -> None:
        """Nothing to let go of."""

    def is_known(self) -> bool:
        """A simulated printer is always in sight."""
        return True

    def trouble(self) -> str | None:
        """A simulated printer has none."""
        return None

    def memory(self) -> dict[str, Any] | None:
        """Return the moment of the first start, so that a restart goes on with the same print."""
        return None if self._first_start is None else {"first_start": self._first_start}

    def poll(self, now: float) -> list[Snapshot]:
        """Return what the printer shows at `now` (seconds since the epoch)."""
        if self._first_start is None:
            self._first_start = now - self._printer.start_at_seconds / self._printer.speed
        return [snapshot_at(self._printer, self._first_start, now)]


@dataclass(frozen=True, slots=True)
class _Moment:
    """Where in its cycle the printer is: the `number`-th print began at `began`, `elapsed` seconds ago."""

    number: int
    began: float
    elapsed: float


def snapshot_at(printer: SimulatedPrinter, first_start: float, now: float) -> Snapshot:
    """Return what `printer` shows at `now` if it began its first print at `first_start` (both in epoch seconds)."""
    moment = _moment(printer, first_start, now)
    run_key = f"{moment.number + 1}@{int(moment.began)}"
    filename = printer.files[moment.number % len(printer.files)]
    since_end = moment.elapsed - _run_seconds(printer)
    if since_end >= SHOW_END_SECONDS:
        return Snapshot(ReportState.IDLE, readings=_readings(0.0, at_work=False))
    state, share = _progress(printer, moment.elapsed)
    numbers: dict[str, Any] = {}
    if state != ReportState.PREPARING:
        numbers = {
            "progress": round(100 * share, 2),
            "remaining_seconds": round((1 - share) * printer.seconds / printer.speed),
            "layer": round(share * LAYERS),
            "total_layers": LAYERS,
        }
    readings = _readings(share, at_work=since_end < 0)
    return Snapshot(state, run_key, filename, started_at=moment.began, readings=readings, **numbers)


def _moment(printer: SimulatedPrinter, first_start: float, now: float) -> _Moment:
    elapsed = max(0.0, now - first_start)
    cycle = _run_seconds(printer) + printer.rest_seconds
    number = int(elapsed // cycle) if printer.repeat else 0
    return _Moment(number, first_start + number * cycle, elapsed - number * cycle)


def _run_seconds(printer: SimulatedPrinter) -> float:
    """How long a print takes on the clock on the wall, pause included."""
    last_share = 1.0 if printer.outcome == ReportState.COMPLETED else BREAKS_AT_SHARE
    paused = printer.pause_seconds if _pauses(printer, last_share) else 0.0
    return (printer.seconds * last_share + paused) / printer.speed


def _progress(printer: SimulatedPrinter, elapsed: float) -> tuple[ReportState, float]:
    """Return the state `elapsed` seconds after the start and the share of the print that is done."""
    last_share = 1.0 if printer.outcome == ReportState.COMPLETED else BREAKS_AT_SHARE
    worked = elapsed * printer.speed
    if _pauses(printer, last_share):
        until_pause = printer.seconds * (printer.pause_at_percent or 0.0) / 100
        if until_pause <= worked < until_pause + printer.pause_seconds:
            return ReportState.PAUSED, until_pause / printer.seconds
        worked = worked if worked < until_pause else worked - printer.pause_seconds
    share = worked / printer.seconds
    if share >= last_share:
        return ReportState(printer.outcome), last_share
    return (ReportState.PREPARING if share < PREPARING_SHARE else ReportState.PRINTING), share


def _pauses(printer: SimulatedPrinter, last_share: float) -> bool:
    return printer.pause_at_percent is not None and printer.pause_at_percent / 100 < last_share


def _readings(share: float, *, at_work: bool) -> Readings:
    """Heat up at the start, stay hot at work, be cold afterwards."""
    if not at_work:
        return Readings(ROOM_C, 0.0, ROOM_C, 0.0, model="Simulated")
    warm = min(1.0, share / HOT_AFTER_SHARE)
    nozzle, bed = (round(ROOM_C + (target - ROOM_C) * warm, 1) for target in (NOZZLE_C, BED_C))
    return Readings(nozzle, NOZZLE_C, bed, BED_C, model="Simulated")
