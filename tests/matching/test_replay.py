"""A day's reports, told in another order: each printer's own is kept, and some are told again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printqueue.access import Actor
from printqueue.models import PrintQueue, PrintRun
from printqueue.protocol import ReportState
from printqueue.reports import Report, receive
from tests.factories import NOW, make_job, make_key, make_printer

pytestmark = pytest.mark.django_db
SERIALS = ["left", "middle", "right"]
FILES = ["ring.gcode", "splint.3mf", "clip.gcode", "shared.gcode", "shared.gcode", "cup.gcode"]
"""What the jobs want; the fourth and the fifth are of different customers."""


class Told(NamedTuple):
    """A print as its printer tells it; `job` is the number of the one whose file or code it has, 6 of none."""

    job: int
    by_code: bool
    is_named_late: bool
    end: str


prints = st.builds(
    Told,
    job=st.integers(0, len(FILES)),
    by_code=st.booleans(),
    is_named_late=st.booleans(),
    end=st.sampled_from(["completed", "completed", "failed", "cancelled", "idle", ""]),
)
days = st.tuples(*(st.lists(prints, max_size=3) for _ in SERIALS))


def reports(serial: str, told: list[Told], codes: list[str]) -> list[Report]:
    """What the printer says of its prints, one after the other."""
    said: list[Report] = []

    def say(state: str, number: int, file_name: str, progress: float | None) -> None:
        said.append(
            Report(
                serial=serial,
                state=ReportState(state),
                measured_at=NOW - timedelta(hours=8) + timedelta(minutes=len(said)),
                sequence=len(said) + 1,
                run_key="" if state == "idle" else f"{number}@0",
                file_name=file_name,
                progress=progress,
            )
        )

    for number, print in enumerate(told):
        name = file_of(print, codes)
        say("preparing", number, "" if print.is_named_late else name, None)
        say("printing", number, name, 10.0)
        say("printing", number, name, 60.0)
        if print.end:
            say(print.end, number, "" if print.end == "idle" else name, None)
    return said


def file_of(print: Told, codes: list[str]) -> str:
    if print.job == len(FILES):
        return "3DBenchy.gcode"
    return f"{codes[print.job]}.gcode" if print.by_code else FILES[print.job]


def interleaved(queues: list[list[Report]], random: Random) -> Iterable[Report]:
    """All reports; those of one printer stay in order, and what was told already may be told again."""
    left, told = [list(queue) for queue in queues], list[Report]()
    while any(left):
        if told and random.random() < 0.2:
            yield random.choice(told)
            continue
        told.append(random.choice([queue for queue in left if queue]).pop(0))
        yield told[-1]


class Outcome(NamedTuple):
    """The runs, and the printers that each job has runs on."""

    runs: list[tuple[object, ...]]
    links: list[tuple[str, str]]
    printers: dict[int, set[str]]


def lived(day: tuple[list[Told], ...], random: Random | None) -> Outcome:
    """What comes of the day in an empty workshop: printer by printer, or in a random order with repeats."""
    with transaction.atomic():
        for serial in SERIALS:
            make_printer(serial)
        jobs = [
            make_job(design_name=f"Part {number}", customer_id=f"C-{number}", print_file_name=file)
            for number, file in enumerate(FILES)
        ]
        queues = [reports(serial, told, [job.code for job in jobs]) for serial, told in zip(SERIALS, day, strict=True)]
        actor = Actor(key=make_key()[0])
        for report in interleaved(queues, random) if random else [report for queue in queues for report in queue]:
            receive(report, actor=actor, client="c", received_at=NOW, skew=timedelta())
        outcome = outcome_of(jobs)
        transaction.set_rollback(True)
    return outcome


def outcome_of(jobs: list[PrintQueue]) -> Outcome:
    runs = list(PrintRun.objects.select_related("printer", "job").order_by("printer__serial", "run_key"))
    numbers = {job.pk: number for number, job in enumerate(jobs)}
    linked = [(run, numbers[run.job_id], str(run.printer and run.printer.serial)) for run in runs if run.job_id]
    return Outcome(
        [(run.printer and run.printer.serial, run.run_key, run.state, run.progress, run.started_at) for run in runs],
        [(f"{serial} {run.run_key}", FILES[number]) for run, number, serial in linked],
        {number: {serial for _, other, serial in linked if other == number} for number in range(len(FILES))},
    )


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(days, st.integers(0, 2**32))
def test_a_day_told_in_another_order_and_twice_gives_the_same_runs_and_links(db, day, seed):
    plain = lived(day, None)

    mixed = lived(day, Random(seed))  # noqa: S311 - the same order each time

    told_of = {
        file: {serial for serial, told in zip(SERIALS, day, strict=True) if tells_of(told, file)} for file in FILES
    }
    contested = {file for file, serials in told_of.items() if len(serials) > 1}
    assert mixed.runs == plain.runs
    assert [link for link in mixed.links if link[1] not in contested] == [
        link for link in plain.links if link[1] not in contested
    ]
    for number, file in enumerate(FILES):
        assert len(mixed.printers[number]) <= 1
        if file in contested and file != "shared.gcode":
            assert len(mixed.printers[number]) == len(plain.printers[number]) == 1


def tells_of(told: list[Told], file: str) -> bool:
    return any(print.job < len(FILES) and FILES[print.job] == file for print in told)
