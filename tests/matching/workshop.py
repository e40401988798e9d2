"""Lives through an invented week on the real database, by what people and printers really call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import pytest

from printqueue.access import Actor
from printqueue.models import InvalidTransition, JobState, Printer, PrintQueue, PrintRun, Who
from printqueue.protocol import ReportState
from printqueue.reports import Report, receive
from tests.factories import make_key, make_printer, make_staff
from tests.matching.week import Event, Print, Week, Wish

REASON: Final = "So it was."


class Workshop:
    """The printers and jobs of `week`; `linked` says which wish each print was linked to without a person."""

    def __init__(self, week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
        self.week = week
        self.linked: dict[int, Wish] = {}
        self._staff = Who(user=make_staff())
        self._actor = Actor(key=make_key()[0])
        self._printers = [make_printer(f"p-{number}") for number in range(week.printers)]
        self._jobs: dict[int, PrintQueue] = {}
        self._wishes: dict[int, Wish] = {}
        self._prints = {(f"p-{print.printer}", print.run_key): print for print in week.prints}
        self._sequence = 0
        self._code = ""
        monkeypatch.setattr("printqueue.models.job.new_code", lambda length: self._code)

    def live(self) -> None:
        """Let everything happen, in the order of time."""
        for event in self.week.events:
            if event.verb == "open":
                self._open(event)
            elif event.print is not None:
                self._hear(event, event.print)
            elif event.verb == "look into the tray":
                self._look_into_the_tray(event.at)
            elif event.wish is not None:
                self._act(event, event.wish)

    def _open(self, event: Event) -> None:
        wish = event.wish
        assert wish is not None
        self._code = wish.code
        job = PrintQueue.create(
            by=self._staff,
            now=event.at,
            design_name=wish.design,
            customer_id=wish.customer,
            print_file_name=wish.file_name,
            copies=wish.copies,
            rush=wish.rush,
            wanted_printer=self._printer(wish.printer),
        )
        self._jobs[wish.number], self._wishes[job.pk] = job, wish

    def _printer(self, number: int | None) -> Printer | None:
        return None if number is None else self._printers[number]

    def _act(self, event: Event, wish: Wish) -> None:
        job = self._jobs.get(wish.number)
        if job is None:
            return
        verbs: dict[str, Callable[..., None]] = {
            "start": job.start, "cancel": job.cancel, "fail": job.fail, "complete": job.complete, "retry": job.retry
        }  # fmt: skip
        where = {"printer": self._printers[event.printer]} if event.verb == "start" else {}
        # Where it cannot be done: a person would have, had the print been linked in time, or it needs no doing any more.
        with suppress(InvalidTransition):
            verbs[event.verb](by=self._staff, now=event.at, reason=REASON, **where)

    def _hear(self, event: Event, print: Print) -> None:
        assert event.said is not None
        self._sequence += 1
        report = Report(
            serial=f"p-{event.printer}",
            state=ReportState(event.said.state),
            measured_at=event.at,
            sequence=self._sequence,
            run_key=print.run_key,
            progress=event.said.progress,
            file_name=print.file_name,
        )
        run = receive(report, actor=self._actor, client="c", received_at=event.at, skew=timedelta()).run
        if run is not None and run.job_id is not None and run.linked_by_id is None:
            self.linked.setdefault(print.number, self._wishes[run.job_id])

    def _look_into_the_tray(self, now: datetime) -> None:
        """Somebody who was there says of each print that waits which job it is."""
        for run in PrintRun.objects.unmatched(now).select_related("printer"):
            assert run.printer is not None
            wish = self._prints[run.printer.serial, run.run_key].wish
            job = self._jobs.get(wish.number) if wish is not None else None
            if job is None:
                continue
            # Where it cannot be done: its job has another print on a machine, or is closed for good.
            with suppress(InvalidTransition):
                job.refresh_from_db()
                if run.is_active and job.state in {JobState.FAILED, JobState.CANCELLED} and wish and wish.to_print == 0:
                    job.retry(by=self._staff, now=now)
                job.link(run, by=self._staff, now=now)

    # ------------------------------------------------------------------ how well it went

    @property
    def wrong(self) -> list[str]:
        """The prints that were linked to a job whose they are not, in words."""
        return [
            f"{print.file_name!r} ({print.how}) of {told(print.wish)} went to {told(linked)}"
            for print in self.week.prints
            if (linked := self.linked.get(print.number)) is not None
            and (print.wish is None or not linked.is_same_as(print.wish))
        ]

    @property
    def share(self) -> float:
        """How many of the prints that a job asked for were linked without a person."""
        ours = [print for print in self.week.prints if print.is_wanted]
        return sum(print.number in self.linked for print in ours) / len(ours)

    @property
    def by_kind(self) -> str:
        """How many of each kind of name were linked without a person."""
        ours = [print for print in self.week.prints if print.is_wanted]
        total = Counter(print.how for print in ours)
        linked = Counter(print.how for print in ours if print.number in self.linked)
        return ", ".join(f"{how} {linked[how]}/{number}" for how, number in total.most_common())


def told(wish: Wish | None) -> str:
    return "nobody" if wish is None else f"{wish.code} ({wish.design}, {wish.customer}, {wish.file_name})"
