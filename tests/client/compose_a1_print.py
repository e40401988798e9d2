"""Composes tests/data/bambu/a1_local_print.json: `python -m tests.client.compose_a1_print` writes it, always the same.

A print started from the memory card of an A1, with the sequence, the cadence and the quirks that recordings of real
ones show, and with our own file, sizes and times: deltas every two seconds, a whole report every five minutes, the
100 % of the print before lingering into this one, percent that jumps while heating, four pauses with an error that is
none, the remaining minutes at 0 long before the end, one last delta that empties the file name.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "data/bambu/a1_local_print.json"
FIRST_MOMENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
CADENCE_SECONDS = 2
WHOLE_REPORT_EVERY_SECONDS = 300
LAYERS = 60
FILE_NAME = "Bracket_left.3mf"
FILAMENT_TANGLED = 302022662  # 1200_8006: shown during the pause, no failure

PREVIOUS_PRINT_ENDED: dict[str, Any] = {
    "gcode_state": "FINISH",
    "mc_percent": 100,
    "mc_remaining_time": 0,
    "mc_print_stage": "1",
    "layer_num": 212,
    "total_layer_num": 212,
    "gcode_file": "",
    "gcode_file_prepare_percent": "100",
    "subtask_name": "Vase_spiral",
    "subtask_id": "0",
    "task_id": "0",
    "project_id": "0",
    "print_type": "idle",
    "print_error": 0,
    "stg_cur": 255,
    "nozzle_temper": 31.5,
    "nozzle_target_temper": 0,
    "bed_temper": 29.25,
    "bed_target_temper": 0,
    "wifi_signal": "-48dBm",
}

# (second, what the delta of that second says besides temperatures)
BEFORE_FIRST_LAYER: list[tuple[int, dict[str, Any]]] = [
    (
        20,
        {
            "gcode_state": "IDLE",
            "gcode_file": FILE_NAME,
            "subtask_name": FILE_NAME,
            "print_type": "local",
            "nozzle_target_temper": 140,
        },
    ),
    (22, {"gcode_state": "PREPARE", "stg_cur": 0}),
    (
        26,
        {
            "gcode_state": "RUNNING",
            "mc_percent": 0,
            "mc_remaining_time": 13,
            "layer_num": 0,
            "total_layer_num": LAYERS,
            "mc_print_stage": "2",
            "stg_cur": 2,
            "bed_target_temper": 65,
        },
    ),
    (58, {"stg_cur": 13}),
    (90, {"mc_percent": 9, "mc_remaining_time": 12, "stg_cur": 4}),
    (132, {"mc_percent": 28, "mc_remaining_time": 9, "nozzle_target_temper": 220}),
    (160, {"mc_percent": 31, "stg_cur": 14}),
    (196, {"stg_cur": 0}),
]
FIRST_LAYER_AT, PERCENT_AT_FIRST_LAYER, PERCENT_AT_LAST_LAYER = 200, 31, 97
LAYER_SECONDS = 8
PAUSES = {14: 44, 15: 60, 16: 12, 38: 22}  # after which layer, for how many seconds
QUIET_AFTER_RUNNING = range(27, 58)  # the largest gap seen, just after RUNNING


def compose() -> list[dict[str, Any]]:
    """Return the recording: [{"t": ISO time, "message": {"print": {…}}}]."""
    changes = _changes()
    end = max(changes)
    state = dict(PREVIOUS_PRINT_ENDED)
    messages = []
    for second in range(0, end + 1, CADENCE_SECONDS):
        if second in QUIET_AFTER_RUNNING:
            continue
        delta = _temperatures(state, second) | changes.get(second, {})
        state |= delta
        whole = second % WHOLE_REPORT_EVERY_SECONDS == 0
        messages.append(_message(second, state if whole else delta, whole))
    messages.insert(len(messages) // 2, _echo(messages[len(messages) // 2]["t"]))
    return messages


def _changes() -> dict[int, dict[str, Any]]:
    """What happens at which second, all of them even."""
    changes = {second: dict(delta) for second, delta in BEFORE_FIRST_LAYER}
    second = FIRST_LAYER_AT
    for layer in range(1, LAYERS + 1):
        share = layer / LAYERS
        percent = round(PERCENT_AT_FIRST_LAYER + (PERCENT_AT_LAST_LAYER - PERCENT_AT_FIRST_LAYER) * share)
        changes[second] = {"layer_num": layer, "mc_percent": percent, "mc_remaining_time": int(8.4 * (1 - share))}
        if layer in PAUSES:
            changes[second + 2] = {"gcode_state": "PAUSE", "print_error": FILAMENT_TANGLED, "mc_print_stage": "3"}
            second += PAUSES[layer]
            changes[second] = {"gcode_state": "RUNNING", "print_error": 0, "mc_print_stage": "2"}
        second += LAYER_SECONDS
    changes[second] = {"stg_cur": 255, "nozzle_target_temper": 0, "bed_target_temper": 0}
    changes[second + 34] = {
        "gcode_state": "FINISH",
        "mc_percent": 100,
        "gcode_file": "",
        "print_type": "idle",
        "mc_print_stage": "1",
    }
    return changes


def _temperatures(state: dict[str, Any], second: int) -> dict[str, Any]:
    """Nozzle and bed move towards their targets, in the sixteenths and thirty-seconds of a degree that an A1 sends."""
    delta: dict[str, Any] = {}
    for part, step in (("nozzle", 3.0), ("bed", 0.75)):
        now, target = state[f"{part}_temper"], max(state[f"{part}_target_temper"], 27)
        moved = now + max(-step, min(step, target - now)) + ((second // 2) % 3 - 1) / 32
        delta[f"{part}_temper"] = round(moved * 32) / 32
    if second % 10 == 0:
        delta["wifi_signal"] = f"-{46 + second % 7}dBm"
    return delta


def _message(second: int, report: dict[str, Any], whole: bool) -> dict[str, Any]:
    envelope = {"command": "push_status", "msg": 0 if whole else 1, "sequence_id": str(4000 + second // 2)}
    return {"t": _moment(second), "message": {"print": report | envelope}}


def _echo(moment: str) -> dict[str, Any]:
    """The echo of a command: the same envelope and overlapping names, and not a report."""
    echo = {"command": "project_file", "gcode_state": "IDLE", "mc_percent": 0, "param": "Metadata/plate_1.gcode"}
    return {"t": moment, "message": {"print": echo | {"result": "success", "sequence_id": "0"}}}


def _moment(second: int) -> str:
    return (FIRST_MOMENT + timedelta(seconds=second)).isoformat()


def serialized() -> str:
    """One message a line, so that a change can be read."""
    return "[\n" + ",\n".join(json.dumps(entry) for entry in compose()) + "\n]\n"


if __name__ == "__main__":
    TARGET.write_text(serialized(), encoding="utf-8")
