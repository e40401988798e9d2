"""What people and programs do with a job."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from printqueue.live.revisions import BulkWriteRefused
from printqueue.models import (
    InvalidTransition,
    JobState,
    PrintQueue,
    PrintRun,
    RevisionConflict,
    RunState,
    Sample,
    Who,
)
from printqueue.models.job_state import TRANSITIONS
from printqueue.protocol import ReportState
from tests.factories import NOW, Client, make_job, make_printer, make_staff

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)

VERBS = {
    "start": {"ready"},
    "cancel": {"ready", "printing", "paused"},
    "complete": {"printing", "paused"},
    "fail": {"printing", "paused"},
    "retry": {"failed", "cancelled"},
    "reopen": {"completed", "failed", "cancelled"},
}


def job_in(state: str) -> PrintQueue:
    job = make_job()
    if state == "cancelled":
        job.cancel(by=Who(), now=NOW)
    elif state != "ready":
        client = Client(make_printer())
        client.put(job, 10)
        if state != "printing":
            client.put(job, 10, state=ReportState(state))
    assert job.state == state
    return job


@pytest.mark.parametrize("state", JobState.values)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_works_from_its_states_and_raises_from_all_others(verb: str, state: str) -> None:
    job = job_in(state)
    before = job.revision

    if state in VERBS[verb]:
        getattr(job, verb)(by=Who(), now=LATER, reason="because")
        assert job.transitions.latest("pk").reason == "because"
    else:
        with pytest.raises(InvalidTransition, match=state):
            getattr(job, verb)(by=Who(), now=LATER, reason="because")
        job.refresh_from_db()
        assert (job.state, job.revision) == (state, before)


def test_every_state_leads_somewhere_and_never_to_itself() -> None:
    assert set(TRANSITIONS) == set(JobState)
    assert all(targets and state not in targets for state, targets in TRANSITIONS.items())


def test_a_new_job_gets_a_code_a_place_and_a_first_transition() -> None:
    user = make_staff(first_name="Mia", last_name="Keller")
    job = make_job(by=user)

    transition = job.transitions.get()
    assert len(job.code) == 4
    assert (transition.old_state, transition.new_state, transition.who.name) == ("", "ready", "Mia Keller")
    assert PrintQueue.objects.positions() == {job.pk: 1}


def test_a_rush_job_waits_behind_the_rush_jobs_and_before_all_others() -> None:
    plain = make_job()
    first, second = make_job(rush=True), make_job(rush=True)

    assert list(PrintQueue.objects.ready()) == [first, second, plain]


def test_a_job_moves_to_the_place_it_is_given() -> None:
    a, b, c = make_job(), make_job(), make_job()

    c.edit(position=1)
    assert list(PrintQueue.objects.ready()) == [c, a, b]
    c.move(+1)
    assert list(PrintQueue.objects.ready()) == [a, c, b]
    a.edit(position=99)
    assert list(PrintQueue.objects.ready()) == [c, b, a]


def test_many_moves_into_one_gap_keep_the_order() -> None:
    first, last = make_job(), make_job()
    movers = [make_job() for _ in range(25)]
    for job in movers:
        job.edit(position=2)

    assert list(PrintQueue.objects.ready()) == [first, *reversed(movers), last]


def test_an_edit_against_an_old_revision_changes_nothing() -> None:
    job = make_job()
    seen = job.revision
    job.edit(note="first")

    with pytest.raises(RevisionConflict):
        job.edit(note="second", revision=seen)

    job.refresh_from_db()
    assert job.note == "first"


def test_copies_cannot_fall_below_what_is_printed() -> None:
    client = Client(make_printer())
    job = make_job(copies=3)
    client.put(job, 50)
    client.put(job, 100)

    with pytest.raises(ValidationError, match="at least 2"):
        job.edit(copies=1)


def test_a_reopened_job_forgets_the_last_print_and_asks_for_a_reason() -> None:
    job = job_in("completed")
    with pytest.raises(ValidationError, match="Say why"):
        job.reopen(by=Who(), now=LATER)

    job.reopen(by=Who(), now=LATER, reason="came off the plate")

    assert (job.state, job.progress, job.copies_done, job.ended_at) == (JobState.READY, None, 0, None)


def test_a_hidden_job_comes_back_and_one_on_a_printer_cannot_be_hidden() -> None:
    job = make_job()
    job.hide()
    assert not PrintQueue.objects.enabled().exists()
    job.show()
    assert PrintQueue.objects.enabled().get() == job

    with pytest.raises(InvalidTransition):
        job_in("printing").hide()


def test_staff_say_how_an_unknown_end_ended() -> None:
    client = Client(make_printer())
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    client.says("printing", run_key="2@0", file_name="b.gcode", progress=1)

    job.complete(by=Who(), now=client.now)

    assert (job.state, job.attention, job.copies_done) == (JobState.COMPLETED, "", 1)
    assert job.runs.get().state == RunState.COMPLETED


def test_a_run_linked_by_hand_moves_its_job_and_unlinked_gives_it_back() -> None:
    client = Client(make_printer())
    job = make_job()
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    assert run is not None

    job.link(run, by=Who(user=make_staff(username="kim")), now=client.now)
    assert (job.state, job.progress, job.match_reason) == (JobState.PRINTING, 40, "linked by kim at 15:06")
    job.unlink(run, by=Who(), now=client.now)

    assert (job.state, job.progress, run.job) == (JobState.READY, None, None)


def test_linking_a_completed_print_counts_it() -> None:
    client = Client(make_printer())
    job = make_job()
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    client.says("completed", run_key="1@0")
    assert run is not None

    job.link(run, by=Who(), now=client.now)

    assert (job.state, job.copies_done) == (JobState.COMPLETED, 1)


def test_a_run_taken_from_one_job_for_another_gives_the_first_back() -> None:
    client = Client(make_printer())
    wrong, right = make_job(print_file_name="a.gcode"), make_job()
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    assert run is not None

    right.link(run, by=Who(), now=client.now)

    wrong.refresh_from_db()
    assert (wrong.state, right.state) == (JobState.READY, JobState.PRINTING)
    client.says("printing", run_key="1@0", progress=41)
    right.refresh_from_db()
    assert right.progress == 41


def test_a_running_print_cannot_be_linked_to_a_job_that_prints_already() -> None:
    client = Client(make_printer())
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    assert run is not None

    with pytest.raises(InvalidTransition):
        job_in("printing").link(run, by=Who(), now=client.now)


def test_bulk_writes_of_jobs_are_refused() -> None:
    make_job()

    for write in (lambda: PrintQueue.objects.update(note="x"), lambda: PrintQueue.objects.all().delete()):
        with pytest.raises(BulkWriteRefused):
            write()


@pytest.mark.parametrize("progress", [-0.1, 100.1])
def test_the_database_holds_the_range_of_percent(progress: float) -> None:
    job = make_job()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE printqueue_printqueue SET progress = %s WHERE id = %s", [progress, job.pk])


def test_a_reopened_copy_taken_off_later_is_not_counted_down_twice() -> None:
    client = Client(make_printer())
    job = make_job(print_file_name="a.gcode")
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    client.says("completed", run_key="1@0")
    job.refresh_from_db()
    assert run is not None

    job.reopen(by=Who(), now=LATER, reason="came off")
    job.unlink(run, by=Who(), now=LATER)

    assert (job.state, job.copies_done) == (JobState.READY, 0)


def test_a_failed_job_keeps_a_copy_to_print() -> None:
    client = Client(make_printer())
    job = make_job(copies=2)
    client.put(job, 50)
    client.put(job, 100)
    client.put(job, 30)
    job.fail(by=Who(), now=client.now)

    with pytest.raises(ValidationError, match="at least 2"):
        job.edit(copies=1)


def test_a_job_fed_by_its_client_takes_its_run_along_when_staff_close_it() -> None:
    client = Client(make_printer())
    job, following = make_job(), make_job()
    client.put(job, 50)

    job.cancel(by=Who(), now=client.now)
    client.put(following, 5)

    assert job.runs.get().state == RunState.CANCELLED
    assert following.state == JobState.PRINTING


def test_a_put_run_taken_off_its_job_ends_and_makes_room_for_the_next() -> None:
    client = Client(make_printer())
    job = make_job()
    client.put(job, 50)
    run = job.current_run
    assert run is not None

    job.unlink(run, by=Who(), now=client.now)
    client.put(job, 5)

    assert run.state == RunState.UNKNOWN_END
    assert job.current_run is not None and job.current_run.run_key == f"put:{job.pk}:2"


def test_a_print_that_goes_on_after_a_cancel_by_mistake_is_linked_again() -> None:
    client = Client(make_printer())
    job = make_job(print_file_name="a.gcode")
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    job.refresh_from_db()
    job.cancel(by=Who(), now=client.now)
    job.retry(by=Who(), now=client.now)
    assert run is not None

    job.link(run, by=Who(), now=client.now)
    client.says("printing", run_key="1@0", progress=41)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.PRINTING, 41)


def test_a_wrong_print_gives_its_job_back_where_it_stood() -> None:
    client = Client(make_printer())
    jobs = [make_job(), make_job(print_file_name="a.gcode"), make_job()]
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    assert run is not None
    jobs[1].refresh_from_db()

    jobs[1].unlink(run, by=Who(), now=client.now)

    assert list(PrintQueue.objects.ready()) == jobs


def test_a_good_copy_taken_off_is_to_be_printed_again() -> None:
    client = Client(make_printer())
    job = make_job(print_file_name="a.gcode", copies=3)
    runs = []
    for key in ("1@0", "2@0"):
        runs.append(client.says("printing", run_key=key, file_name="a.gcode", progress=40).run)
        client.says("completed", run_key=key)
    job.refresh_from_db()
    assert (job.state, job.copies_done) == (JobState.READY, 2)
    assert runs[0] is not None

    job.unlink(runs[0], by=Who(), now=client.now)

    assert (job.state, job.copies_done, job.runs.count()) == (JobState.READY, 1, 1)


def test_the_last_good_copy_taken_off_opens_the_job_again() -> None:
    client = Client(make_printer())
    others = [make_job(), make_job(print_file_name="a.gcode", copies=2)]
    job = others[1]
    for key in ("1@0", "2@0"):
        run = client.says("printing", run_key=key, file_name="a.gcode", progress=40).run
        client.says("completed", run_key=key)
    job.refresh_from_db()
    assert run is not None and job.state == JobState.COMPLETED

    job.unlink(run, by=Who(), now=client.now)

    assert (job.state, job.copies_done, job.progress, job.ended_at) == (JobState.READY, 1, None, None)


def test_a_print_goes_from_one_job_to_another_with_what_it_counts_for() -> None:
    client = Client(make_printer())
    wrong, right = make_job(print_file_name="a.gcode"), make_job(copies=2)
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    client.says("completed", run_key="1@0")
    assert run is not None

    right.link(run, by=Who(), now=client.now, seen=wrong.pk)

    wrong.refresh_from_db()
    assert (wrong.state, wrong.copies_done, right.state, right.copies_done) == ("ready", 0, "ready", 1)
    assert set(Sample.objects.values_list("run__job", flat=True)) == {right.pk}


def test_a_print_that_somebody_else_linked_meanwhile_is_not_taken_away() -> None:
    client = Client(make_printer())
    mine, theirs = make_job(), make_job()
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    assert run is not None
    theirs.link(run, by=Who(), now=client.now, seen=None)

    with pytest.raises(InvalidTransition, match=f"linked to {theirs.code} by now"):
        mine.link(run, by=Who(), now=client.now, seen=None)
    with pytest.raises(InvalidTransition, match=f"linked to {theirs.code} by now"):
        mine.unlink(run, by=Who(), now=client.now)

    run.refresh_from_db()
    assert run.job == theirs


def test_a_linked_print_that_nobody_saw_end_asks_how_it_ended() -> None:
    client = Client(make_printer())
    job = make_job()
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    client.says("printing", run_key="2@0", file_name="other.gcode", progress=1)
    assert run is not None

    job.link(run, by=Who(), now=client.now)

    assert (job.state, job.attention, job.progress) == (JobState.PRINTING, "unknown_end", 40)


def test_a_job_is_made_from_a_print_and_follows_it() -> None:
    client, user = Client(make_printer()), make_staff(username="kim")
    run = client.says("printing", run_key="1@0", file_name="/data/buddy-ring_s7.gcode.3mf", progress=40).run
    assert run is not None

    job = PrintQueue.new_job(run, by=Who(user=user), now=client.now)
    client.says("printing", run_key="1@0", progress=41)

    job.refresh_from_db()
    assert (job.design_name, job.print_file_name) == ("Buddy ring s7", "/data/buddy-ring_s7.gcode.3mf")
    assert (job.state, job.progress, job.created_by, job.copies_done) == (JobState.PRINTING, 41, user, 0)


def test_a_job_made_from_a_good_print_is_completed() -> None:
    client = Client(make_printer())
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    client.says("completed", run_key="1@0")
    assert run is not None

    job = PrintQueue.new_job(run, by=Who(), now=client.now)

    assert (job.state, job.copies_done) == (JobState.COMPLETED, 1)


def test_no_job_is_made_from_a_print_that_has_one_or_has_no_name() -> None:
    client = Client(make_printer())
    make_job(print_file_name="a.gcode")
    linked = client.says("printing", run_key="1@0", file_name="a.gcode", progress=40).run
    nameless = client.says("printing", run_key="2@0", progress=1).run
    assert linked is not None and nameless is not None

    with pytest.raises(InvalidTransition, match="by now"):
        PrintQueue.new_job(linked, by=Who(), now=client.now)
    with pytest.raises(ValidationError, match="not known"):
        PrintQueue.new_job(nameless, by=Who(), now=client.now)

    assert PrintQueue.objects.count() == 1


def good_copy_of(job: PrintQueue, client: Client, key: str = "1@0") -> PrintRun:
    """Let `client` print a good copy of `job`; return the run."""
    client.says("printing", run_key=key, file_name=job.print_file_name, progress=40)
    run = client.says("completed", run_key=key).run
    job.refresh_from_db()
    assert run is not None and run.job == job
    return run


def test_a_good_copy_of_another_job_that_is_linked_and_taken_off_leaves_a_completed_job_alone() -> None:
    job, other = make_job(print_file_name="a.gcode"), make_job(print_file_name="b.gcode")
    good_copy_of(job, Client(make_printer()))
    wrong = good_copy_of(other, Client(make_printer()))

    job.link(wrong, by=Who(), now=LATER)
    job.unlink(wrong, by=Who(), now=LATER)

    assert (job.state, job.copies_done) == (JobState.COMPLETED, 1)


def test_a_good_copy_of_another_job_counts_for_the_one_it_is_linked_to_while_that_prints() -> None:
    job, other = make_job(print_file_name="a.gcode", copies=3), make_job(print_file_name="b.gcode")
    Client(make_printer()).says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    run = good_copy_of(other, Client(make_printer()))

    job.link(run, by=Who(), now=LATER)

    run.refresh_from_db()
    assert (job.state, job.copies_done, run.is_counted) == (JobState.PRINTING, 1, True)


def test_a_print_that_its_client_feeds_by_the_job_stays_that_jobs() -> None:
    client = Client(make_printer())
    fed, other = make_job(), make_job()
    client.put(fed, 50)
    run = fed.current_run
    assert run is not None

    with pytest.raises(InvalidTransition, match=fed.code):
        other.link(run, by=Who(), now=client.now)
    client.put(fed, 51)

    fed.refresh_from_db()
    assert (fed.state, fed.progress, fed.runs.count(), other.runs.count()) == (JobState.PRINTING, 51, 1, 0)
