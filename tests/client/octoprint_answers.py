"""Answers of OctoPrint 1.11 as recordings of a real one show them, with our own file, times and temperatures."""

from typing import Any

FLAGS = (
    *("cancelling", "closedOrError", "error", "finishing", "operational", "paused", "pausing", "printing"),
    *("ready", "resuming", "sdReady"),
)


def job(
    said: str, completion: Any, *, left: int | None = None, origin: str = "local", error: str | None = None
) -> dict[str, Any]:
    """The answer to GET /api/job."""
    file = {"date": 1699990000, "display": "Lid ä.gcode", "name": "lid.gcode", "origin": origin, "path": "lid.gcode"}
    answer: dict[str, Any] = {
        "job": {"estimatedPrintTime": 358.1, "file": {**file, "size": 4649}, "lastPrintTime": None, "user": "pi"},
        "progress": {"completion": completion, "filepos": 69, "printTime": 7, "printTimeLeft": left},
        "state": said,
    }
    return answer if error is None else {**answer, "error": error}


def printer(*flags: str) -> dict[str, Any]:
    """The answer to GET /api/printer while a printer is connected."""
    return {
        "sd": {"ready": True},
        "state": {"error": "", "flags": {flag: flag in flags for flag in FLAGS}, "text": "?"},
        "temperature": {
            "bed": {"actual": 60.02, "offset": 0, "target": 60.0},
            "tool0": {"actual": 214.8, "offset": 0, "target": 215.0},
        },
    }


def record(date: float, *, success: bool) -> dict[str, Any]:
    """The answer to GET /api/files/local/lid.gcode after a print."""
    last = {"date": date, "printTime": 37.1, "success": success}
    return {"name": "lid.gcode", "prints": {"failure": 1, "success": 1, "last": last}}


OPERATIONAL = printer("operational", "ready", "sdReady")
