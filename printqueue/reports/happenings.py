"""Which facts a report brings about: what changed of a run that somebody may have to hear of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from printqueue.models import Fact, FactKind, JobState, PrintRun
from printqueue.models.fact import KIND_OF_STATE
from printqueue.models.job_state import ENDED


@dataclass(frozen=True)
class Before:
    """A run as it was before a report."""

    state: str = ""
    error_code: str = ""

    @classmethod
    def of(cls, run: PrintRun) -> Before:
        """Return what `run` is now."""
        return cls(run.state, run.error_code)


def facts_about(
    run: PrintRun, before: Before, *, at: datetime, noticed_at: datetime, unwritten: Iterable[Fact] = ()
) -> list[Fact]:
    """Return what happened to `run`, and to its job, which followed it already, since it was as `before`.

    One report leads to one fact at the most: the error of a print that failed is why it failed. What had ended when it was
    first seen is history, and nobody hears of it. `unwritten`: what happened in the same transaction.
    """
    if run.state == before.state and run.error_code == before.error_code:
        return []
    if run.is_history:
        return []
    kind = KIND_OF_STATE.get(run.state) if run.state != before.state else None
    if kind is not None:
        return [] if _was_closed_by_staff(run, kind) else [_fact(run, kind, at, noticed_at)]
    # A code comes and goes while what it stands for lasts: each is told once a print.
    if run.error_code and run.error_code != before.error_code and not _was_told(run, unwritten):
        return [_fact(run, FactKind.ERROR, at, noticed_at)]
    return []


def _fact(run: PrintRun, kind: FactKind, at: datetime, noticed_at: datetime) -> Fact:
    detail = run.error_text if kind != FactKind.COMPLETED else ""
    return Fact.of(run, kind, at=at, noticed_at=noticed_at, detail=detail)


def _was_told(run: PrintRun, unwritten: Iterable[Fact]) -> bool:
    """Whether the code of `run` was told already, by itself or as the reason of something."""
    told = [*run.facts.values_list("detail", flat=True), *(fact.detail for fact in unwritten if fact.run_id == run.pk)]
    return any(detail.split(" ", 1)[0] == run.error_code.split(" ", 1)[0] for detail in told if detail)


def _was_closed_by_staff(run: PrintRun, kind: FactKind) -> bool:
    """Whether this end is only what staff said on a page already: nobody hears of what was done by hand.

    A job that was cancelled there is then cancelled at its printer. If it is printed to its end all the same, that is news.
    """
    job = run.job
    if job is None or job.current_run_id == run.pk or job.state not in ENDED:
        return False
    if job.ended_at is None or job.ended_at < run.started_at:
        return False
    expected = {JobState.COMPLETED: FactKind.COMPLETED, JobState.FAILED: FactKind.FAILED}.get(JobState(job.state))
    return kind in {FactKind.CANCELLED, FactKind.UNKNOWN_END, expected}
