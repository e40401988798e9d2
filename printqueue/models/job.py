"""Print jobs: one row of the queue, one thing somebody wants printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any, Final, Protocol, Self

from django.core.exceptions import ValidationError
from django.db import connection, models

from printqueue import file_names, protocol
from printqueue.file_words import words_key
from printqueue.live.revisions import Audience, Change, RevisionedQuerySet, save_revised
from printqueue.models import order
from printqueue.models.code import new_code
from printqueue.models.estimated import ESTIMATE_FIELDS
from printqueue.models.job_row import JobRow
from printqueue.models.job_state import ACTIVE, ENDED, STAGES, STATE_OF_RUN, TRANSITIONS, Attention, JobState
from printqueue.models.locks import Busy, Moved, hold, in_transaction, locked
from printqueue.models.printer import Printer, links_changed
from printqueue.models.run import ACTIVE as RUN_ACTIVE
from printqueue.models.run import PrintRun, RunSource, RunState, linked_by, printer_shows
from printqueue.models.transition import InvalidTransition, Who, record

RECENT: Final = timedelta(hours=24)
"""How long an ended job stays among those that a page which opens is told of."""

PROGRESS_FIELDS: Final = ("progress", "progress_last_report_time", "remaining_seconds", "layer", "total_layers")
STATE_FIELDS: Final = (
    *PROGRESS_FIELDS, *ESTIMATE_FIELDS,
    "state", "stage", "queue_order", "ready_order", "attention", "stall", "copies_done", "current_run", "printer",
    "match_reason",
    "started_at", "started_by", "ended_at", "ended_by",
)  # fmt: skip
KEY_FIELDS: Final = ("file_key", "customer_key", "design_key")
"""What matching looks for, of the columns that people write."""
EDITABLE_FIELDS: Final = frozenset(
    {"design_name", "customer_id", "note", "print_file_name", "copies", "rush", "due_at", "wanted_printer"}
)


class RevisionConflict(Exception):
    """Somebody else changed the job since the caller read it."""

    def __init__(self, current: int) -> None:
        super().__init__(f"The job was changed in the meantime: its revision is {current}.")
        self.current = current


class HasEndsOfReady(Protocol):
    """What `with_ends_of_ready` adds to a job: primary keys, None when no job is ready."""

    first_ready: int | None
    last_ready: int | None


class PrintQueueQuerySet(RevisionedQuerySet["PrintQueue"]):
    """Jobs as the pages, the API and matching look for them."""

    def enabled(self) -> Self:
        """Return the jobs that are not hidden."""
        return self.filter(is_enabled=True)

    def ready(self) -> Self:
        """Return the jobs that wait for a printer, the next one first."""
        return self.enabled().filter(stage=order.Stage.READY).order_by("queue_order", "pk")

    def in_order(self) -> Self:
        """Order as the list page does: on a printer, ready by position, ended with the latest first."""
        return self.order_by("stage", "queue_order", "pk")

    def open(self) -> Self:
        """Return the jobs that a run may still be linked to: ready, or active with no run on a machine."""
        idle = models.Q(state__in=ACTIVE) & ~models.Q(current_run__state__in=RUN_ACTIVE)
        # The stage is for the index: otherwise all that ever ended would be looked through.
        not_ended = self.enabled().filter(stage__lt=order.Stage.ENDED)
        return not_ended.filter(models.Q(state=JobState.READY) | idle)

    def at_hand(self, now: datetime) -> Self:
        """Return the jobs that are on a printer, or ended without success lately."""
        unsuccessful = models.Q(ended_at__gt=now - RECENT, state__in=[JobState.FAILED, JobState.CANCELLED])
        return self.enabled().filter(models.Q(stage=order.Stage.ON_PRINTER) | unsuccessful)

    def search(self, text: str) -> Self:
        """Return the jobs that have `text` in their code, design, customer, note or file name."""
        columns = ("code", "design_name", "customer_id", "note", "print_file_name")
        return self.filter(models.Q(*((f"{column}__icontains", text) for column in columns), _connector=models.Q.OR))

    def with_ends_of_ready(self) -> Self:
        """Fetch, in the same query, which ready jobs are the first and the last."""
        ready = PrintQueue.objects.ready().values("pk")
        return self.annotate(first_ready=models.Subquery(ready[:1]), last_ready=models.Subquery(ready.reverse()[:1]))

    def positions(self) -> dict[int, int]:
        """Return the 1-based position of every ready job by pk, in one query."""
        ready = PrintQueue.objects.ready().values_list("pk", flat=True)
        return {pk: position for position, pk in enumerate(ready, start=1)}


@dataclass(frozen=True)
class Place:
    """Where a job is, and its run: what must be known before they can be locked. Primary keys."""

    job_id: int
    is_enabled: bool
    printer_id: int | None
    run_id: int | None
    run_printer_id: int | None
    has_run_on_machine: bool

    @classmethod
    def of(cls, job_id: int) -> Self:
        """Return where the job is. Raises PrintQueue.DoesNotExist."""
        with connection.cursor() as cursor:
            cursor.execute(_PLACE, [job_id])
            found = cursor.fetchone()
        if found is None:
            raise PrintQueue.DoesNotExist
        is_enabled, printer_id, run_id, run_printer_id, has_run_on_machine = found
        return cls(job_id, bool(is_enabled), printer_id, run_id, run_printer_id, bool(has_run_on_machine))

    def is_still_of(self, job: PrintQueue) -> bool:
        """Whether the job, locked by now, is where it was seen, and as visible."""
        return (job.is_enabled, job.printer_id, job.current_run_id) == (self.is_enabled, self.printer_id, self.run_id)


_PLACE: Final = """
    SELECT job.is_enabled, job.printer_id, run.id, run.printer_id, run.id IS NOT NULL AND run.ended_at IS NULL
    FROM printqueue_printqueue AS job LEFT JOIN printqueue_printrun AS run ON run.id = job.current_run_id
    WHERE job.id = %s
"""


class PrintQueue(JobRow):
    """One print job: what people and programs may do with it, and how it follows its run."""

    objects = PrintQueueQuerySet.as_manager()

    require_printer: Callable[[int | None], None] = staticmethod(lambda printer_id: None)
    """Raises when whoever asked for this object may not touch a job on that printer; `access` sets it.

    Asked again under the lock: the job may have gone to another printer since.
    """

    def __str__(self) -> str:
        return f"{self.code} {self.design_name}"

    # ------------------------------------------------------------------ what it is

    @property
    def is_active(self) -> bool:
        """Whether it is being printed, as far as anybody knows."""
        return self.state in ACTIVE

    @property
    def is_open(self) -> bool:
        """Whether a run may still be linked to it."""
        has_run_on_machine = self.current_run is not None and self.current_run.is_active
        return self.state == JobState.READY or (self.is_active and not has_run_on_machine)

    @property
    def is_print_successful(self) -> bool | None:
        """Whether the print went well; None while that is open, and for a cancelled job."""
        return {JobState.COMPLETED: True, JobState.FAILED: False}.get(JobState(self.state))

    @property
    def position(self) -> int | None:
        """Its place among all ready jobs, from 1; None for a job that is not ready."""
        if self.state != JobState.READY:
            return None
        is_before = models.Q(queue_order__lt=self.queue_order) | models.Q(queue_order=self.queue_order, pk__lt=self.pk)
        return PrintQueue.objects.ready().filter(is_before).count() + 1

    def can_become(self, state: JobState) -> bool:
        """Whether its state leads to `state`, so that a page offers the verb."""
        return state in TRANSITIONS[JobState(self.state)]

    def clean(self) -> None:
        """Raise ValidationError where two fields contradict each other."""
        self._check_copies(self.copies)

    @classmethod
    def rows_on_a_new_page(cls, now: datetime) -> PrintQueueQuerySet:
        return cls.objects.enabled().filter(models.Q(ended_at=None) | models.Q(ended_at__gt=now - RECENT))

    def as_event(self) -> dict[str, Any]:
        if not self.is_enabled:
            return {"id": str(self.pk)}
        return {
            "id": str(self.pk),
            "progress": self.progress,
            "progressLastReportTime": protocol.wire_time(self.progress_last_report_time),
            "state": self.state,
            "remainingSeconds": self.remaining_seconds,
            "layer": self.layer,
            "totalLayers": self.total_layers,
            "stall": self.stall or None,
            **self.estimate_at(self.progress_last_report_time).on_wire,
        }

    def event_type(self, since: int) -> str:
        if not self.is_enabled:
            return "removed"
        return "job" if self.structure_revision > since else "progress"

    def event_audience(self) -> Audience:
        return Audience(job_id=self.pk, printer_id=self.printer_id)

    # ------------------------------------------------------------------ how it is kept

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save as `Revisioned` does; a new job gets its code and its place, an edited one what follows from the edit."""
        self.file_key = protocol.file_name_key(self.print_file_name)
        self.customer_key, self.design_key = words_key(self.customer_id), words_key(self.design_name)
        if not self.is_active and self.state not in ENDED:
            self.printer = self.wanted_printer
        if update_fields is not None:
            update_fields = {*update_fields, *KEY_FIELDS, "printer"}
        if not self._state.adding:
            super().save(update_fields=update_fields)
            return
        others = PrintQueue.objects.ready()
        self.queue_order = order.order_at(order.after_rush(others) if self.rush else len(others) + 1, others)
        self._save_with_new_code()

    def _save_with_new_code(self) -> None:
        for length in (4, 4, 4, 5, 6):
            self.code = new_code(length)
            if not PrintQueue.objects.filter(code=self.code).exists():
                super().save()
                return
        raise Busy("No free job code was found. Try again.")

    def lock(self, *printers: Printer | None) -> None:
        """Lock `printers` and this job's, then this job, then its current run; this object is read anew.

        Raises Moved when the job went to another printer in between, and what `require_printer` raises.
        """
        fresh = PrintQueue.locked(Place.of(self.pk), *printers)
        for field in self._meta.concrete_fields:
            setattr(self, field.attname, getattr(fresh, field.attname))
        if fresh.current_run is not None:
            self.current_run = fresh.current_run
        self.require_printer(self.printer_id)

    @classmethod
    def locked(cls, place: Place, *printers: Printer | None, other_job_id: int | None = None) -> PrintQueue:
        """Lock as `lock` does, given where the job was just seen, and another job too; return the job.

        Raises Moved when it is somewhere else by now.
        """
        ids = {place.printer_id, place.run_printer_id, *(printer.pk for printer in printers if printer)}
        hold(Printer, ids)
        job = locked(PrintQueue, [place.job_id, other_job_id]).get(place.job_id)
        if job is None or not place.is_still_of(job):
            raise Moved
        if place.run_id is not None:
            job.current_run = locked(PrintRun, [place.run_id])[place.run_id]
        return job

    # ------------------------------------------------------------------ what people and programs do with it

    @classmethod
    @in_transaction
    def create(cls, *, by: Who, now: datetime, **fields: Any) -> Self:
        """Put a new job into the queue: at its end, or with `rush` behind the rush jobs that wait already."""
        job = cls(created_by=by.user, created_at=now, **fields)
        job.full_clean(exclude=["code", *KEY_FIELDS])
        job.save()
        record(job, old="", new=job.state, who=by, at=now)
        return job

    @classmethod
    @in_transaction
    def new_job(cls, run: PrintRun, *, by: Who, now: datetime) -> Self:
        """Put a job into the queue that `run` is a print of: with its file, and a design named after that.

        Raises InvalidTransition when the run belongs to a job by now, ValidationError when its file is not known.
        """
        run.lock()
        if run.job is not None:
            raise InvalidTransition("make a job from this print", f"linked to {run.job.code} by now")
        if not run.file_name:
            raise ValidationError("The name of its file is not known: make a new job and link it.")
        job = cls.create(
            by=by, now=now, design_name=file_names.design_name(run.file_name), print_file_name=run.file_name
        )
        job.link(run, by=by, now=now, seen=None)
        return job

    @in_transaction
    def edit(self, *, revision: int | None = None, position: int | None = None, **fields: Any) -> None:
        """Change what was wanted, and with `position` (1-based) the place among the ready jobs.

        Raises RevisionConflict when `revision` is given and is not the current one, ValidationError for a value that
        does not fit, InvalidTransition for a position when the job is not ready.
        """
        self.lock(fields.get("wanted_printer"))
        if revision is not None and revision != self.revision:
            raise RevisionConflict(self.revision)
        became_rush = fields.get("rush", self.rush) and not self.rush
        for name in fields.keys() & EDITABLE_FIELDS:
            setattr(self, name, fields[name])
        self.full_clean(exclude=["code", *KEY_FIELDS])
        if position is None and became_rush and self.state == JobState.READY:
            position = order.after_rush(self._others_ready())
        if position is not None:
            self._take_place(position)
        self.save(update_fields={*(fields.keys() & EDITABLE_FIELDS), "queue_order"})

    @in_transaction
    def move(self, by_places: int) -> None:
        """Go up (negative) or down the ready jobs by so many places."""
        self.lock()
        self._take_place(max(1, (self.position or 0) + by_places))
        self.save(update_fields=["queue_order"])

    def _take_place(self, position: int) -> None:
        if self.state != JobState.READY:
            raise InvalidTransition("move", self.state)
        self.queue_order = order.order_at(position, self._others_ready())

    def _others_ready(self) -> PrintQueueQuerySet:
        return PrintQueue.objects.ready().exclude(pk=self.pk)

    @in_transaction
    def start(self, *, by: Who, now: datetime, reason: str = "", printer: Printer | None = None) -> None:
        """Say that it is being printed, on `printer` if given, before any report does."""
        self.lock(printer)
        if self.state != JobState.READY:
            raise InvalidTransition("start", self.state)
        self._move(JobState.PRINTING, "start", who=by, at=now, reason=reason)
        self.printer = printer or self.printer
        save_revised([Change(self, STATE_FIELDS)])

    @in_transaction
    def cancel(self, *, by: Who, now: datetime, reason: str = "") -> None:
        """Say that it is no longer wanted; a report on its way does not undo this."""
        self._close(JobState.CANCELLED, "cancel", by=by, now=now, reason=reason)

    @in_transaction
    def complete(self, *, by: Who, now: datetime, reason: str = "") -> None:
        """Say that it is printed, all of it; the print at hand counts as a good copy."""
        self._close(JobState.COMPLETED, "complete", by=by, now=now, reason=reason)

    @in_transaction
    def fail(self, *, by: Who, now: datetime, reason: str = "") -> None:
        """Say that its print is no good."""
        self._close(JobState.FAILED, "fail", by=by, now=now, reason=reason)

    @in_transaction
    def retry(self, *, by: Who, now: datetime, reason: str = "") -> None:
        """Queue a failed or cancelled job again, at the front."""
        self.lock()
        if self.state not in {JobState.FAILED, JobState.CANCELLED}:
            raise InvalidTransition("retry", self.state)
        self._move(JobState.READY, "retry", who=by, at=now, reason=reason)
        save_revised([Change(self, STATE_FIELDS)])

    @in_transaction
    def reopen(self, *, by: Who, now: datetime, reason: str = "") -> None:
        """Queue an ended job again although it was thought done. Raises ValidationError without a reason."""
        if not reason.strip():
            raise ValidationError({"reason": "Say why it is opened again."})
        self.lock()
        if self.state not in ENDED:
            raise InvalidTransition("reopen", self.state)
        self._take_back_a_copy()
        self._move(JobState.READY, "reopen", who=by, at=now, reason=reason)
        save_revised([Change(self, STATE_FIELDS)])

    def _take_back_a_copy(self) -> None:
        """Count one copy less if all are done, and no longer the run that was the last of them."""
        if self.copies_done < self.copies:
            return
        self.copies_done -= 1
        counted = self.runs.filter(is_counted=True).order_by("-ended_at", "-pk")
        last = counted.first()
        if last is not None and counted.count() > self.copies_done:
            last.is_counted = False
            last.save(update_fields=["is_counted"])

    @in_transaction
    def hide(self) -> None:
        """Take it off every page; `show` brings it back. Raises InvalidTransition while it is on a printer."""
        self.lock()
        if self.is_active:
            raise InvalidTransition("hide", self.state)
        self.is_enabled = False
        save_revised([Change(self, ["is_enabled"])])

    @in_transaction
    def show(self) -> None:
        """Undo `hide`."""
        self.lock()
        self.is_enabled = True
        save_revised([Change(self, ["is_enabled"])])

    @in_transaction
    def link(
        self, run: PrintRun, *, by: Who, now: datetime, seen: int | None | EllipsisType = ..., moves: bool = False
    ) -> None:
        """Say that `run` is a print of this job, and not of the job it may belong to now.

        An active run moves the job from now on, also one that staff took the job from; a completed one counts as a
        good copy; one that nobody saw end asks how it ended; any other only joins the history, unless it `moves` the
        job, if that is ready, as it did before it was unlinked. Raises InvalidTransition for an active run when the job
        is closed or has one already, or when its client names another job; and when `seen` is given, the job (None:
        none) that the caller saw the run belong to, and it belongs to another by now.
        """
        printer, previous = self._lock_with(run)
        is_ours = previous is not None and previous.pk == self.pk
        if is_ours and (self.current_run_id == run.pk or not run.is_active):
            return
        if seen is not ... and not is_ours and run.job_id != seen:
            raise InvalidTransition("link", f"linked to {previous.code if previous else 'no job'} by now")
        if run.is_active and not self.is_open:
            raise InvalidTransition("link a running print to this job", self.state)
        if run.is_active and run.source == RunSource.PUT and previous is not None and not is_ours:
            # Its client knows it by that job alone, and would begin another one there with its next word.
            raise InvalidTransition("link to another job", f"fed by a client that names {previous.code}")
        changes = [previous.let_go(run, who=by, at=now)] if previous and not is_ours else []
        run.join(self, linked_by(by, now), by=by, now=now)
        asks_or_counts = run.state in {RunState.COMPLETED, RunState.UNKNOWN_END} and self.is_open
        if run.is_active or asks_or_counts or (moves and self.state == JobState.READY):
            changes.append(self.follow(run, who=by, at=now))
        else:
            changes += self.count(run) or [Change(self, [])]
        run.save()
        save_revised([*links_changed(printer, now), *changes])

    @in_transaction
    def unlink(self, run: PrintRun, *, by: Who, now: datetime) -> None:
        """Say that `run` is not a print of this job; a job that it moved goes back to its place in the queue.

        If nobody saw the print before end, the job goes back to that one and asks how it ended. Raises
        InvalidTransition when the run belongs to another job by now.
        """
        printer, present = self._lock_with(run)
        if present is None:
            return
        if present.pk != self.pk:
            raise InvalidTransition("unlink", f"linked to {present.code} by now")
        change = self.let_go(run, who=by, at=now)
        run.leave()
        if run.is_active and run.source == RunSource.PUT:
            # Its client knows it by this job alone, and can never say how it ended.
            run.change_state(RunState.UNKNOWN_END, who=by, at=now, reason="It was taken off its job.")
        run.save()
        save_revised([*links_changed(printer, now), change])

    def _lock_with(self, run: PrintRun) -> tuple[Printer | None, PrintQueue | None]:
        """Lock the run's printer, this job and the run's present one, then `run`; return that printer and that job."""
        seen = PrintRun.objects.get(pk=run.pk)
        printers = locked(Printer, [seen.printer_id, self.printer_id])
        jobs = locked(PrintQueue, [seen.job_id, self.pk])
        run.refresh_from_db(from_queryset=PrintRun.objects.select_for_update(no_key=True))
        self.refresh_from_db()
        if (run.job_id, run.printer_id) != (seen.job_id, seen.printer_id):
            raise Moved
        return printers.get(run.printer_id or 0), self if run.job_id == self.pk else jobs.get(run.job_id or 0)

    # ------------------------------------------------------------------ how it follows its run

    def follow(self, run: PrintRun, *, who: Who, at: datetime) -> Change:
        """Let `run`, which is linked to this locked job, move it; return what is to be saved."""
        before = self._structure
        if self.current_run_id != run.pk:
            self._take_run(run, who=who)
        self._copy_progress(run)
        self._take_state(run, who=who, at=at)
        is_structural = before != self._structure
        return Change(self, STATE_FIELDS if is_structural else PROGRESS_FIELDS, structural=is_structural)

    @property
    def _structure(self) -> tuple[object, ...]:
        """What a run may change besides plain progress."""
        return self.current_run_id, self.state, self.attention, self.stall, self.copies_done

    def count(self, run: PrintRun) -> list[Change]:
        """Count `run`, if it is a good copy that ended after the next one had begun; return what is to be saved."""
        is_good = run.state == RunState.COMPLETED and not run.is_counted
        if not is_good or not self.is_active or self.copies_done >= self.copies:
            return []
        self.copies_done += 1
        run.is_counted = True
        return [Change(self, ["copies_done"])]

    def let_go(self, run: PrintRun, *, who: Who, at: datetime) -> Change:
        """Forget `run`, which turned out to be no print of this locked job; return what is to be saved."""
        if run.is_counted:
            self.copies_done = max(0, self.copies_done - 1)
        if self.current_run_id == run.pk or (run.is_counted and self.state == JobState.COMPLETED):
            reason = f"The print of {run} was not this job's."
            self._move(JobState.READY, "unlink", who=who, at=at, reason=reason, place=self.ready_order)
            before = self.runs.exclude(pk=run.pk).select_related("printer").order_by("-started_at", "-pk").first()
            if before is not None and before.state == RunState.UNKNOWN_END and not before.is_counted:
                # How that one ended is open still: the job asks again.
                self.follow(before, who=who, at=at)
        run.is_counted = False
        return Change(self, STATE_FIELDS)

    def _take_run(self, run: PrintRun, *, who: Who) -> None:
        if self.state == JobState.READY:
            where = f"on {run.printer}: " if run.printer else ""
            why = "linked by hand" if run.linked_by_id else run.match_reason
            self._move(JobState.PRINTING, "start", who=who, at=run.started_at, reason=f"Run {where}{why}")
        self.current_run = run
        self.printer = run.printer or self.printer
        self.match_reason = run.match_reason

    def _copy_progress(self, run: PrintRun) -> None:
        self.progress = run.progress
        self.progress_last_report_time = run.last_report_at
        self.remaining_seconds = run.remaining_seconds
        self.layer, self.total_layers = run.layer, run.total_layers
        self.stall = run.stall
        # The same as before, unless another run is followed or this one changed its state: then it is written.
        self.copy_estimate(run)

    def _take_state(self, run: PrintRun, *, who: Who, at: datetime) -> None:
        if run.state == RunState.UNKNOWN_END:
            self.attention = Attention.UNKNOWN_END
            return
        self.attention = ""
        state = STATE_OF_RUN[RunState(run.state)]
        if run.state == RunState.COMPLETED:
            run.is_counted = self.copies_done < self.copies
            self.copies_done += run.is_counted
            state = JobState.COMPLETED if self.copies_done >= self.copies else JobState.READY
        if state != self.state:
            self._move(state, "follow its run", who=who, at=at, reason=run.reason_of_state)

    def _close(self, state: JobState, verb: str, *, by: Who, now: datetime, reason: str) -> None:
        self.lock()
        run, changes = self.current_run, [Change(self, STATE_FIELDS)]
        if state == JobState.COMPLETED and self.is_active:
            self.copies_done = min(self.copies_done + 1, self.copies)
        self._move(state, verb, who=by, at=now, reason=reason)
        if run is not None and run.ends_with_its_job:
            stall = run.stall
            run.change_state(RunState(state.value), who=by, at=run.ended_at or now, reason=reason)
            run.is_counted = state == JobState.COMPLETED
            run.save()
            changes = [*printer_shows(run, stall), *changes]
        # From here on the run no longer moves the job: staff win over reports.
        self.current_run = None
        save_revised(changes)

    def _move(self, new: JobState, verb: str, *, who: Who, at: datetime, reason: str, place: int | None = None) -> None:
        """Go to `new` and record it; the caller saves. Raises InvalidTransition from a state that does not lead there.

        `place`: the order of a job that becomes ready; None puts it to the front, for it had its turn already.
        """
        old = JobState(self.state)
        if new not in TRANSITIONS[old]:
            raise InvalidTransition(verb, old)
        self.state, self.stage, self.attention = new, STAGES[new], ""
        if new not in ACTIVE:
            self.stall = ""
            self.forget_estimate()
        if new in ENDED:
            self.ended_at, self.ended_by, self.queue_order = at, who.user, order.by_end(at)
        elif new == JobState.READY:
            self._forget_last_run()
            self.queue_order = order.order_at(1, self._others_ready()) if place is None else place
        elif old == JobState.READY:
            self.started_at, self.started_by = at, who.user
            self.ready_order, self.queue_order = self.queue_order, order.by_start(at)
        record(self, old=old, new=new, who=who, at=at, reason=reason)

    def _forget_last_run(self) -> None:
        self.progress = self.progress_last_report_time = self.remaining_seconds = None
        self.layer = self.total_layers = None
        self.started_at = self.started_by = self.ended_at = self.ended_by = None
        self.current_run, self.match_reason = None, ""
        self.printer = self.wanted_printer

    def _check_copies(self, copies: int) -> None:
        at_least = self.copies_done if self.state == JobState.COMPLETED else self.copies_done + 1
        if copies < at_least:
            raise ValidationError({"copies": f"Expected at least {at_least}: {self.copies_done} are printed already."})
