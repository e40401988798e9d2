"""A shop in the middle of its day: every state that the pages show, with times that go together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from printqueue.estimating import estimate_active_runs
from printqueue.models import PrinterKey, PrintQueue, PrintRun, RunState, Who
from printqueue.protocol import Scope
from printqueue.worth import Source, written
from tests.factories import Client, make_job, make_printer

SET = "oval8_set_s5-7.gcode.3mf"


@dataclass(frozen=True)
class Shop:
    """The jobs, by the state that they are in."""

    printing: PrintQueue
    paused: PrintQueue
    not_heard: PrintQueue
    failed: PrintQueue
    ended: PrintQueue
    ready: PrintQueue
    completed: PrintQueue
    cancelled: PrintQueue

    def by_state(self) -> dict[str, PrintQueue]:
        return vars(self)


@dataclass(frozen=True)
class _Day:
    """Makes things happen so many minutes before `now`."""

    now: datetime
    by: User
    key: PrinterKey

    def at(self, minutes_ago: float) -> datetime:
        return self.now - timedelta(minutes=minutes_ago)

    def job(self, design: str, file_name: str, customer: str, minutes_ago: float = 300, **fields: Any) -> PrintQueue:
        names = {"design_name": design, "print_file_name": file_name, "customer_id": customer}
        return make_job(by=self.by, now=self.at(minutes_ago), **names, **fields)

    def printer(self, serial: str, name: str) -> Client:
        return Client(make_printer(serial, name=name), self.key)

    def says(self, client: Client, minutes_ago: float, state: str, run_key: str = "", **fields: Any) -> None:
        client.now = self.at(minutes_ago)
        client.says(state, after_seconds=0, run_key=run_key, **fields)


def open_shop(now: datetime, by: User) -> Shop:
    """Fill the database with a shop as it is at `now`; `by` works there."""
    key, _token = PrinterKey.issue("Workshop Pi", [Scope.REPORTS_WRITE], all_printers=True)
    day = _Day(now, by, key)
    left, right = day.printer("left", "Left P1S"), day.printer("right", "Right P1S")
    bench, voron = day.printer("bench", "A1 Bench"), day.printer("voron", "Voron 2.4")
    for number, printer in enumerate([left, left, left, right, right, right, voron]):
        _measured(day, printer, number)
    twice = _failed_once(day, right)
    shop = Shop(
        completed=_completed(day, left),
        cancelled=_cancelled(day),
        failed=_failed(day, right),
        printing=_printing(day, twice, left),
        paused=_paused(day, right),
        not_heard=_not_heard(day, voron),
        ended=_ended(day, bench),
        ready=_ready(day),
    )
    estimate_active_runs(now)
    return shop


def _measured(day: _Day, printer: Client, number: int) -> None:
    """A print of days ago, and how well its finish was foretold."""
    off = {
        Source.OURS: (0.01 * number, 0.008 * number, 0.006 * number, 0.004),
        Source.PRINTER: (0.12, 0.1 + 0.01 * number, 0.09, 0.05),
        Source.ELAPSED: (0.6, 0.2 + 0.02 * number, 0.09, 0.04),
        **({Source.EARLIER: (0.05, 0.03, 0.02, None), Source.SLICER: (0.15, 0.15, 0.14, 0.12)} if number % 2 else {}),
    }
    ended_at = day.at(3000 + 300 * number)
    PrintRun.objects.create(
        printer=printer.printer, run_key=f"measured{number}", state=RunState.COMPLETED, file_name="ring.gcode",
        started_at=ended_at, ended_at=ended_at, is_measured=True, worked_seconds=5400 + 900 * number,
        marks="[null, null, null, null]", worth=written(off),
    )  # fmt: skip


def _completed(day: _Day, printer: Client) -> PrintQueue:
    job = day.job("Infinity Splint", "infinity-splint_s8.gcode.3mf", "C-1039", 1500)
    day.says(printer, 1450, "printing", "1@1", file_name=job.print_file_name, progress=1, total_layers=470)
    day.says(printer, 1279, "completed", "1@1", progress=100, layer=470, total_layers=470)
    return _fresh(job)


def _cancelled(day: _Day) -> PrintQueue:
    job = day.job("Swan Neck Ring", "swan-neck_s5.gcode.3mf", "C-1011", 1700)
    job.cancel(by=Who(user=day.by), now=day.at(1300), reason="Ordered twice")
    return job


def _failed(day: _Day, printer: Client) -> PrintQueue:
    job = day.job("Mallet Stack, index", "mallet-stack_index_s7.gcode.3mf", "C-1028", 400)
    day.says(printer, 300, "printing", "2@1", file_name=job.print_file_name, progress=4, total_layers=320)
    day.says(printer, 220, "printing", "2@1", progress=31.4, layer=101, total_layers=320)
    _fresh(job).fail(by=Who(user=day.by), now=day.at(206), reason="came off the plate")
    day.says(printer, 206, "cancelled", "2@1")
    return _fresh(job)


def _failed_once(day: _Day, printer: Client) -> PrintQueue:
    job = day.job(
        "Infinity Splint", "infinity-splint_s6.gcode.3mf", "C-1042", 420, due_at=day.at(-1134), copies=2,
        note="Right ring finger, size 6. Smooth the inside edge before fitting.",
    )  # fmt: skip
    day.says(printer, 380, "printing", "3@1", file_name=job.print_file_name, progress=2)
    day.says(printer, 311, "printing", "3@1", progress=38.2, layer=160, total_layers=468)
    day.says(printer, 310, "failed", "3@1", error_code="0300_8003", error_message="Spaghetti found")
    job = _fresh(job)
    job.retry(by=Who(user=day.by), now=day.at(195), reason="plate cleaned, brim added")
    return job


def _printing(day: _Day, job: PrintQueue, printer: Client) -> PrintQueue:
    """A print that was reported every three minutes, and paused for some time in between."""
    for minutes_ago in (112, 111.2, 109, 106):
        day.says(printer, minutes_ago, "preparing", "4@1", file_name=job.print_file_name)
    for minutes_ago in range(104, 45, -3):
        percent = 1 + 30.8 * (104 - minutes_ago) / 57
        day.says(printer, minutes_ago, "printing", "4@1", **_of_infinity_splint(percent))
    for minutes_ago in range(46, 33, -3):
        day.says(printer, minutes_ago, "paused", "4@1", error_message="Filament ran out", **_of_infinity_splint(31.8))
    for minutes_ago in range(32, -1, -2):
        percent = 31.8 + 13.5 * (32 - minutes_ago) / 32
        day.says(printer, minutes_ago, "printing", "4@1", **_of_infinity_splint(percent))
    return _fresh(job)


def _of_infinity_splint(percent: float) -> dict[str, Any]:
    """What its printer says at so many percent; at 45.3 there are 118 minutes left."""
    left = round(7080 * (100 - percent) / 54.7)
    return {"progress": percent, "remaining_seconds": left, "layer": round(4.68 * percent), "total_layers": 468}


def _paused(day: _Day, printer: Client) -> PrintQueue:
    job = day.job("Buddy Ring Duo", "buddy-ring-duo_s9.gcode.3mf", "C-0987", 350, rush=True, due_at=day.at(-54))
    numbers = {"progress": 62, "layer": 99, "total_layers": 160, "remaining_seconds": 2100}
    day.says(printer, 90, "printing", "5@1", file_name=job.print_file_name, progress=1)
    day.says(printer, 19, "printing", "5@1", **numbers)
    day.says(printer, 18, "paused", "5@1", error_message="Filament ran out, slot 2", **numbers)
    day.says(printer, 0, "paused", "5@1", error_message="Filament ran out, slot 2", **numbers)
    return _fresh(job)


def _not_heard(day: _Day, printer: Client) -> PrintQueue:
    job = day.job("Resting Pan, left", "resting-pan_left.gcode", "C-1017", 500)
    day.says(printer, 250, "printing", "6@1", file_name=job.print_file_name, progress=1)
    day.says(printer, 106, "printing", "6@1", progress=71.8, remaining_seconds=4000, layer=290, total_layers=404)
    day.says(printer, 105, "offline")
    return _fresh(job)


def _ended(day: _Day, printer: Client) -> PrintQueue:
    """A print that nobody saw end, and after it one that may be either of two jobs."""
    job = day.job("Thumb Spica Shell", "thumb-spica_m.gcode.3mf", "C-1001", 480)
    day.says(printer, 240, "printing", "7@1", file_name=job.print_file_name, progress=88, layer=190, total_layers=212)
    day.says(printer, 92, "printing", "8@1", file_name=SET, progress=1)
    day.says(printer, 54, "completed", "8@1", progress=100)
    day.says(printer, 52, "idle")
    day.says(printer, 0, "idle")
    return _fresh(job)


def _ready(day: _Day) -> PrintQueue:
    job = day.job(
        "Buddy Ring Duo", "buddy-ring-duo_s7_PLA_1h25m.gcode.3mf", "C-0990", 200, rush=True, due_at=day.at(-1100)
    )
    day.job("Thumb Spica Shell, short, with vent holes", "thumb-spica_short_m_right_v12.gcode.3mf", "C-1044", 180)
    day.job("Infinity Splint", "infinity-splint_s10_PLA_2h10m.gcode.3mf", "C-0871", 150, due_at=day.at(-2600), copies=4)
    day.job("Oval 8, set of three", SET, "C-1046", 60, due_at=day.at(70))
    day.job("Oval 8, set of three", SET, "C-1052", 45)
    return _fresh(job)


def _fresh(job: PrintQueue) -> PrintQueue:
    job.refresh_from_db()
    return job


def outlive(job: PrintQueue, client: Client) -> None:
    """Let a print of `job` go on although staff cancelled the job."""
    client.says("printing", after_seconds=0, run_key="1@1", progress=41.2, file_name=job.print_file_name)
    _fresh(job).cancel(by=Who(), now=client.now, reason="Ordered twice")
    client.says("printing", after_seconds=0, run_key="1@1", progress=41.5)
