"""Reports that come in one call: the same rows as one by one, in a few statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Final, NamedTuple, NoReturn

import pytest
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from printqueue.access import Actor, NotAllowed
from printqueue.live.position import Position
from printqueue.live.revisions import Change, Revisioned, save_revised
from printqueue.models import (
    Busy,
    InvalidTransition,
    JobState,
    Printer,
    PrinterKey,
    PrintQueue,
    PrintRun,
    Sample,
    Transition,
    Who,
)
from printqueue.protocol import ReportState
from printqueue.reports import Conflict, Outcome, Progress, Report, put_progress, receive, receive_all, receiving
from printqueue.rows import Written
from tests.factories import NOW, make_job, make_key, make_printer, make_staff

pytestmark = pytest.mark.django_db
SERIALS = ["left", "right", "new"]
Receive = Callable[..., list[Outcome]]


def one_by_one(reports: list[Report], **call: Any) -> list[Outcome]:
    return [receive(report, **call) for report in reports]


def save_whole_rows(changes: Sequence[Change], *others: Written) -> None:
    """Save what `save_revised` does as the ORM saves it, all columns of each row: whatever was changed is written."""
    for other in others:
        for row in other.rows:
            same = {name: getattr(row, name) for name in other.in_place_of}
            if same:
                row.pk = type(row)._base_manager.filter(**same).values_list("pk", flat=True).first()
            row.save(force_update=row.pk is not None)
    save_revised([replace(change, fields=None) for change in changes])


# ---------------------------------------------------------------------- what may happen in a workshop


class Said(NamedTuple):
    """One report; `step` is what its sequence adds to the last of its client and printer."""

    serial: str
    state: ReportState
    run_key: str
    file_name: str
    progress: float | None
    step: int | None
    seconds_ago: int
    error_code: str


class Call(NamedTuple):
    """Reports that one of two clients sends at once."""

    client: int
    reports: list[Said]
    seconds: int


class Put(NamedTuple):
    """Progress of a job."""

    client: int
    job: int
    progress: float
    state: ReportState | None
    seconds: int


class Staff(NamedTuple):
    """What somebody does with a job, if it can be done."""

    verb: str
    job: int


plain = st.builds(
    Said,
    serial=st.sampled_from(SERIALS),
    state=st.sampled_from([ReportState.PRINTING] * 8 + [ReportState.PAUSED, ReportState.IDLE]),
    run_key=st.sampled_from(["1@0"] * 6 + ["", "2@0"]),
    file_name=st.sampled_from(["a.gcode", "a.gcode", ""]),
    progress=st.sampled_from([1.5, 40, 99]),
    step=st.sampled_from([1] * 6 + [2, 0]),
    seconds_ago=st.integers(0, 60),
    error_code=st.just(""),
)
anything = st.builds(
    Said,
    serial=st.sampled_from(SERIALS),
    state=st.sampled_from(ReportState),
    run_key=st.sampled_from(["", "1@0", "2@0", "3@0"]),
    file_name=st.sampled_from(["", "a.gcode", "A.3mf", "b.gcode"]),
    progress=st.sampled_from([None, 0, 12.5, 99.9, 100]),
    step=st.sampled_from([1, 1, 1, 3, 0, -1, -2, None]),
    seconds_ago=st.integers(-90_000, 90_000),
    error_code=st.sampled_from(["", "0300-8"]),
)
reports = st.lists(st.one_of(plain, plain, plain, anything), min_size=1, max_size=12)
call = st.builds(Call, client=st.sampled_from([0, 0, 1]), reports=reports, seconds=st.sampled_from([5, 61]))
put = st.builds(
    Put,
    client=st.sampled_from([0, 1]),
    job=st.integers(0, 3),
    progress=st.sampled_from([0, 33.25, 100]),
    state=st.sampled_from([None, ReportState.PRINTING, ReportState.PAUSED, ReportState.FAILED]),
    seconds=st.sampled_from([5, 61]),
)
staff = st.builds(
    Staff, verb=st.sampled_from(["start", "cancel", "complete", "retry", "unlink"]), job=st.integers(0, 3)
)


# ---------------------------------------------------------------------- and what comes of it


class Workshop:
    """Two printers, a client for any printer and one for the first alone, and four jobs; `after` is what came of it."""

    def __init__(self, take: Receive) -> None:
        self.take = take
        self.now = NOW
        first, second = (make_printer(serial) for serial in SERIALS[:2])
        keys = [make_key()[0], make_key(first)[0]]
        self.senders = [
            (Actor(key=keys[0]), "c1"),
            (Actor(key=keys[1], printer_ids=frozenset({first.pk})), ""),
        ]
        files = [("a.gcode", 2, None), ("a.gcode", 1, second), ("b.gcode", 1, None), ("c.gcode", 1, None)]
        for number, (file_name, copies, printer) in enumerate(files):
            make_job(design_name=f"job {number}", print_file_name=file_name, copies=copies, wanted_printer=printer)
        self.staff = Who(user=make_staff(username="sam"))
        self.sequences: dict[tuple[int, str], int] = {}
        self.numbers = count(1)
        self.told: list[Any] = []

    def live(self, events: list[Call | Put | Staff]) -> None:
        for event in events:
            since = Position.current().revision
            match event:
                case Call():
                    self.told.append([self.in_words(outcome) for outcome in self.send(event)])
                case Put():
                    self.put(event)
                case Staff():
                    self.act(event)
            self.told.append(self.pages_hear_of(since))

    def send(self, event: Call) -> list[Outcome]:
        self.now += timedelta(seconds=event.seconds)
        actor, client = self.senders[event.client]
        sent = [self.report(event.client, said) for said in event.reports]
        return self.take(sent, actor=actor, client=client, received_at=self.now, skew=timedelta())

    def report(self, client: int, said: Said) -> Report:
        place = (client, said.serial)
        sequence = None
        if said.step is not None:
            sequence = max(1, self.sequences.get(place, 10) + said.step)
            self.sequences[place] = max(sequence, self.sequences.get(place, 10))
        # No two reports say the same of anything.
        number = next(self.numbers)
        return Report(
            serial=said.serial,
            state=said.state,
            run_key=said.run_key,
            file_name=said.file_name,
            progress=said.progress,
            sequence=sequence,
            measured_at=self.now - timedelta(seconds=said.seconds_ago),
            error_code=said.error_code,
            error_message=said.error_code and f"trouble {number}",
            nozzle_c=100 + number / 8,
            nozzle_target_c=200 + number,
            bed_c=50 + number / 8,
            bed_target_c=60 + number,
            remaining_seconds=1000 + number,
            layer=number,
            total_layers=500 + number,
            started_at=self.now - timedelta(hours=1, seconds=number),
            printer_name=f"{said.serial} {number}",
            model=f"model {number}",
        )

    def put(self, event: Put) -> None:
        self.now += timedelta(seconds=event.seconds)
        job = PrintQueue.objects.get(design_name=f"job {event.job}")
        number = next(self.numbers)
        said = Progress(
            progress=event.progress,
            state=event.state,
            remaining_seconds=1000 + number,
            layer=number,
            total_layers=500 + number,
        )
        actor, _ = self.senders[event.client]
        with suppress(Conflict, NotAllowed):
            put_progress(job.pk, said, actor=actor, received_at=self.now)

    def act(self, event: Staff) -> None:
        job = PrintQueue.objects.get(design_name=f"job {event.job}")
        try:
            if event.verb != "unlink":
                getattr(job, event.verb)(by=self.staff, now=self.now)
            elif job.current_run is not None:
                job.unlink(job.current_run, by=self.staff, now=self.now)
        except InvalidTransition:
            pass

    def in_words(self, outcome: Outcome) -> Any:
        run = outcome.run
        about_run = (in_words(run), run.match_reason, run.job and run.job.design_name) if run else None
        return outcome.result, about_run, outcome.refusal, outcome.field, outcome.message

    def pages_hear_of(self, since: int) -> Any:
        """The rows that a page is told of, in which kind of event; each was given a revision of its own."""
        models_shown: list[type[Revisioned]] = [PrintQueue, Printer]
        changed = [row for model in models_shown for row in model._base_manager.filter(revision__gt=since)]
        revisions = {row.revision for row in changed}
        assert len(revisions) == len(changed)
        assert all(revision <= Position.current().revision for revision in revisions)
        return sorted((in_words(row), row.event_type(since)) for row in changed)

    @property
    def after(self) -> Any:
        """All rows, without what numbers them."""
        kinds: list[type[models.Model]] = [Printer, PrintQueue, PrintRun, Sample, Transition]
        return {kind.__name__: [columns(row) for row in kind._base_manager.order_by("pk")] for kind in kinds}


NUMBERS = {"id", "revision", "structure_revision", "code"}


def columns(row: models.Model) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name not in NUMBERS]
    values = {field.name: in_words(getattr(row, field.name)) for field in fields}
    if isinstance(row, PrintRun):
        values["fed_by"] = re.sub(r"(?<=^key )\d+", lambda number: printers_of_key(int(number[0])), row.fed_by)
    return values


def printers_of_key(pk: int) -> str:
    return "for all" if PrinterKey.objects.get(pk=pk).all_printers else "for some"


def in_words(value: Any) -> Any:
    """A row in words that are the same in both workshops."""
    match value:
        case PrintQueue():
            return value.design_name
        case PrintRun():
            return f"{in_words(value.printer)} {in_words(value.run_key)}"
        case PrinterKey():
            return value.name
        case User():
            return value.username
        case Printer():
            return value.serial
        case str():
            return re.sub(r"put:\d+", "put:n", value)  # names the job by its number
    return value


def lived(take: Receive, events: list[Call | Put | Staff]) -> tuple[Any, dict[str, Any]]:
    """What was told, and what the rows hold, when `events` happen to a workshop of their own."""
    with transaction.atomic():
        workshop = Workshop(take)
        workshop.live(events)
        after = workshop.after
        transaction.set_rollback(True)
    # Whichever printer's reports were written first, each run has its samples and transitions in their order.
    for kind, subjects in (("Sample", ("run",)), ("Transition", ("job", "run"))):
        after[kind].sort(key=lambda row: [str(row[subject]) for subject in subjects])
    after["PrintRun"].sort(key=lambda row: (str(row["printer"]), row["run_key"]))
    after["Printer"].sort(key=lambda row: row["serial"])
    return workshop.told, after


def says(client: int, state: ReportState, **fields: Any) -> Call:
    """A call with two reports of the first printer; the second one is most likely a plain one."""
    said = Said("left", state, "", "a.gcode", 40, 1, 0, "")._replace(**fields)
    return Call(client, [said, said._replace(progress=41, error_code="0300-9")], 5)


THE_PRINTER_TAKES_OVER: Final = [
    says(1, ReportState.IDLE),
    Put(1, 2, 33.25, None, 5),
    says(1, ReportState.PRINTING),
]
"""A print that was fed by PUT is reported by its printer from then on."""

ANOTHER_CLIENT_SPEAKS: Final = [
    says(0, ReportState.PRINTING, run_key="1@0", error_code="0300-8"),
    says(0, ReportState.OFFLINE)._replace(seconds=61),
    says(1, ReportState.PRINTING, run_key="1@0"),
    says(1, ReportState.PRINTING, run_key="1@0", file_name=""),
]
"""Another client speaks for a printer from then on."""

STAFF_START_IT: Final = [Staff("start", 0)]
"""Somebody starts a job before any report does."""

ANOTHER_GOES_ON: Final = [Put(0, 2, 33.25, None, 5), Put(1, 2, 50, None, 61)]
"""A print that was fed by a client which fell silent is fed by another."""


@example([*STAFF_START_IT])
@example([*ANOTHER_GOES_ON])
@example([*THE_PRINTER_TAKES_OVER])
@example([*ANOTHER_CLIENT_SPEAKS])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.one_of(call, call, call, put, staff), min_size=1, max_size=8))
def test_a_call_does_what_its_reports_do_one_by_one_with_whole_rows(db: None, events: list[Call | Put | Staff]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("printqueue.reports.rows.save_revised", save_whole_rows)
        patched.setattr("printqueue.models.job.save_revised", save_whole_rows)
        expected = lived(one_by_one, events)

    assert lived(receive_all, events) == expected


# ---------------------------------------------------------------------- at what cost


class Shop:
    """So many printers, each with a run of a job of its own, and one client for all."""

    def __init__(self, printers: int) -> None:
        self.sequence = 0
        self.actor = Actor(key=make_key()[0])
        self.numbers = range(printers)
        for number in self.numbers:
            make_printer(f"p{number}")
            make_job(print_file_name=f"f{number}.gcode")
        self.report(progress=1)

    def report(self, *, progress: float, times: int = 1) -> list[Outcome]:
        """Every printer says, in one call and so many times, how far it is."""
        said = []
        for number in [number for _ in range(times) for number in self.numbers]:
            self.sequence += 1
            said.append(
                Report(
                    serial=f"p{number}",
                    state=ReportState.PRINTING,
                    run_key="1@0",
                    file_name=f"f{number}.gcode",
                    progress=progress,
                    sequence=self.sequence,
                    measured_at=NOW,
                )
            )
        return receive_all(said, actor=self.actor, client="c", received_at=NOW, skew=timedelta())


@pytest.mark.parametrize("printers", [1, 50])
def test_plain_reports_take_a_dozen_queries_however_many_they_are(printers: int) -> None:
    shop = Shop(printers)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        shop.report(progress=50)

    assert len(queries) <= 12, [query["sql"][:80] for query in queries]


def test_a_printer_that_catches_up_is_written_once_and_keeps_its_course() -> None:
    shop = Shop(2)
    before = Position.current().revision

    outcomes = shop.report(progress=50, times=100)

    assert {outcome.result for outcome in outcomes} == {"accepted"}
    for run in PrintRun.objects.all():
        assert [sample.progress for sample in run.samples.all()] == [1, 50, 50]
    assert Position.current().revision == before + 4


def test_every_row_of_a_call_gets_a_revision_and_a_page_hears_of_progress() -> None:
    shop = Shop(5)
    before = Position.current().revision

    shop.report(progress=50)

    jobs, printers = list(PrintQueue.objects.all()), list(Printer.objects.all())
    revisions = sorted(row.revision for row in [*jobs, *printers])
    assert revisions == list(range(before + 1, before + 11))
    assert {job.event_type(before) for job in jobs} == {"progress"}
    assert {job.state for job in jobs} == {JobState.PRINTING}


def test_reports_that_cannot_be_stored_together_are_stored_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_busy(*arguments: object) -> NoReturn:
        raise Busy

    shop = Shop(3)
    monkeypatch.setattr(receiving, "_store_plain", too_busy)

    outcomes = shop.report(progress=50, times=2)

    assert [outcome.result for outcome in outcomes] == ["accepted"] * 6
    assert [(run.progress, run.samples.count()) for run in PrintRun.objects.all()] == [(50, 3)] * 3


def test_a_print_frees_its_job_for_the_one_that_was_reported_after_it_on_another_printer() -> None:
    """Whatever else is reported in between, and although that alone would have been taken first."""
    first, second = make_printer("left"), make_printer("right")
    job = make_job(print_file_name="a.gcode", copies=2)
    said = [
        (first, ReportState.PRINTING, "1@0", 1),
        (first, ReportState.PRINTING, "1@0", 2),
        (first, ReportState.COMPLETED, "1@0", 3),
        (second, ReportState.PRINTING, "7@0", 1),
        (second, ReportState.PRINTING, "7@0", 2),
        (first, ReportState.IDLE, "", 4),
    ]
    sent = [
        Report(serial=printer.serial, state=state, run_key=key, file_name="a.gcode", sequence=number, measured_at=NOW)
        for printer, state, key, number in said
    ]

    receive_all(sent, actor=Actor(key=make_key()[0]), client="", received_at=NOW, skew=timedelta())

    job.refresh_from_db()
    assert [run.job for run in PrintRun.objects.all()] == [job, job]
    assert (job.printer, job.copies_done, job.state) == (second, 1, JobState.PRINTING)
