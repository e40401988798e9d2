"""Tells the database of DATABASE_URL of prints of 72 hours, and prints, as JSON, what became of each."""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "printfactory.settings")
django.setup(set_prefix=False)

from django.core.management import call_command  # noqa: E402  (needs the settings)
from django.db import connection  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from printqueue.access import Actor  # noqa: E402
from printqueue.history import Point  # noqa: E402
from printqueue.models import PrintQueue, Sample  # noqa: E402
from tests.bench.table import ratio_of  # noqa: E402
from tests.courses import THREE_DAY_PRINTS, farthest  # noqa: E402
from tests.factories import make_job, make_key, make_printer, make_staff  # noqa: E402
from tests.telling import tell  # noqa: E402

PRINTS: Final = ("with temperatures that waver", "with temperatures that nobody can make sense of")
"""One as they are, and one of which a sample more would be kept at each report."""

AT_ONCE: Final = 500
MEASURED_AT_ONCE: Final = 90
TENTHS: Final = 10


def main() -> None:
    """Tell, and say what was kept, drawn and paid."""
    call_command("migrate", interactive=False, verbosity=0)
    browser = Browser(headers={"host": "localhost"})
    browser.force_login(make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    actor = Actor(key=make_key()[0])
    print(json.dumps([_told(name, actor, browser) for name in PRINTS]))


def _told(name: str, actor: Actor, browser: Browser) -> dict[str, Any]:
    points = THREE_DAY_PRINTS[name]()
    tenth = len(points) // TENTHS
    old, new = _Print(actor), _Print(actor)
    old.goes_on(points[:-tenth], AT_ONCE)
    last, first = list[float](), list[float]()
    # In turn, since machines drift: the end of one print, the beginning of another like it.
    for begin in range(0, tenth, MEASURED_AT_ONCE):
        call = slice(begin, begin + MEASURED_AT_ONCE)
        turns = [(last, old, points[-tenth:][call]), (first, new, points[:tenth][call])]
        for took, one, said in turns if begin % (2 * MEASURED_AT_ONCE) else reversed(turns):
            took.append(one.goes_on(said, MEASURED_AT_ONCE))
    return {
        "reports": len(points),
        "first_ms": 1000 * statistics.median(first) / MEASURED_AT_ONCE,
        "last_ms": 1000 * statistics.median(last) / MEASURED_AT_ONCE,
        "ratio": ratio_of(last, first),
        **_drawn(old.job, points, browser),
    }


class _Print:
    """A print of a job on a printer of its own."""

    def __init__(self, actor: Actor) -> None:
        self.printer, self.actor, self.said = make_printer(), actor, 0
        self.job = make_job(print_file_name=f"{self.printer.serial}.gcode")

    def goes_on(self, points: list[Point], at_once: int) -> float:
        """Report these points; return how many seconds this process was on a processor for it.

        Who else is at work does not count.
        """
        took = tell(
            points,
            serial=self.printer.serial,
            actor=self.actor,
            at_once=at_once,
            first_sequence=self.said + 1,
            clock=time.process_time,
            file_name=self.job.print_file_name,
        )
        self.said += len(points)
        return sum(took)


def _drawn(job: PrintQueue, points: list[Point], browser: Browser) -> dict[str, Any]:
    """Return what the page of the job has of its print."""
    with CaptureQueriesContext(connection) as asked:
        sent = browser.get(f"/admin/print-queue/{job.pk}/chart.json").json()["columns"]
    drawn = [Point(at, "printing", percent) for at, percent in zip(sent["at"], sent["percent"], strict=True)]
    samples = f'"{Sample._meta.db_table}"'
    return {
        "samples": Sample.objects.filter(run__job=job).count(),
        "off": farthest([point._replace(layer=None, nozzle_c=None, bed_c=None) for point in points], drawn),
        "queries": sum(samples in query["sql"] for query in asked),
    }


if __name__ == "__main__":
    main()
