"""What Bambu Lab printers say over MQTT, put into our words. Pure: bytes and dicts in, values out.

Fields are read under `print` of messages whose `command` is `push_status`. P1 and A1 send only what changed, so the
messages are merged before they are read. Echoes of commands share the envelope and even field names; they are no reports.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from printqueue.client.drivers.values import table, text
from printqueue.client.runs import Sighting
from printqueue.client.snapshot import Readings
from printqueue.protocol import ReportState, safe_text

Status = dict[str, Any]

STATES: Final = {
    "IDLE": ReportState.IDLE,
    "PREPARE": ReportState.PREPARING,
    "SLICING": ReportState.PREPARING,
    "RUNNING": ReportState.PRINTING,
    "PAUSE": ReportState.PAUSED,
    "FINISH": ReportState.COMPLETED,
    "FAILED": ReportState.FAILED,
}

CANCELLED_BY_A_PERSON: Final = frozenset({0x0300_400C, 0x0500_400E})
"""Both a cancel and a failure end in FAILED; only these codes tell them apart. `print_error` is cleared after 2 s."""

FIRST_REAL_ERROR: Final = 0x4000
"""Lower halves of `print_error` below this are states, not errors."""

NO_ID: Final = frozenset({"", "0", str(2**31 - 1)})
"""Prints from the memory card have "0" or "". P1S cuts larger ids to the greatest one it knows: many prints share that."""

NOZZLES: Final = "nozzles"
"""Where `merge` keeps the nozzles of a printer with several: `state`, and `temps` by id."""

_FIELDS: Final = frozenset(
    (
        *("gcode_state", "gcode_file", "subtask_name", "subtask_id", "task_id", "job_id"),
        *("mc_percent", "percent", "mc_remaining_time", "remain_time", "layer_num", "total_layer_num", "3D"),
        *("print_error", "fail_reason"),
        *("nozzle_temper", "nozzle_target_temper", "bed_temper", "bed_target_temper"),
    )
)
_PLATE_FILE: Final = re.compile(r"plate_\d+\.gcode")


def decode(payload: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `payload`, None when there is none. Some firmware sends text that is not UTF-8."""
    try:
        decoded = payload.decode("utf-8")
    except UnicodeDecodeError:
        decoded = payload.decode("latin-1")
    try:
        message = json.loads(decoded)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def status_in(message: dict[str, Any]) -> Status | None:
    """Return the report in `message`, None when it is something else (an echo of a command, a version, …)."""
    report = message.get("print")
    return report if isinstance(report, dict) and report.get("command") == "push_status" else None


def is_whole(report: Status) -> bool:
    """Whether `report` says everything and not only what changed. Newer models leave `msg` out of whole reports."""
    return report.get("msg", 0) == 0 and "gcode_state" in report


def merge(known: Status, report: Status) -> Status:
    """Return `known` overlaid with `report`. Only fields that are read are kept, so the result stays small."""
    merged = dict(known)
    for key in _FIELDS & report.keys():
        value = report[key]
        both_nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merged[key] | value if both_nested else value
    if extruder := table(report, "device", "extruder"):
        merged[NOZZLES] = _merged_nozzles(known.get(NOZZLES, {}), extruder)
    return merged


def _merged_nozzles(known: dict[str, Any], extruder: dict[str, Any]) -> dict[str, Any]:
    """Deltas name only what changed: which nozzle is at work, or the one whose temperature is another."""
    info = extruder.get("info")
    listed = [one for one in info if isinstance(one, dict) and "temp" in one] if isinstance(info, list) else []
    return {
        "state": extruder.get("state", known.get("state")),
        "temps": known.get("temps", {}) | {str(one.get("id")): one["temp"] for one in listed},
    }


def model_in(message: dict[str, Any]) -> str | None:
    """Return the model named in an answer to `get_version` ("Bambu Lab A1 mini"), None in any other message."""
    info = message.get("info")
    modules = info.get("module") if isinstance(info, dict) else None
    for module in modules if isinstance(modules, list) else []:
        if isinstance(module, dict) and module.get("name") == "ota" and isinstance(module.get("product_name"), str):
            return module["product_name"] or None
    return None


def sighting_of(status: Status, model: str | None = None) -> Sighting | None:
    """Return what a merged status shows, None while it names no state that we know."""
    state = STATES.get(str(status.get("gcode_state")))
    if state is None:
        return None
    error = _whole(status.get("print_error"), -(2**31), 2**32) or 0
    cancelled = _is_cancel(status, state, error)
    subtask_name = text(status.get("subtask_name"))
    name = _file_name(text(status.get("gcode_file")), subtask_name)
    return Sighting(
        state=ReportState.CANCELLED if cancelled and state == ReportState.FAILED else state,
        title=subtask_name or name,
        name=name,
        native_id=_native_id(status),
        percent=_number(_first(status, "mc_percent", "percent"), 0, 100),
        remaining_seconds=_seconds(_first(status, "mc_remaining_time", "remain_time")),
        layer=_whole(_layer(status, "layer_num"), 0, 1_000_000),
        total_layers=_whole(_layer(status, "total_layer_num"), 0, 1_000_000),
        cancelled=cancelled,
        readings=_readings(status, error, model),
    )


def _is_cancel(status: Status, state: ReportState, error: int) -> bool:
    if error & 0xFFFF_FFFF in CANCELLED_BY_A_PERSON:
        return True
    # X1, P2 and H2 keep the reason after the end; into the next print it would be the last one's.
    return state == ReportState.FAILED and _whole(status.get("fail_reason"), 0, 2**32) in CANCELLED_BY_A_PERSON


def _native_id(status: Status) -> str | None:
    """The first id that is one: prints from the memory card have "0" or "" for most of them."""
    for key in ("subtask_id", "task_id", "job_id"):
        native_id = str(status.get(key) or "").strip()
        if native_id not in NO_ID:
            return safe_text(native_id, 64)
    return None


def _file_name(gcode_file: str | None, subtask_name: str | None) -> str | None:
    """P1 and A1 name the file; X1, P2 and H2 only its plate, and the print in `subtask_name`."""
    base = re.split(r"[/\\]", gcode_file or "")[-1]
    return base if base and not _PLATE_FILE.fullmatch(base) else subtask_name


def _layer(status: Status, key: str) -> Any:
    nested = status.get("3D")
    return status.get(key, nested.get(key) if isinstance(nested, dict) else None)


def _readings(status: Status, error: int, model: str | None) -> Readings:
    code = _error_code(error)
    nozzle_c, nozzle_target_c = _nozzle(status)
    return Readings(
        nozzle_c=nozzle_c,
        nozzle_target_c=nozzle_target_c,
        bed_c=_celsius(status.get("bed_temper")),
        bed_target_c=_celsius(status.get("bed_target_temper")),
        error_code=code,
        error_message=f"The printer shows error {code}." if code else "",
        model=model,
    )


def _nozzle(status: Status) -> tuple[float | None, float | None]:
    """Temperature and target, in °C, of the nozzle at work: H2D shows the other one's under the old names.

    Both are in one number, the target in its upper 16 bits; which nozzle it is, is in bits 4 to 7 of the state.
    """
    temps, state = table(status, NOZZLES, "temps"), _whole(table(status, NOZZLES).get("state"), 0, 2**32)
    if len(temps) > 1 and state is not None:
        both = _whole(temps.get(str(state >> 4 & 0xF)), 0, 2**32)
        if both is not None:
            return _celsius(both & 0xFFFF), _celsius(both >> 16)
    return _celsius(status.get("nozzle_temper")), _celsius(status.get("nozzle_target_temper"))


def _error_code(error: int) -> str | None:
    """`print_error` as the printer's screen and the maker's pages write it: 1200_8006."""
    unsigned = error & 0xFFFF_FFFF
    if unsigned & 0xFFFF < FIRST_REAL_ERROR or unsigned in CANCELLED_BY_A_PERSON:
        return None
    return f"{unsigned >> 16:04X}_{unsigned & 0xFFFF:04X}"


def _first(status: Status, old: str, new: str) -> Any:
    """Newer firmware repeats some fields under new names."""
    return status.get(old, status.get(new))


def _seconds(minutes: Any) -> int | None:
    value = _number(minutes, 0, 1_000_000)
    return None if value is None else round(value * 60)


def _celsius(value: Any) -> float | None:
    number = _number(value, -100, 1000)
    return None if number is None else round(number, 1)


def _whole(value: Any, low: float, high: float) -> int | None:
    number = _number(value, low, high)
    return None if number is None else int(number)


def _number(value: Any, low: float, high: float) -> float | None:
    """Return `value` as a number from `low` to `high`; None for anything else that firmware may send."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and low <= number <= high else None
