"""Writes the recordings that the replay of Moonraker and PrusaLink plays: small, and shaped as the real ones answer.

`python -m tests.client.drivers.compose_http_prints` writes them anew.
"""

from __future__ import annotations

import json
from typing import Any

from tests.client.drivers.http_replay import DATA, Step

SECONDS = 3
NAME = "Teile/Würfel 20.gcode"


def klipper(state: str, age: float = 0, m73: float = 0, place: float = 0, **more: Any) -> dict[str, Any]:
    """Klipper's objects, as `/printer/objects/query` shows them."""
    return {
        "print_stats": {
            "filename": more.get("file", NAME if state != "standby" else ""),
            "total_duration": age,
            "print_duration": max(0, age - 2),
            "state": state,
            "message": more.get("message", ""),
            "info": {"total_layer": 15, "current_layer": round(m73 * 15)},
        },
        "virtual_sdcard": {"progress": place},
        "display_status": {"progress": m73},
        "webhooks": {"state": more.get("klipper", "ready"), "state_message": more.get("why", "Printer is ready")},
        "extruder": {"temperature": 214.96, "target": 215.0},
        "heater_bed": {"temperature": 60.04, "target": 60.0},
    }


def moonraker(objects: dict[str, Any] | None, *jobs: tuple[str, str]) -> dict[str, Any]:
    """Moonraker's answers; `objects` None while Klipper is away. `jobs`: ids and statuses, the newest first."""
    found = [{"job_id": job_id, "status": status, "filename": NAME} for job_id, status in jobs]
    gone = {"error": {"code": 503, "message": "Klippy Host not connected"}}
    answers: dict[str, Any] = {
        "/printer/objects/query": [200, {"result": {"status": objects}}] if objects else [503, gone],
        "/server/history/list": [200, {"result": {"count": len(found), "jobs": found[:1]}}],
    }
    for job in found:
        answers[f"/server/history/job?uid={job['job_id']}"] = [200, {"result": {"job": job}}]
    return answers


def moonraker_prints() -> list[dict[str, Any]]:
    """One print to its end with a pause, the next at once, cancelled; one that fails; one that is stopped at once."""
    one, two, three, four = "00000D", "00000E", "00000F", "000010"
    first = [(one, "in_progress")]
    second = [(two, "in_progress"), (one, "completed")]
    third = [(three, "in_progress"), (two, "cancelled"), (one, "completed")]
    fourth = [(four, "in_progress"), (three, "error")]
    stopped = [(four, "klippy_shutdown"), (three, "error")]
    shutdown = {"klipper": "shutdown", "why": "Shutdown due to webhooks request\nOnce the underlying issue…"}
    return [
        moonraker(klipper("standby")),
        moonraker(klipper("printing", 1, 0, 0.11), *first),
        moonraker(klipper("printing", 4, 0.06, 0.18), *first),
        moonraker(klipper("printing", 7, 0.2, 0.25), *first),
        moonraker(klipper("paused", 10, 0.2, 0.26), *first),
        moonraker(klipper("paused", 13, 0.26, 0.26), *first),
        moonraker(klipper("printing", 16, 0.26, 0.26), *first),
        moonraker(klipper("printing", 19, 0.33, 0.4), *first),
        moonraker(klipper("printing", 22, 0.93, 0.99), *first),
        moonraker(klipper("printing", 1, 0, 0.11), *second),
        moonraker(klipper("printing", 4, 0.13, 0.2), *second),
        moonraker(klipper("cancelled", 6, 0.13, 0), *second[1:], (two, "cancelled")),
        moonraker(klipper("cancelled", 6, 0, 0), (two, "cancelled"), (one, "completed")),
        moonraker(klipper("printing", 1, 0.22, 0.22), *third),
        moonraker(klipper("error", 2, 0.85, 0.85, message="Extrude below minimum temp"), (three, "error")),
        moonraker(klipper("error", 2, 0.85, 0.85, message="Extrude below minimum temp"), (three, "error")),
        moonraker(klipper("printing", 1, 0, 0.11), *fourth),
        moonraker(klipper("printing", 4, 0.06, 0.2), *fourth),
        moonraker(klipper("printing", 7, 0.13, 0.23, **shutdown), *stopped),
        moonraker(klipper("paused", 10, 0.13, 0.24, **shutdown), *stopped),
        moonraker(None, *stopped),
        moonraker(klipper("standby"), *stopped),
    ]


def prusalink(state: str, job_id: int | None = None, percent: float = 0, **more: Any) -> dict[str, Any]:
    """PrusaLink's answers; `more` holds `left` and `printed` seconds and what the printer says."""
    why = more.get("why", "OK")
    printer = {"state": state, "temp_nozzle": 214.96, "target_nozzle": 215.0, "temp_bed": 60.04, "target_bed": 60.0}
    status: dict[str, Any] = {"printer": printer | {"status_printer": {"ok": why == "OK", "message": why}}}
    if job_id is None:
        return {"/api/v1/status": [200, status], "/api/v1/job": [204, None]}
    status["job"] = {"id": job_id, "progress": percent}
    if "left" in more:
        status["job"]["time_remaining"] = more["left"]
    names = {"name": "WRFEL~1.GCO", "display_name": "Würfel 20.gcode", "path": "/usb"}
    job = status["job"] | {"state": state, "time_printing": more.get("printed", 0), "file": names}
    return {"/api/v1/status": [200, status], "/api/v1/job": [200, job]}


def prusalink_prints() -> list[dict[str, Any]]:
    """One print to its end; one with a pause, stopped; one that loses its serial line; one whose end nobody sees."""
    return [
        prusalink("IDLE"),
        prusalink("PRINTING", 1),
        prusalink("PRINTING", 1, 8, left=60),
        prusalink("PRINTING", 1, 48, left=60, printed=9),
        prusalink("PRINTING", 1, 88, left=5, printed=13),
        prusalink("FINISHED"),
        prusalink("FINISHED"),
        prusalink("IDLE"),
        prusalink("PRINTING", 2, 100, left=0, printed=13),
        prusalink("PRINTING", 2, 0, left=60),
        prusalink("PRINTING", 2, 24, left=40),
        prusalink("PAUSED", 2, 24, left=40),
        prusalink("BUSY", 2, 24, left=40),
        prusalink("ATTENTION", 2, 24, left=40),
        prusalink("PRINTING", 2, 32, left=30),
        prusalink("STOPPED"),
        prusalink("IDLE"),
        prusalink("PRINTING", 3, 0, left=0),
        prusalink("PRINTING", 3, 16, left=50),
        prusalink("ERROR", why="Serial device does not exist"),
        prusalink("IDLE"),
        prusalink("PRINTING", 4, 0, left=60),
        prusalink("PRINTING", 4, 56, left=30),
        prusalink("IDLE"),
    ]


def serialized(answers: list[dict[str, Any]]) -> str:
    """The recording as a file, a step a line."""
    steps: list[Step] = [{"t": number * SECONDS, "answers": answer} for number, answer in enumerate(answers)]
    return "[\n" + ",\n".join(json.dumps(step, ensure_ascii=False) for step in steps) + "\n]\n"


FILES = {
    DATA / "moonraker/prints.json": moonraker_prints,
    DATA / "prusalink/prints.json": prusalink_prints,
}

if __name__ == "__main__":
    for path, compose in FILES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(serialized(compose()), encoding="utf-8")
