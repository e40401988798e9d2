"""Which job a run belongs to, and why. Pure: facts in, a decision out.

Never a guess: what is not certain stays without a job until a person says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from printqueue.protocol import file_name_key

NAMED_IN_CALL: Final = "named in the call"
ONLY_OPEN_JOB: Final = "only open job with this file"
SAME_FILE: Final = "same file"
SAME_PRINTER: Final = "wanted on this printer"


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run that just began."""

    printer_id: int
    file_name: str
    started_at: datetime


@dataclass(frozen=True)
class OpenJob:
    """A job that a run may still be linked to; `printer_id` is the printer it is bound to, None for any.

    `place` counts in the order of the queue; `started_at` is when somebody said that it is being printed.
    """

    pk: int
    code: str
    design_name: str
    customer_id: str
    file_name: str
    printer_id: int | None
    place: int
    started_at: datetime | None
    copies_left: int


@dataclass(frozen=True)
class Match:
    """The job, and the reason in words that the page shows."""

    job_id: int
    reason: str


@dataclass(frozen=True)
class Suggestion:
    """A job that it may be, and what speaks for it."""

    job_id: int
    reason: str


@dataclass(frozen=True)
class Ambiguous:
    """Nobody but a person can say; the likeliest job first."""

    suggestions: tuple[Suggestion, ...]


def match(run: RunFacts, jobs: Iterable[OpenJob]) -> Match | Ambiguous:
    """Return the one job that `run` must be a print of, or those that it may be."""
    key = file_name_key(run.file_name)
    here = [job for job in jobs if job.printer_id in (None, run.printer_id)]
    same = [job for job in here if key and file_name_key(job.file_name) == key]
    if len(same) == 1:
        return Match(same[0].pk, ONLY_OPEN_JOB)
    wanted_here = [job for job in here if job.printer_id is not None and job not in same]
    same.sort(key=lambda job: job.place)
    wanted_here.sort(key=lambda job: job.place)
    return Ambiguous(
        (
            *(Suggestion(job.pk, SAME_FILE) for job in same),
            *(Suggestion(job.pk, SAME_PRINTER) for job in wanted_here),
        )
    )
