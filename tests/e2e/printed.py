"""Prints with a course worth drawing, each a job as it is at `now`."""

from collections.abc import Callable
from datetime import datetime
from math import sin
from typing import Any

from printqueue.access import Actor
from printqueue.history import Point
from printqueue.models import PrintQueue
from tests.factories import make_job, make_key, make_printer
from tests.telling import tell

EVERY_SECONDS = 5


def told(
    now: datetime, minutes: float, says: Callable[[float], dict[str, Any] | None], share_done: float = 1, **fields: Any
) -> PrintQueue:
    """Return a job whose print was reported for so many minutes, up to `now`.

    `says` returns what is said of a share (0 to 1) of the time, None while nobody reports.
    """
    job = make_job(now=now, design_name="Infinity Splint", print_file_name="infinity-splint_s6.gcode.3mf")
    printer = make_printer("left", name="Left P1S")
    reports = round(minutes * 60 / EVERY_SECONDS)
    points = []
    for number in range(reports + 1):
        said = says(number / reports)
        at = now.timestamp() - EVERY_SECONDS * (reports - number)
        if said is not None:
            points.append(Point(at, **{"state": "printing", "percent": 100 * share_done * number / reports, **said}))
    actor = Actor(key=make_key(printer)[0], printer_ids=frozenset({printer.pk}))
    tell(points, serial="left", actor=actor, file_name=job.print_file_name, total_layers=468, **fields)
    job.refresh_from_db()
    return job


def _plain(now: datetime) -> PrintQueue:
    """Two hours, at 62 %, in whole percents, with temperatures that waver a little."""
    return told(
        now, 126,
        lambda share: {
            "percent": float(int(62 * share**0.9)), "layer": int(290 * share),
            "nozzle_c": 25 + 195 * min(1, 30 * share) + sin(900 * share), "bed_c": 25 + 35 * min(1, 20 * share),
        },
        remaining_seconds=4100,
    )  # fmt: skip


def _with_a_pause_and_a_gap(now: datetime) -> PrintQueue:
    """A print that the printer paused, and that nobody heard of for a quarter of an hour."""

    def says(share: float) -> dict[str, Any] | None:
        if 0.25 < share < 0.38:
            return None
        worked = share if share < 0.6 else max(0.6, share - 0.12)
        is_paused = 0.6 <= share < 0.72
        return {"percent": 52 * worked, "state": "paused" if is_paused else "printing", "layer": int(200 * worked)}

    return told(now, 112, says, remaining_seconds=6900, errors={"paused": "Filament ran out"})


def _of_72_hours(now: datetime) -> PrintQueue:
    """Three days, ended, with a pause each night and layers of many sizes."""
    night, rest = 1 / 3, 0.02

    def says(share: float) -> dict[str, Any]:
        nights, into = divmod(max(0.0, share - 0.2), night)
        paused = nights * rest + min(into, rest) if share > 0.2 else 0
        worked = (share - paused) / (1 - 3 * rest)
        worked += 0.03 * sin(14 * worked)
        state = "completed" if share == 1 else "paused" if share > 0.2 and into < rest else "printing"
        percent = 100.0 if share == 1 else min(99.0, 97 * worked)
        return {"percent": percent, "state": state, "layer": int(900 * worked), "nozzle_c": 220 + sin(9000 * share)}

    return told(now, 72 * 60, says)


COURSES: dict[str, Callable[[datetime], PrintQueue]] = {
    "plain": _plain,
    "pause-and-gap": _with_a_pause_and_a_gap,
    "72-hours": _of_72_hours,
}
