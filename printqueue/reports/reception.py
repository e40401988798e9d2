"""What one report does at its printer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from printqueue import matching, protocol
from printqueue.access import Actor
from printqueue.file_words import says_nothing
from printqueue.live.revisions import Change
from printqueue.models import PRINTFACTORY, Printer, PrintQueue, PrintRun, RunSource, RunState, Sample
from printqueue.models.estimated import ESTIMATE_FIELDS
from printqueue.models.locks import Moved, locked
from printqueue.models.printer import REPORTED_FIELDS, links_changed
from printqueue.models.run import Observation
from printqueue.models.stall import end_what_is_over
from printqueue.models.transition import record
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, PERCENT_STATES, ReportState
from printqueue.reports.candidates import candidates, facts_of
from printqueue.reports.happenings import Before, facts_about
from printqueue.reports.messages import SERVER_KEY, Outcome, Report, feeder
from printqueue.reports.routing import Decision, Effect, KnownRun, ReportFacts, decide
from printqueue.reports.rows import Rows

IDLE_ENDS_RUN: Final = timedelta(seconds=60)
"""How long a printer must say "idle" before its run is over without anybody knowing how."""


@dataclass(frozen=True)
class Call:
    """What all reports of one call have in common."""

    actor: Actor
    client: str
    received_at: datetime
    skew: timedelta


class Reception:
    """One report at its locked printer: `active` is the run on the machine, `named` the one with the report's key."""

    run: PrintRun | None  # the run that the report speaks of
    candidate: matching.OpenJob | None = None  # the job of a run that opens now, as it was when that was decided
    matched: PrintQueue | None = None  # that job, locked
    match_reason = ""

    def __init__(
        self, report: Report, call: Call, rows: Rows, printer: Printer, active: PrintRun | None, named: PrintRun | None
    ) -> None:
        self.report, self.file_key = report, protocol.file_name_key(report.file_name)
        self.call, self.rows, self.who = call, rows, call.actor.who
        self.printer, self.active = printer, active
        self.is_new_holder = not printer.is_held_by(call.actor.key, call.client)
        self.decision = self._decide(named)
        self.run = next((run for run in (active, named) if run and run.pk == self.decision.run), None)
        self.at, self.is_clamped = self._stored_time()
        self.is_plain = self._is_plain()

    def match_and_lock(self) -> None:
        """Find the job of a run that opens now, and lock what the report may change. Raises Moved."""
        if not (self._is_refused or self.decision.is_stale):
            self._match()
            self._lock_jobs_and_runs()

    def store(self) -> Outcome:
        """Store the report, or say why not. Nothing is written for a stale or refused one."""
        if self._is_refused:
            return Outcome("refused", refusal="leased", message="Another client speaks for this printer.")
        if self.decision.is_stale:
            return Outcome("stale", self.run)
        # Where nothing but numbers changes, the estimate stays as it was.
        self.rows.change(Change(self.printer, REPORTED_FIELDS if self.is_plain else REPORTED_FIELDS + ESTIMATE_FIELDS))
        if self.is_new_holder:
            # A new baseline: another client's numbers say nothing about this one's.
            self.printer.last_sequence = None
        self.printer.renew_lease(self.call.actor.key, self.call.client, self.call.received_at)
        if self.decision.moves_printer:
            # Before the runs: the reasons of their transitions name the printer, and what is known of theirs depends on
            # whether it is there.
            self._take_name_and_state()
        self._apply_to_runs()
        if self.decision.moves_printer:
            self._apply_to_printer()
        elif self.run is not None and not self.run.is_active and self.printer.run_id == self.run.pk:
            self.printer.run = None
        return Outcome("unmatched" if self.run is not None and self.run.job_id is None else "accepted", self.run)

    @property
    def _is_refused(self) -> bool:
        return self.printer.is_leased_to_another(self.call.actor.key, self.call.client, self.call.received_at)

    def _decide(self, named: PrintRun | None) -> Decision:
        return decide(
            ReportFacts(self.report.state, self.report.sequence, self.report.run_key, self.file_key),
            named=self._known(named),
            active=self._known(self.active),
            printer_sequence=None if self.is_new_holder else self.printer.last_sequence,
        )

    def _known(self, run: PrintRun | None) -> KnownRun | None:
        if run is None:
            return None
        sequence = None if self.is_new_holder else run.last_sequence
        return KnownRun(run.pk, ReportState(run.state), sequence, protocol.file_name_key(run.file_name))

    def _is_plain(self) -> bool:
        """Whether nothing but numbers may change: no run begins, ends, moves to another state or finds its job."""
        if self._is_refused or self.decision.is_stale:
            return True
        if self.is_new_holder or self.decision.ends_active_run:
            return False
        match self.decision.effect:
            case Effect.NOTHING:
                return True
            case Effect.OBSERVE if self.run is not None:
                is_steady = self.run is self.active and self.run.state == self.report.state
                return is_steady and not self._tells_of_an_unknown_run()
            case Effect.HEAR:
                return not self._is_idle_for_long
        return False

    def _stored_time(self) -> tuple[datetime, bool]:
        """Return when it was measured by our clock, never after receipt nor before what came before; and if moved."""
        measured = self.report.measured_at + self.call.skew
        before = [self.run.last_report_at] if self.run else []
        before += [self.printer.last_report_at] if self.decision.moves_printer else []
        at = max([min(measured, self.call.received_at), *(time for time in before if time is not None)])
        return at, at != measured

    # ------------------------------------------------------------------ which job

    def _match(self) -> None:
        if self.decision.effect != Effect.OPEN and not self._tells_of_an_unknown_run():
            return
        freed = self.active.job if self.active else None
        facts = matching.RunFacts(self.printer.pk, self.report.file_name, self._started_at())
        jobs = candidates(facts, self.call.received_at, self._freed(freed))
        found = matching.match(facts, jobs)
        if isinstance(found, matching.Match):
            self.candidate = next(job for job in jobs if job.pk == found.job_id)
            self.match_reason = found.reason

    def _tells_of_an_unknown_run(self) -> bool:
        """Whether the report is the first to name the file of its run, or finds a run active that was history."""
        run = self.run
        if run is None or run.job_id is not None or self.report.state not in ACTIVE_STATES:
            return False
        is_named_now = says_nothing(run.file_name) and not says_nothing(self.report.file_name)
        return not run.is_decided and (run.is_history or is_named_now)

    def _started_at(self) -> datetime:
        """Return when the print began, as far as the report says, else when it was first heard of."""
        if self.report.started_at is None:
            return self.run.started_at if self.run is not None else self.at
        return min(self.report.started_at + self.call.skew, self.at)

    def _freed(self, job: PrintQueue | None) -> int | None:
        """Return the pk of `job` when this very report ends the run that keeps it from being open."""
        if job is None or self.active is None or not self.decision.ends_active_run:
            return None
        return job.pk if job.is_active and job.current_run_id == self.active.pk else None

    def _lock_jobs_and_runs(self) -> None:
        """Lock jobs, then runs. Raises Moved when the job of the match was taken or changed in the meantime."""
        runs = [run for run in (self.active, self.run) if run is not None]
        job_ids = [run.job_id for run in runs] + [self.candidate.pk if self.candidate else None]
        jobs = locked(PrintQueue, job_ids)
        if self.is_new_holder:
            PrintRun.objects.filter(printer=self.printer).exclude(last_sequence=None).update(last_sequence=None)
        fresh = locked(PrintRun, [run.pk for run in runs])
        for run in fresh.values():
            run.printer, run.job = self.printer, jobs.get(run.job_id or 0)
        self.active = fresh[self.active.pk] if self.active else None
        self.run = fresh[self.run.pk] if self.run else None
        if self.candidate is not None:
            self.matched = job = jobs[self.candidate.pk]
            facts = facts_of(job, self.candidate.place, self.call.received_at, self._freed(job))
            if facts != self.candidate or not job.is_enabled:
                raise Moved

    # ------------------------------------------------------------------ what changes

    def _apply_to_runs(self) -> None:
        """Change runs and the jobs that follow them, and record it."""
        if self.active is not None and self.decision.ends_active_run:
            self._end_unknown(self.active, "Another print began on this printer.")
        match self.decision.effect:
            case Effect.OPEN:
                self.run = self._open()
                self._follow(self.run)
                self._tell(self.run, Before())
            case Effect.REMEMBER:
                self.run = self._remember()
            case Effect.OBSERVE if self.run is not None:
                self.run.source = RunSource.REPORTS
                self.run.is_history = self.run.is_history and self.report.state not in ACTIVE_STATES
                self._join(self.run)
                before = Before.of(self.run)
                self.run.observe(self._observation(self.run), who=self.who, at=self.at)
                self._end_stall(self.run)
                self._follow(self.run)
                self._tell(self.run, before)
                self._sample(self.run)
            case Effect.HEAR if self.run is not None:
                self._hear(self.run)
            case Effect.NOTHING if self.run is not None and not self.decision.moves_printer:
                # The printer does not take the report's number, by which it is known when it comes again.
                self.run.last_sequence = self.report.sequence or self.run.last_sequence
                self.rows.observed(self.run)

    def _open(self) -> PrintRun:
        run = PrintRun(
            printer=self.printer,
            run_key=self.report.run_key or f"{SERVER_KEY}{self.printer.runs.count() + 1}",
            state=RunState(self.report.state.value),
            state_since=self.at,
            started_at=self._started_at(),
            fed_by=feeder(self.call.actor, self.call.client),
        )
        self._join(run)
        run.observe(self._observation(run), who=self.who, at=self.at)
        run.save()
        record(run, old="", new=run.state, who=self.who, at=self.at, reason=run.match_reason)
        self._sample(run)
        return run

    def _join(self, run: PrintRun) -> None:
        if self.matched is not None:
            run.join(self.matched, self.match_reason, by=PRINTFACTORY, now=self.at)

    def _remember(self) -> PrintRun:
        """Keep a print that had ended when we first heard of it: no job, no transition, no sample."""
        return PrintRun.objects.create(
            printer=self.printer,
            run_key=self.report.run_key,
            state=RunState(self.report.state.value),
            is_history=True,
            file_name=self.report.file_name,
            progress=self.report.progress or 0,
            started_at=self._started_at(),
            ended_at=self.at,
            last_report_at=self.at,
            last_sequence=self.report.sequence,
            fed_by=feeder(self.call.actor, self.call.client),
        )

    def _hear(self, run: PrintRun) -> None:
        """Note that the printer is idle or offline while its run goes on; a minute of idle ends it."""
        run.heard(self.at)
        if self._is_idle_for_long:
            self._end_unknown(run, "The printer has been idle for a minute.")
        else:
            self._end_stall(run)
            self._follow(run)

    def _end_stall(self, run: PrintRun) -> None:
        if run.is_active and end_what_is_over(run, self.call.received_at):
            self.is_plain = False  # more than numbers changed

    @property
    def _is_idle_for_long(self) -> bool:
        return (
            self.report.state == ReportState.IDLE
            and self.printer.state == ReportState.IDLE
            and self.printer.state_since is not None
            and self.at - self.printer.state_since >= IDLE_ENDS_RUN
        )

    def _end_unknown(self, run: PrintRun, reason: str) -> None:
        before = Before.of(run)
        run.change_state(RunState.UNKNOWN_END, who=PRINTFACTORY, at=self.at, reason=reason)
        self._follow(run)
        self._tell(run, before)

    def _tell(self, run: PrintRun, before: Before) -> None:
        """Raise the facts of what changed since `before`; the run is saved, or will be together with them."""
        noticed_at, unwritten = self.call.received_at, self.rows.facts
        self.rows.happened(facts_about(run, before, at=self.at, noticed_at=noticed_at, unwritten=unwritten))

    def _follow(self, run: PrintRun) -> None:
        """Let the run's job follow it, unless staff took the job out of its hands; save the run."""
        job = run.job
        # A run that finds its job now is the one reported; the one that ends before it may have lost that very job.
        is_found_now = run is self.run and job == self.matched
        if job is not None and (job.current_run_id == run.pk or is_found_now):
            self.rows.change(job.follow(run, who=self.who, at=self.at))
        elif job is not None and not self.is_plain:
            # The job is at its next copy already, or closed: its page shows the run all the same.
            for change in job.count(run) or [Change(job, [])]:
                self.rows.change(change)
        elif job is None and not self.decision.moves_printer:
            # It waits in the tray, and the printer, which tells the pages of it, is at its next print already.
            for change in links_changed(self.printer, self.call.received_at):
                self.rows.change(change)
        if self.is_plain:
            self.rows.observed(run)
        else:
            run.save()

    def _observation(self, run: PrintRun) -> Observation:
        seen = self.report
        return Observation(
            state=RunState(seen.state.value),
            progress=self._percent(run),
            file_name=seen.file_name,
            remaining_seconds=seen.remaining_seconds,
            layer=seen.layer,
            total_layers=seen.total_layers,
            sequence=seen.sequence,
            error_code=seen.error_code,
            error_message=seen.error_message,
        )

    def _percent(self, run: PrintRun) -> float | None:
        """Return the percent if it can be this run's: printers go on showing the last print's 100 % for a while."""
        percent = self.report.progress
        if percent is None or self.report.state not in PERCENT_STATES | {ReportState.COMPLETED}:
            return None
        if (
            percent == 100
            and run.progress == 0
            and self.report.state in PERCENT_STATES
            and self._last_print_was_full(run)
        ):
            return None
        return percent

    def _last_print_was_full(self, run: PrintRun) -> bool:
        last = PrintRun.objects.filter(printer=self.printer).exclude(pk=run.pk).order_by("-pk").first()
        return last is not None and (last.progress == 100 or last.state == RunState.COMPLETED)

    def _sample(self, run: PrintRun) -> None:
        self.rows.sampled(
            Sample(
                run=run,
                at=self.at,
                state=run.state,
                progress=run.progress,
                layer=run.layer,
                remaining_seconds=run.remaining_seconds,
                nozzle_c=self.report.nozzle_c,
                bed_c=self.report.bed_c,
                is_clamped=self.is_clamped,
            )
        )

    # ------------------------------------------------------------------ the printer's live state

    def _take_name_and_state(self) -> None:
        if self.report.printer_name and not self.printer.is_named_by_staff:
            self.printer.name = self.report.printer_name
        self.printer.model = self.report.model or self.printer.model
        if self.printer.state != self.report.state:
            self.printer.state, self.printer.state_since = self.report.state.value, self.at

    def _apply_to_printer(self) -> None:
        report, printer = self.report, self.printer
        printer.last_report_at = self.at
        printer.last_sequence = report.sequence if report.sequence is not None else printer.last_sequence
        on_machine = next((run for run in (self.run, self.active) if run is not None and run.is_active), None)
        printer.run = on_machine
        # What was known of a printer that is not heard stays on its card, marked as last known.
        if report.state != ReportState.OFFLINE:
            self._show_print(on_machine)
        if not self.is_plain:
            self._show_estimate(on_machine)

    def _show_estimate(self, run: PrintRun | None) -> None:
        if run is None:
            self.printer.forget_estimate()
        else:
            self.printer.copy_estimate(run)

    def _show_print(self, run: PrintRun | None) -> None:
        report, printer = self.report, self.printer
        is_on = report.state in ACTIVE_STATES
        printer.progress = run.progress if run is not None and is_on else None
        printer.remaining_seconds = report.remaining_seconds if is_on else None
        printer.layer = run.layer if run is not None and is_on else None
        printer.total_layers = run.total_layers if run is not None and is_on else None
        names_file = report.state in ACTIVE_STATES | ENDED_STATES
        printer.file_name = (report.file_name or (run.file_name if run else "")) if names_file else ""
        printer.nozzle_c, printer.nozzle_target_c = report.nozzle_c, report.nozzle_target_c
        printer.bed_c, printer.bed_target_c = report.bed_c, report.bed_target_c
        printer.error_code, printer.error_message = report.error_code, report.error_message
