"""What one printer shows at one moment, and the report that says so on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from printqueue.protocol import (
    MAX_ERROR_CODE,
    MAX_ERROR_MESSAGE,
    MAX_FILE_NAME,
    MAX_PRINTER_NAME,
    MAX_RUN_KEY,
    Report,
    ReportState,
    safe_text,
    wire_time,
)


@dataclass(frozen=True, slots=True)
class Readings:
    """What is true of the printer whether or not it prints. Temperatures in °C."""

    nozzle_c: float | None = None
    nozzle_target_c: float | None = None
    bed_c: float | None = None
    bed_target_c: float | None = None
    error_code: str | None = None
    error_message: str = ""
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A printer at one moment. `progress` is in percent, `started_at` in seconds since the epoch."""

    state: ReportState
    run_key: str | None = None
    filename: str | None = None
    progress: float | None = None
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    started_at: float | None = None
    readings: Readings = field(default_factory=Readings)


def report_of(snapshot: Snapshot, *, serial: str, name: str | None, sequence: int, measured_at: float) -> Report:
    """Return the report of `snapshot`, taken at `measured_at` (seconds since the epoch); what is not known is left out."""
    readings = snapshot.readings
    optional: dict[str, Any] = {
        "runKey": _text(snapshot.run_key, MAX_RUN_KEY),
        "progress": snapshot.progress,
        "filename": _text(snapshot.filename, MAX_FILE_NAME),
        "remainingSeconds": snapshot.remaining_seconds,
        "layer": snapshot.layer,
        "totalLayers": snapshot.total_layers,
        "nozzleC": readings.nozzle_c,
        "nozzleTargetC": readings.nozzle_target_c,
        "bedC": readings.bed_c,
        "bedTargetC": readings.bed_target_c,
        "error": _error(readings),
        "startedAt": None if snapshot.started_at is None else _wire(snapshot.started_at),
        "printerName": _text(name, MAX_PRINTER_NAME),
        "model": _text(readings.model, MAX_PRINTER_NAME),
    }
    required = {
        "printer": serial,
        "state": snapshot.state.value,
        "measuredAt": _wire(measured_at),
        "sequence": sequence,
    }
    return cast("Report", required | {key: value for key, value in optional.items() if value is not None})


def _error(readings: Readings) -> dict[str, str] | None:
    if not readings.error_code:
        return None
    return {
        "code": safe_text(readings.error_code, MAX_ERROR_CODE),
        "message": safe_text(readings.error_message, MAX_ERROR_MESSAGE),
    }


def _text(text: str | None, max_length: int) -> str | None:
    return safe_text(text, max_length) if text else None


def _wire(moment: float) -> str:
    return cast("str", wire_time(datetime.fromtimestamp(moment, UTC)))
