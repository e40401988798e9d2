"""The jobs that a run may belong to, as matching wants them: few, however long the queue and its past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Min, Q

from printqueue.file_words import FileName, tells_what, tells_who, words_key
from printqueue.matching import OpenJob, RunFacts, Standing
from printqueue.models import PrintQueue, PrintRun
from printqueue.models.job_state import ACTIVE, JobState
from printqueue.models.order import Stage
from printqueue.protocol import file_name_key

KNOWN_FOR: Final = timedelta(days=7)
"""How long an ended job still counts when its file or its customer is seen again; its code always does."""

FAILED_LATELY: Final = timedelta(hours=24)
"""How long after a failed or cancelled print the next one of its file may be its second try."""

_COLUMNS: Final = (
    "pk", "code", "design_name", "customer_id", "print_file_name", "printer_id", "copies", "copies_done", "state",
    "started_at", "ended_at", "is_enabled", "current_run_id", "current_run__ended_at",
)  # fmt: skip


def candidates(run: RunFacts, now: datetime, freed: int | None = None) -> list[OpenJob]:
    """Return the jobs that can matter for `run`, in the order of the list, in two queries at the most.

    `freed`: the pk of a job whose run is over by now although no row says so yet.
    """
    name = FileName(run.file_name)
    jobs = PrintQueue.objects.enabled().order_by().values("pk")
    wanted = jobs.filter(stage__lt=Stage.ENDED)
    known = jobs.filter(Q(stage__lt=Stage.ENDED) | Q(ended_at__gt=now - KNOWN_FOR))
    named_designs = wanted.filter(design_key__in=set(filter(tells_what, name.phrases)))
    # Each by its own index: an OR of them would look through all jobs that ever were.
    which = known.filter(file_key=file_name_key(run.file_name)).union(
        # However old, and hidden or not: a code speaks for no other job.
        PrintQueue.objects.order_by().values("pk").filter(code__in={word.code for word in name.codes}),
        known.filter(customer_key__in=set(filter(tells_who, name.phrases))),
        wanted.filter(stage=Stage.ON_PRINTER, printer=run.printer_id),
        # For each design one job will do: it only has to be known that another wants that design.
        named_designs.values("design_key").annotate(first=Min("pk")).values("first"),
        *([jobs.filter(pk=freed)] if freed else []),
    )
    return read(Q(pk__in=which), name, now, freed)


def read(which: Q, name: FileName, now: datetime, freed: int | None = None) -> list[OpenJob]:
    """Return the jobs that `which` selects, as matching sees them for a file with this `name`."""
    rows = PrintQueue.objects.filter(which).in_order().values(*_COLUMNS)
    jobs = [_facts(row, place, now, freed) for place, row in enumerate(rows)]
    printed = _printed([job for job in jobs if _wants_no_more(job) and _is_named(job, name)])
    return [replace(job, printed=frozenset(printed[job.pk])) if job.pk in printed else job for job in jobs]


def _wants_no_more(job: OpenJob) -> bool:
    return job.standing in {Standing.BUSY, Standing.ENDED}


def _is_named(job: OpenJob, name: FileName) -> bool:
    return {words_key(job.customer_id), words_key(job.design_name)} <= name.phrases


def _printed(jobs: list[OpenJob]) -> dict[int, set[str]]:
    """Return the normalised names of the files of these jobs' runs, by the pk of the job."""
    found: dict[int, set[str]] = {}
    if jobs:
        runs = PrintRun.objects.filter(job__in=[job.pk for job in jobs]).order_by()
        for job_id, file_name in runs.exclude(file_name="").values_list("job", "file_name"):
            found.setdefault(job_id or 0, set()).add(FileName(file_name).key)
    return found


def facts_of(job: PrintQueue, place: int, now: datetime, freed: int | None = None) -> OpenJob:
    """Return one job as matching sees it."""
    run = job.current_run
    row = {column: getattr(job, column) for column in _COLUMNS[:-1]}
    return _facts({**row, _COLUMNS[-1]: run.ended_at if run else None}, place, now, freed)


def _facts(row: Mapping[str, Any], place: int, now: datetime, freed: int | None) -> OpenJob:
    is_active = row["state"] in ACTIVE
    return OpenJob(
        pk=row["pk"],
        code=row["code"],
        design_name=row["design_name"],
        customer_id=row["customer_id"],
        file_name=row["print_file_name"],
        printer_id=row["printer_id"],
        place=place,
        started_at=row["started_at"] if is_active and row["current_run_id"] is None else None,
        standing=_standing(row, now, freed),
    )


def _standing(row: Mapping[str, Any], now: datetime, freed: int | None) -> Standing:
    if not row["is_enabled"]:
        return Standing.ENDED
    is_on_machine = row["current_run_id"] is not None and row["current_run__ended_at"] is None and row["pk"] != freed
    if row["state"] == JobState.READY or (row["state"] in ACTIVE and row["current_run_id"] is None):
        return Standing.OPEN
    if row["state"] in ACTIVE and not is_on_machine:
        return Standing.LOST
    if row["state"] in ACTIVE:
        return Standing.WANTS_MORE if row["copies"] - row["copies_done"] > 1 else Standing.BUSY
    is_failed_lately = row["state"] != JobState.COMPLETED and row["ended_at"] > now - FAILED_LATELY
    return Standing.FAILED if is_failed_lately else Standing.ENDED
