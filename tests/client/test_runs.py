"""Which run a printer is on."""

import json
from dataclasses import replace

import pytest

from printqueue.client.runs import SHOW_END_SECONDS, RunTracker, Sighting
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0
IDLE = Sighting(ReportState.IDLE, title="Vase", percent=100.0, remaining_seconds=0, layer=212)
PREPARING = Sighting(
    ReportState.PREPARING, title="Lid", name="Lid.3mf", percent=100.0, remaining_seconds=0, layer=212, total_layers=212
)
PRINTING = Sighting(
    ReportState.PRINTING, title="Lid", name="Lid.3mf", percent=40.0, remaining_seconds=600, layer=8, total_layers=20
)
FINISHED = Sighting(ReportState.COMPLETED, title="Lid", percent=100.0)


def tracker_after(*sightings, memory=None):
    """A tracker that saw `sightings`, ten seconds apart, after a gap."""
    tracker = RunTracker(memory)
    for n, sighting in enumerate(sightings):
        tracker.see(sighting, NOW + 10 * n, after_gap=n == 0)
    return tracker


def memory_of(tracker):
    return json.loads(json.dumps(tracker.memory()))


def present(tracker, now=NOW + 100):
    return tracker.snapshots(now)[-1]


def test_before_anything_was_seen_nothing_is_said():
    assert RunTracker().snapshots(NOW) == []


def test_a_printer_found_finished_is_idle():
    assert present(tracker_after(FINISHED)).state == ReportState.IDLE


def test_a_print_found_under_way_gets_a_key_and_no_start():
    snapshot = present(tracker_after(PRINTING))

    assert (snapshot.run_key, snapshot.progress, snapshot.started_at) == ("0@1700000000", 40.0, None)


def test_a_print_seen_to_begin_has_a_start():
    assert present(tracker_after(IDLE, PREPARING)).started_at == NOW + 10


def test_while_preparing_the_last_prints_numbers_are_not_told():
    snapshot = present(tracker_after(IDLE, PREPARING))

    assert (snapshot.progress, snapshot.layer, snapshot.remaining_seconds) == (None, None, None)


def test_a_new_print_is_at_zero_until_the_printer_says_otherwise():
    lingering = replace(PREPARING, state=ReportState.PRINTING)

    snapshot = present(tracker_after(IDLE, PREPARING, lingering))

    assert (snapshot.progress, snapshot.layer, snapshot.remaining_seconds) == (0.0, None, None)


def test_a_hundred_percent_at_first_sight_is_not_believed():
    assert present(tracker_after(replace(PRINTING, percent=100.0))).progress is None


def test_a_new_id_s_first_hundred_percent_and_0_s_are_the_last_print_s():
    stale = Sighting(ReportState.PRINTING, native_id="2", percent=100.0, remaining_seconds=0)
    fresh = replace(stale, percent=8.0, remaining_seconds=60)

    begun, later = present(tracker_after(IDLE, stale)), present(tracker_after(IDLE, stale, fresh))

    assert (begun.progress, begun.remaining_seconds) == (0.0, None)
    assert (later.progress, later.remaining_seconds) == (8.0, 60)


def test_an_end_from_the_printer_s_records_is_told_before_the_next_print():
    tracker = tracker_after(IDLE, replace(PRINTING, native_id="1"))
    first = present(tracker).run_key

    tracker.end(ReportState.COMPLETED, NOW + 200)
    tracker.see(replace(PRINTING, native_id="2"), NOW + 200, after_gap=False)

    ended, begun = tracker.snapshots(NOW + 200)
    assert (ended.state, ended.run_key, ended.progress) == (ReportState.COMPLETED, first, 100.0)
    assert (begun.state, begun.run_key != first) == (ReportState.PRINTING, True)


def test_an_end_from_the_records_changes_no_end_that_is_known():
    tracker = tracker_after(PRINTING, FINISHED)

    tracker.end(ReportState.FAILED, NOW + 200)

    assert (present(tracker).state, tracker.active_run()) == (ReportState.COMPLETED, None)


def test_a_print_that_was_followed_may_reach_a_hundred_before_its_end():
    assert present(tracker_after(PRINTING, replace(PRINTING, percent=100.0))).progress == 100.0


def test_a_percent_that_the_printer_corrects_downwards_stays_and_goes_on_from_there():
    corrected = replace(PRINTING, percent=38.0)

    assert present(tracker_after(PRINTING, corrected)).progress == 40.0
    assert present(tracker_after(PRINTING, corrected, replace(PRINTING, percent=41.0))).progress == 41.0


def test_an_end_is_told_with_the_key_of_its_run():
    snapshot = present(tracker_after(PRINTING, FINISHED))

    assert (snapshot.state, snapshot.run_key, snapshot.progress) == (ReportState.COMPLETED, "0@1700000000", 100.0)


def test_an_end_is_told_for_a_while_and_then_the_printer_is_idle():
    tracker = tracker_after(PRINTING, FINISHED)

    states = [tracker.snapshots(NOW + 10 + after)[0].state for after in (1, SHOW_END_SECONDS - 1, SHOW_END_SECONDS)]

    assert states == [ReportState.COMPLETED, ReportState.COMPLETED, ReportState.IDLE]


def test_an_end_between_two_polls_is_told_although_the_next_print_has_begun():
    tracker = tracker_after(PRINTING, FINISHED, PREPARING)

    first, second = tracker.snapshots(NOW + 100)

    assert (first.state, first.run_key) == (ReportState.COMPLETED, "0@1700000000")
    assert (second.state, second.run_key) == (ReportState.PREPARING, "0@1700000020")


def test_an_end_is_told_once_as_the_past():
    tracker = tracker_after(PRINTING, FINISHED, PREPARING)
    tracker.snapshots(NOW + 100)

    assert len(tracker.snapshots(NOW + 105)) == 1


def test_the_numbers_of_a_failure_are_those_of_the_print():
    failed = Sighting(ReportState.FAILED, title="Lid", percent=0.0, remaining_seconds=45_540, layer=1)

    snapshot = present(tracker_after(PRINTING, failed))

    assert (snapshot.state, snapshot.progress, snapshot.layer) == (ReportState.FAILED, 40.0, 8)


def test_a_cancel_seen_just_before_the_failure_makes_it_a_cancel():
    cancelling = replace(PRINTING, cancelled=True)

    assert present(tracker_after(cancelling, Sighting(ReportState.FAILED))).state == ReportState.CANCELLED


def test_a_cancel_seen_just_after_the_failure_makes_it_a_cancel():
    late = Sighting(ReportState.CANCELLED, cancelled=True)

    assert present(tracker_after(PRINTING, Sighting(ReportState.FAILED), late)).state == ReportState.CANCELLED


def test_a_print_rejected_while_preparing_has_failed():
    assert present(tracker_after(IDLE, PREPARING, Sighting(ReportState.FAILED))).state == ReportState.FAILED


def test_a_print_that_stops_before_our_eyes_was_cancelled():
    assert present(tracker_after(PRINTING, IDLE)).state == ReportState.CANCELLED


def test_pauses_do_not_begin_a_new_run():
    paused = replace(PRINTING, state=ReportState.PAUSED)

    assert present(tracker_after(PRINTING, paused, PRINTING)).run_key == "0@1700000000"


def test_preparing_after_printing_is_another_print():
    tracker = tracker_after(PRINTING, PREPARING)

    assert [snapshot.state for snapshot in tracker.snapshots(NOW)] == [ReportState.UNKNOWN_END, ReportState.PREPARING]


def test_an_id_that_arrives_while_preparing_belongs_to_the_same_run():
    tracker = tracker_after(IDLE, PREPARING, replace(PREPARING, native_id="42"), replace(PRINTING, native_id="42"))

    assert present(tracker).run_key == "0@1700000010"


def test_another_id_while_printing_is_another_print():
    tracker = tracker_after(replace(PRINTING, native_id="1"), replace(PRINTING, native_id="2"))

    assert [snapshot.run_key for snapshot in tracker.snapshots(NOW)] == ["1@1700000000", "2@1700000010"]


def test_two_prints_in_one_second_have_two_keys():
    tracker = RunTracker()
    for sighting in (PRINTING, FINISHED, PREPARING):
        tracker.see(sighting, NOW, after_gap=sighting is PRINTING)

    assert len({snapshot.run_key for snapshot in tracker.snapshots(NOW)}) == 2


def restarted(sighting, before=PRINTING):
    """What is told after the client died while it saw `before`, and found `sighting` an hour later."""
    memory = memory_of(tracker_after(before))
    tracker = RunTracker(memory)
    tracker.see(sighting, NOW + 3600, after_gap=True)
    return tracker.snapshots(NOW + 3600)


def test_after_a_restart_the_same_print_keeps_its_key():
    [snapshot] = restarted(replace(PRINTING, percent=60.0))

    assert (snapshot.run_key, snapshot.progress) == ("0@1700000000", 60.0)


def test_after_a_restart_a_name_written_differently_is_the_same_print():
    [snapshot] = restarted(replace(PRINTING, title="lid.3mf"))

    assert snapshot.run_key == "0@1700000000"


@pytest.mark.parametrize(
    "another",
    [
        replace(PRINTING, title="Box", name="Box.3mf"),
        replace(PRINTING, percent=10.0),
        PREPARING,
    ],
)
def test_after_a_restart_another_print_is_another_run(another):
    old, new = restarted(another)

    assert (old.state, old.run_key) == (ReportState.UNKNOWN_END, "0@1700000000")
    assert new.run_key == "0@1700003600"


def test_an_end_during_a_restart_is_that_runs_end():
    [snapshot] = restarted(FINISHED)

    assert (snapshot.state, snapshot.run_key) == (ReportState.COMPLETED, "0@1700000000")


@pytest.mark.parametrize(
    "later",
    [
        IDLE,
        replace(FINISHED, title="Box"),
        replace(FINISHED, title=None),
        Sighting(ReportState.FAILED, title="Box"),
        Sighting(ReportState.CANCELLED, cancelled=True),
    ],
)
def test_how_a_print_ended_that_is_gone_after_a_restart_nobody_knows(later):
    [snapshot] = restarted(later)

    assert (snapshot.state, snapshot.run_key) == (ReportState.UNKNOWN_END, "0@1700000000")


def test_after_a_restart_a_hundred_percent_does_not_replace_what_was_seen():
    [snapshot] = restarted(replace(PRINTING, percent=100.0))

    assert snapshot.progress == 40.0


def test_an_end_that_was_told_long_ago_is_not_told_again_after_a_restart():
    before = tracker_after(PRINTING, FINISHED)
    before.snapshots(NOW + 20)
    tracker = RunTracker(memory_of(before))
    tracker.see(FINISHED, NOW + 3600, after_gap=True)

    assert present(tracker, NOW + 3600).state == ReportState.IDLE


@pytest.mark.parametrize("memory", [{}, {"key": "1@1"}, {"key": "1@1", "state": "printing", "colour": "red"}])
def test_a_memory_of_another_version_is_forgotten(memory):
    assert RunTracker(memory).memory() is None
