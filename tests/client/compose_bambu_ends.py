"""Composes tests/data/bambu/cloud_prints.json: `python -m tests.client.compose_bambu_ends` writes it, always the same.

Five prints sent from the cloud, one after the other with no IDLE between them, that end in every way there is: well,
cancelled at the screen (a code that is cleared 2 s later), failed, rejected before the start, and gone without a word.
Before each comes the echo of the command that sent it; the 100 % of the print before lingers; ids are given.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "data/bambu/cloud_prints.json"
FIRST_MOMENT = datetime(2026, 4, 2, 7, 15, tzinfo=UTC)
CADENCE_SECONDS = 2
LAYERS = 20
CANCELLED_AT_THE_SCREEN = 0x0300_400C

PREVIOUS_PRINT_ENDED: dict[str, Any] = {
    "gcode_state": "FINISH",
    "mc_percent": 100,
    "mc_remaining_time": 0,
    "layer_num": 751,
    "total_layer_num": 751,
    "gcode_file": "",
    "gcode_file_prepare_percent": "100",
    "subtask_name": "Star; Size_ M.3mf",
    "subtask_id": "0",
    "task_id": "0",
    "print_type": "idle",
    "print_error": 0,
}

Delta = dict[str, Any]


def compose() -> list[dict[str, Any]]:
    """Return the recording: [{"t": ISO time, "message": {"print": {…}}}]."""
    deltas: list[Delta] = [PREVIOUS_PRINT_ENDED | {"command": "push_status", "msg": 0}]
    deltas += _print("Lid; Size: M", 1001, 20, {"gcode_state": "FINISH", "mc_percent": 100, "gcode_file": ""})
    deltas += _print("Würfel", 1002, 12, {"gcode_state": "FAILED", "print_error": CANCELLED_AT_THE_SCREEN} | _cleared())
    deltas += _print("Box", 1003, 8, {"gcode_state": "FAILED"} | _cleared())
    deltas += _print("Vase", 1004, 0, {"gcode_state": "FAILED"} | _cleared())
    deltas += _print("Hook", 1005, 6, {"gcode_state": "IDLE", "gcode_file": ""})
    return [{"t": _moment(n), "message": {"print": delta}} for n, delta in enumerate(deltas)]


def _print(name: str, task: int, layers: int, end: Delta) -> list[Delta]:
    """Everything of one print that comes so many layers far; without any it is rejected while it is prepared."""
    ids = {"subtask_id": str(task), "task_id": str(task)}
    echo = {"command": "project_file", "result": "success", "gcode_state": "IDLE", "mc_percent": 0, "url": "ftp:///x"}
    shown = name.replace(":", "_")
    preparing = {"gcode_state": "PREPARE", "gcode_file": f"{shown}.3mf", "gcode_file_prepare_percent": "0"}
    deltas = [
        echo | ids | {"subtask_name": name},
        _delta(preparing | ids | {"subtask_name": shown, "print_type": "cloud"}),
        *[_delta({"gcode_file_prepare_percent": str(percent)}) for percent in (40, 99)],
    ]
    if layers:
        deltas.append(_delta({"gcode_state": "RUNNING", "mc_percent": 0, "mc_remaining_time": 9, "layer_num": 0}))
        deltas.append(_delta({"total_layer_num": LAYERS, "mc_percent": 9}))
    for layer in range(1, layers + 1):
        share = layer / LAYERS
        deltas.append(
            _delta({"layer_num": layer, "mc_percent": 9 + int(88 * share), "mc_remaining_time": round(9 * (1 - share))})
        )
        deltas.append(_delta({"nozzle_temper": 219.5 + layer % 3 / 4}))
    cooling = [_delta({"nozzle_temper": 150 - 10 * n, "print_error": 0}) for n in range(5)]
    return [*deltas, _delta(end), *cooling]


def _cleared() -> Delta:
    """What a print that did not end well leaves: no percent, and the rest as it was."""
    return {"mc_percent": 0, "gcode_file": "", "print_type": "idle"}


def _delta(says: Delta) -> Delta:
    return says | {"command": "push_status", "msg": 1}


def _moment(n: int) -> str:
    return (FIRST_MOMENT + timedelta(seconds=n * CADENCE_SECONDS)).isoformat()


def serialized() -> str:
    """One message a line, so that a change can be read."""
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in compose()) + "\n]\n"


if __name__ == "__main__":
    TARGET.write_text(serialized(), encoding="utf-8")
