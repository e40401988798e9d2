"""The rules by which a report finds its run: one line a case."""

from dataclasses import replace

import pytest

from printqueue.protocol import ReportState
from printqueue.reports.routing import Decision, Effect, KnownRun, ReportFacts, decide

S = ReportState
A = KnownRun(1, S.PRINTING, last_sequence=10, file_key="a")
ENDED = KnownRun(2, S.COMPLETED, last_sequence=8, file_key="a")
LOST = KnownRun(3, S.UNKNOWN_END, last_sequence=8, file_key="a")

CASES = {
    "the first active report of a key opens a run": (
        ReportFacts(S.PREPARING, 11, "new"), None, None, Decision(Effect.OPEN)),
    "another key ends the run on the machine": (
        ReportFacts(S.PRINTING, 11, "new"), None, A, Decision(Effect.OPEN, ends_active_run=True)),
    "the same key goes on": (
        ReportFacts(S.PAUSED, 11, "a"), A, A, Decision(Effect.OBSERVE, 1)),
    "no key and no file belong to the run on the machine": (
        ReportFacts(S.PRINTING, 11), None, A, Decision(Effect.OBSERVE, 1)),
    "no key and the same file belong to it": (
        ReportFacts(S.PRINTING, 11, file_key="a"), None, A, Decision(Effect.OBSERVE, 1)),
    "no key and another file open a run": (
        ReportFacts(S.PRINTING, 11, file_key="b"), None, A, Decision(Effect.OPEN, ends_active_run=True)),
    "an end without key and file ends the run on the machine": (
        ReportFacts(S.COMPLETED, 11), None, A, Decision(Effect.OBSERVE, 1)),
    "an end without key of another file says nothing": (
        ReportFacts(S.COMPLETED, 11, file_key="b"), None, A, Decision()),
    "an end of a key never seen is history": (
        ReportFacts(S.COMPLETED, 11, "new"), None, None, Decision(Effect.REMEMBER)),
    "and it shows that the run on the machine is over": (
        ReportFacts(S.FAILED, 11, "new"), None, A, Decision(Effect.REMEMBER, ends_active_run=True)),
    "an end said again changes nothing": (
        ReportFacts(S.COMPLETED, 11, "ended"), ENDED, None, Decision(run=2)),
    "an end said again does not end the next run": (
        ReportFacts(S.COMPLETED, 11, "ended"), ENDED, A, Decision(run=2, moves_printer=False)),
    "nor does it so twice": (
        ReportFacts(S.COMPLETED, 11, "ended"), replace(ENDED, last_sequence=11), A,
        Decision(run=2, is_stale=True, moves_printer=False)),
    "a known end is final": (
        ReportFacts(S.PRINTING, 11, "ended"), ENDED, None, Decision(run=2)),
    "an unknown end may turn out to be one": (
        ReportFacts(S.COMPLETED, 11, "lost"), LOST, None, Decision(Effect.OBSERVE, 3)),
    "a lost run that is heard again goes on": (
        ReportFacts(S.PRINTING, 11, "lost"), LOST, None, Decision(Effect.OBSERVE, 3)),
    "and ends the run that was thought to be on the machine": (
        ReportFacts(S.PRINTING, 11, "lost"), LOST, A, Decision(Effect.OBSERVE, 3, ends_active_run=True)),
    "offline never ends a run": (
        ReportFacts(S.OFFLINE, 11), None, A, Decision(Effect.HEAR, 1)),
    "idle ends none by itself, whatever key it names": (
        ReportFacts(S.IDLE, 11, "new"), None, A, Decision(Effect.HEAR, 1)),
    "idle without a run tells of the printer alone": (
        ReportFacts(S.IDLE, 11), None, None, Decision()),
    "a repeat is stale": (
        ReportFacts(S.PRINTING, 10, "a"), A, A, Decision(run=1, is_stale=True)),
    "an overtaken first sight is stale": (
        ReportFacts(S.PRINTING, 9, "new"), None, A, Decision(is_stale=True)),
    "an overtaken idle is stale": (
        ReportFacts(S.IDLE, 9), None, A, Decision(run=1, is_stale=True)),
    "a late end of the run before still counts for it": (
        ReportFacts(S.COMPLETED, 9, "lost"), LOST, A, Decision(Effect.OBSERVE, 3, moves_printer=False)),
    "a late course of a run that ended does not": (
        ReportFacts(S.PRINTING, 9, "lost"), LOST, A, Decision(run=3, is_stale=True)),
    "without a sequence it is the newest": (
        ReportFacts(S.PRINTING, None, "a"), A, A, Decision(Effect.OBSERVE, 1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_report_finds_its_run(case: tuple[ReportFacts, KnownRun | None, KnownRun | None, Decision]) -> None:
    report, named, active, expected = case

    assert decide(report, named=named, active=active, printer_sequence=10) == expected


def test_late_news_of_the_run_on_the_machine_moves_the_run_alone() -> None:
    overtaken = ReportFacts(S.PRINTING, 11, "a")

    decision = decide(overtaken, named=A, active=A, printer_sequence=12)

    assert decision == Decision(Effect.OBSERVE, 1, moves_printer=False)
