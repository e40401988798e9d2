"""Composes tests/data/octoprint: `python -m tests.client.compose_octoprint_prints` writes it, always the same.

Prints as OctoPrint 1.11 with its virtual printer shows them, a look every two seconds, with our own file and times: the
100 of the print before lingering, Pausing before Paused, Finishing with a 100, Cancelling and then null, "Offline after
error" with the printer gone, and a record of the file that is written two seconds after each end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.client.octoprint_answers import job, printer, record

FOLDER = Path(__file__).resolve().parents[1] / "data/octoprint"
CADENCE_SECONDS = 2
EARLIER, ENDED = 1_699_990_000.25, 1_700_000_060.75
NAMES = ("finish", "cancel", "serial_drop", "from_sd")

Step = dict[str, Any]


def compose(name: str) -> list[Step]:
    """Return the recording: [{"t": seconds, "job": …, "printer": … or null (409), "record": … or null (404)}]."""
    origin = "sdcard" if name == "from_sd" else "local"
    before, after = record(EARLIER, success=True), record(ENDED, success=name == "finish")
    ends = {"finish": _finish, "from_sd": _finish, "cancel": _cancel, "serial_drop": _serial_drop}
    shown = [*_start(), *ends[name]()]
    ended_at = max(n for n, (_, _, flags) in enumerate(shown) if "printing" in flags) + 2
    steps = []
    for n, (said, completion, flags) in enumerate(shown):
        known = before if n < ended_at else after
        error = "No response from printer after 6 consecutive communication timeouts" if "error" in said else None
        steps.append(
            {
                "t": n * CADENCE_SECONDS,
                "job": job(said, completion, left=round(40 - (completion or 0) * 0.4), origin=origin, error=error),
                "printer": printer("operational", *flags.split()) if flags != "gone" else None,
                "record": known if origin == "local" else None,
            }
        )
    return steps


def _start() -> list[tuple[str, float | None, str]]:
    return [
        *[("Operational", 100.0, "ready")] * 3,
        ("Starting", 0.0, "printing"),
        *[("Printing", round(1.5 + 4.9 * n, 6), "printing") for n in range(9)],
        ("Pausing", 45.2, "printing pausing"),
        *[("Paused", 45.2, "paused")] * 3,
        ("Resuming", 45.2, "printing resuming"),
        ("Printing", 50.1, "printing"),
    ]


def _finish() -> list[tuple[str, float | None, str]]:
    rising = [("Printing", round(55 + 4.9 * n, 6), "printing") for n in range(10)]
    return [*rising, ("Finishing", 100.0, "printing finishing"), *[("Operational", 100.0, "ready")] * 8]


def _cancel() -> list[tuple[str, float | None, str]]:
    return [("Cancelling", 52.0, "printing cancelling"), *[("Operational", None, "ready")] * 8]


def _serial_drop() -> list[tuple[str, float | None, str]]:
    return [("Printing", 55.0, "printing"), *[("Offline after error", None, "gone")] * 8]


def serialized(name: str) -> str:
    """Return the file's text: a line for each look."""
    return "[\n" + ",\n".join(json.dumps(step, ensure_ascii=False) for step in compose(name)) + "\n]\n"


if __name__ == "__main__":
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(serialized(name), encoding="utf-8")
