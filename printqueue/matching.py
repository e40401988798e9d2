"""Which job a run belongs to, and why. Pure: facts in, a decision out.

Never a guess: what is not certain stays without a job until a person says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

NAMED_IN_CALL: Final = "named in the call"
ONLY_OPEN_JOB: Final = "only open job with this file"


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run that just began; `file_key` as `protocol.file_name_key` gives it."""

    printer_id: int
    file_key: str


@dataclass(frozen=True)
class OpenJob:
    """A job that a run may still be linked to; `printer_id` is the printer it is bound to, None for any."""

    pk: int
    file_key: str
    printer_id: int | None


@dataclass(frozen=True)
class Match:
    """The job, and the reason in words that the page shows."""

    job_id: int
    reason: str


def match(run: RunFacts, jobs: Iterable[OpenJob]) -> Match | None:
    """Return the one job that `run` must be a print of, or None when there is none or more than one."""
    if not run.file_key:
        return None
    candidates = [job for job in jobs if job.file_key == run.file_key and job.printer_id in (None, run.printer_id)]
    return Match(candidates[0].pk, ONLY_OPEN_JOB) if len(candidates) == 1 else None
