"""The measurements: `./run bench [NAME]`. Machines are noisy, so each figure is a ratio of two medians of one run.

Works on a database of its own in a temporary folder.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import django

ROUNDS: Final = 60
Work = Callable[[], object]


def median_ms(work: Work) -> float:
    """Return the median of ROUNDS calls of `work`, in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def report_late_in_a_run() -> Iterator[tuple[str, float]]:
    """A report after 50,000 samples of its run, against one at its start."""
    from printqueue.models import Sample
    from tests.factories import Client, make_job, make_printer

    job = make_job(print_file_name="long.gcode")
    client = Client(make_printer())
    client.says("printing", run_key="1@0", file_name="long.gcode", progress=0)

    def report() -> None:
        client.says("printing", run_key="1@0", progress=10)

    yield "at its start", median_ms(report)
    job.refresh_from_db()
    run = job.current_run
    assert run is not None
    start = client.now - timedelta(days=3)
    samples = (
        Sample(run=run, at=start + timedelta(seconds=5 * n), state="printing", progress=5) for n in range(50_000)
    )
    Sample.objects.bulk_create(samples, batch_size=1000)
    yield "after 50,000 samples", median_ms(report)


def list_of_many_jobs() -> Iterator[tuple[str, float]]:
    """The list page with 1,000 ended jobs, against 20."""
    from django.test import Client as Browser

    from printqueue.models import Who
    from tests.factories import NOW, make_job, make_staff

    browser = Browser()
    browser.force_login(make_staff())

    def list_page() -> None:
        assert browser.get("/admin/print-queue/", headers={"host": "localhost"}).status_code == 200

    for total, more in ((20, 20), (1000, 980)):
        for _ in range(more):
            make_job().cancel(by=Who(), now=NOW)
        yield f"{total} jobs", median_ms(list_page)


MEASUREMENTS: Final[dict[str, Callable[[], Iterator[tuple[str, float]]]]] = {
    "report": report_late_in_a_run,
    "list": list_of_many_jobs,
}


def measure(name: str) -> None:
    """Print the figures of one measurement and the ratio of the last to the first."""
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)
    figures = list(MEASUREMENTS[name]())
    print(f"{name}: {MEASUREMENTS[name].__doc__}")
    for label, milliseconds in figures:
        print(f"  {label:24} {milliseconds:7.2f} ms")
    print(f"  {'ratio':24} {figures[-1][1] / figures[0][1]:7.2f}")


def main() -> None:
    """Set Django up on an empty database and measure what is asked for, or everything."""
    unknown = set(sys.argv[1:]) - MEASUREMENTS.keys()
    if unknown:
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are: {', '.join(MEASUREMENTS)}.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({"DATA_DIR": folder, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "printfactory.settings"})
        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        call_command("migrate", verbosity=0)
        for name in sys.argv[1:] or MEASUREMENTS:
            measure(name)


if __name__ == "__main__":
    main()
