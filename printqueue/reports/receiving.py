"""Reports of printer clients on their way in: which are stored together, and which by themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from printqueue.access import Actor, NotAllowed
from printqueue.models import Printer, PrintQueue, PrintRun
from printqueue.models.locks import Busy, in_transaction, locked
from printqueue.reports.messages import PUT_KEY, SERVER_KEY, TOO_FAR_AHEAD, Outcome, Report
from printqueue.reports.reception import Call, Reception
from printqueue.reports.rows import Rows
from printqueue.rows import Wanted, is_one_of, places, read_rows, read_together


def receive(report: Report, *, actor: Actor, client: str, received_at: datetime, skew: timedelta) -> Outcome:
    """Store what a printer client says of one printer, or say why not. As `receive_all` with one report."""
    [outcome] = receive_all([report], actor=actor, client=client, received_at=received_at, skew=skew)
    return outcome


def receive_all(
    reports: Sequence[Report], *, actor: Actor, client: str, received_at: datetime, skew: timedelta
) -> list[Outcome]:
    """Store what a printer client says of its printers, or say why not; outcomes in the order of the reports.

    What comes out is the same as of one report after the other. `client` is the client's own id ("": the key stands
    for it); `skew` is how far the client's clock is behind ours. Raises Busy when the database could not do it: some
    reports may be stored by then, and are stale when they come again.
    """
    call = Call(actor, client, received_at, skew)
    outcomes: dict[int, Outcome] = {}
    queues: Queues = {}
    for index, report in enumerate(reports):
        refusal = _refusal(report, call)
        if refusal is not None:
            outcomes[index] = refusal
        else:
            queues.setdefault(report.serial, deque()).append((index, report))
    blocked: set[str] = set()  # printers whose next report is known to be no plain one
    while queues:
        outcomes |= _receive_plain({name: queue for name, queue in queues.items() if name not in blocked}, call)
        queues = _not_empty(queues)
        blocked = set(queues)
        outcomes |= _receive_others(queues, blocked, call)
        queues = _not_empty(queues)
    return [outcomes[index] for index in range(len(reports))]


Queues = dict[str, deque[tuple[int, Report]]]
"""The reports that are still to be stored, by printer, in the order sent and numbered by it."""


def _not_empty(queues: Queues) -> Queues:
    return {serial: queue for serial, queue in queues.items() if queue}


def _refusal(report: Report, call: Call) -> Outcome | None:
    """Return why `report` is refused whatever the database holds, or None."""
    if report.measured_at + call.skew > call.received_at + TOO_FAR_AHEAD:
        return _invalid("measuredAt", "Expected a time, not one more than a day ahead of now.")
    if report.run_key.startswith((SERVER_KEY, PUT_KEY)):
        return _invalid("runKey", f"Expected a key that does not begin with {SERVER_KEY} or {PUT_KEY}")
    return None


def _invalid(field: str, message: str) -> Outcome:
    return Outcome("refused", refusal="invalid", field=field, message=message)


# ---------------------------------------------------------------------- many at once


def _receive_plain(queues: Queues, call: Call) -> dict[int, Outcome]:
    """Take the plain reports that each queue begins with, all in one transaction; return their outcomes."""
    if not queues:
        return {}
    try:
        outcomes = _store_plain(queues, call)
    except Busy:
        # Too much at once: what remains is done one by one.
        return {}
    for queue in queues.values():
        while queue and queue[0][0] in outcomes:
            queue.popleft()
    return outcomes


@in_transaction
def _store_plain(queues: Queues, call: Call) -> dict[int, Outcome]:
    # A new object each time: what one attempt found must not outlive its transaction.
    machines, rows = _Machines(queues, call.actor), Rows()
    outcomes = {}
    for queue in queues.values():
        for index, report in queue:
            reception = machines.reception(report, call, rows)
            if reception is None or not reception.is_plain:
                break
            outcomes[index] = reception.store()
    rows.save()
    return outcomes


class _Machines:
    """The printers that reports speak of and what is on them; printers, jobs and runs locked in this order.

    A printer's lock keeps which runs are its, and which job each belongs to, as they are.
    """

    def __init__(self, queues: Queues, actor: Actor) -> None:
        printers, jobs, runs = _locked_machines(queues, actor)
        self._printers = {printer.serial: printer for printer in printers}
        self._active: dict[int, PrintRun] = {}
        self._named: dict[tuple[int, str], PrintRun] = {}
        if printers:
            self._join(jobs, runs)
            self._look_for_others_named_in(queues)

    def reception(self, report: Report, call: Call, rows: Rows) -> Reception | None:
        """Return how `report` is received, given all before it; None where the printer is not known, or not theirs."""
        printer = self._printers.get(report.serial)
        if printer is None:
            return None
        active = self._active.get(printer.pk)
        if active is not None and active.run_key == report.run_key:
            return Reception(report, call, rows, printer, active, active)
        return Reception(report, call, rows, printer, active, self._named.get((printer.pk, report.run_key)))

    def _join(self, jobs: Sequence[PrintQueue], runs: Sequence[PrintRun]) -> None:
        """Let each run know its printer and its job, and each printer its run."""
        printer_of = {printer.pk: printer for printer in self._printers.values()}
        job_of = {job.pk: job for job in jobs}
        for run in runs:
            run.printer = printer_of[run.printer_id or 0]
            if run.job_id is not None:
                run.job = job_of[run.job_id]
            self._active[run.printer.pk] = run

    def _look_for_others_named_in(self, queues: Queues) -> None:
        """Read the runs that reports name and that are on no machine: these stay as they are, and need no lock."""
        keys: set[str] = set()
        for serial, printer in self._printers.items():
            active = self._active.get(printer.pk)
            keys |= {report.run_key for _, report in queues[serial]} - {active.run_key if active else "", ""}
        if keys:
            pks = [printer.pk for printer in self._printers.values()]
            where = f'"printer_id" IN {places(pks)} AND "run_key" IN {places(keys)}'
            self._named = {(run.printer_id or 0, run.run_key): run for run in read_rows(PrintRun, where, [*pks, *keys])}


def _locked_machines(queues: Queues, actor: Actor) -> tuple[list[Printer], list[PrintQueue], list[PrintRun]]:
    """Lock the printers that `actor` may speak of, then the jobs and then the runs that are on them."""
    which, values = f'"serial" IN {places(queues)}', list[str | int](queues)
    if actor.printer_ids is not None:
        if not actor.printer_ids:
            return [], [], []
        which, values = f'{which} AND "id" IN {places(actor.printer_ids)}', [*values, *actor.printer_ids]
    printers = f'SELECT "id" FROM "{Printer._meta.db_table}" WHERE {which}'  # noqa: S608 - our own names
    on_them = f'"printer_id" {is_one_of(printers)} AND "ended_at" IS NULL'
    their_jobs = f'SELECT "job_id" FROM "{PrintRun._meta.db_table}" WHERE {on_them}'  # noqa: S608
    found = read_together(
        Wanted(Printer, which, values, lock=True),
        Wanted(PrintQueue, f'"id" {is_one_of(their_jobs)}', values, lock=True),
        Wanted(PrintRun, on_them, values, lock=True),
    )
    return found[0], found[1], found[2]


# ---------------------------------------------------------------------- one by one


def _receive_others(queues: Queues, blocked: set[str], call: Call) -> dict[int, Outcome]:
    """Take the first report of each blocked queue, each in a transaction of its own; return their outcomes.

    In the order sent over all printers, since one may free the job that the next is a print of; plain reports can
    neither free nor take any, so that they may be taken earlier. Stops at the first that may be a plain one.
    """
    outcomes: dict[int, Outcome] = {}
    for index, serial in sorted((queue[0][0], serial) for serial, queue in queues.items()):
        if any(queue and queue[0][0] < index for queue in queues.values()):
            break
        blocked.discard(serial)
        outcomes |= _receive_first(queues[serial], serial, call)
    return outcomes


def _receive_first(queue: deque[tuple[int, Report]], serial: str, call: Call) -> dict[int, Outcome]:
    try:
        printer = _printer_for(serial, call.actor)
    except NotAllowed as reason:
        refusal = Outcome("refused", refusal="printer_not_allowed", message=str(reason))
        refused = {index: refusal for index, _ in queue}
        queue.clear()
        return refused
    index, report = queue.popleft()
    return {index: _store_one(report, printer.pk, call)}


def _printer_for(serial: str, actor: Actor) -> Printer:
    """Return the printer with this serial, made now if the actor may speak of any printer."""
    known = Printer.objects.filter(serial=serial).first()
    if actor.printer_ids is None:
        return known or Printer.objects.get_or_create(serial=serial)[0]
    if known is None:
        raise NotAllowed("This key is not for this printer.")
    actor.require_printer(known.pk)
    return known


@in_transaction
def _store_one(report: Report, printer_id: int, call: Call) -> Outcome:
    rows = Rows()
    printer = locked(Printer, [printer_id])[printer_id]
    runs = PrintRun.objects.filter(printer=printer).select_related("job")
    active = runs.active().first()
    named = runs.filter(run_key=report.run_key).first() if report.run_key else None
    reception = Reception(report, call, rows, printer, active, named)
    reception.match_and_lock()
    outcome = reception.store()
    rows.save()
    return outcome
