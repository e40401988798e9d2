"""Every printer's run is its own, and what it is linked to has a reason."""

from datetime import timedelta
from typing import Any

import pytest

from printqueue.matching import NEXT_COPY, ONLY_OPEN_JOB, STARTED_HERE
from printqueue.models import JobState, Printer, PrintQueue, PrintRun, RunState, Who
from tests.factories import NOW, Client, make_job, make_printer

pytestmark = pytest.mark.django_db
BY = Who()
FILE = "ring.gcode"


@pytest.fixture
def left() -> Client:
    return Client(make_printer("left"))


@pytest.fixture
def right() -> Client:
    return Client(make_printer("right"))


def prints(client: Client, key: str, end: str = "", *, file_name: str = FILE) -> PrintRun:
    """Let a printer print `file_name`, up to `end` if that is given."""
    client.says("printing", run_key=key, file_name=file_name, progress=5)
    outcome = client.says(end or "printing", run_key=key, file_name=file_name, progress=50)
    assert outcome.run is not None
    return PrintRun.objects.get(pk=outcome.run.pk)


def fresh(job: PrintQueue) -> PrintQueue:
    return PrintQueue.objects.get(pk=job.pk)


# ---------------------------------------------------------------------- two printers


def test_of_two_printers_with_one_file_and_one_job_the_second_waits_in_the_tray(left, right):
    job = make_job(print_file_name=FILE)

    first, second = prints(left, "1@0"), prints(right, "1@0")

    assert (first.job, first.match_reason) == (job, ONLY_OPEN_JOB)
    assert second.job is None
    assert list(PrintRun.objects.unmatched(right.now)) == [second]


def test_the_end_of_the_one_does_not_touch_the_job_of_the_other(left, right):
    job = make_job(print_file_name=FILE)
    prints(left, "1@0")

    prints(right, "1@0", "failed")

    assert (fresh(job).state, fresh(job).progress, fresh(job).printer) == (JobState.PRINTING, 50, left.printer)


def test_two_jobs_of_a_customer_with_one_file_are_taken_in_the_order_of_the_queue(left, right):
    jobs = [make_job(design_name="Ring", customer_id="C-1042", print_file_name=FILE) for _ in range(2)]
    jobs[1].move(-1)

    runs = [prints(left, "1@0"), prints(right, "1@0")]

    assert [run.job for run in runs] == [jobs[1], jobs[0]]
    assert [run.match_reason for run in runs] == [NEXT_COPY.format(count=2), ONLY_OPEN_JOB]


def test_a_job_that_is_wanted_on_one_printer_is_never_taken_by_another(left, right):
    job = make_job(print_file_name=FILE, wanted_printer=left.printer)

    prints(right, "1@0", file_name=f"{job.code}_{FILE}")
    prints(right, "2@0", "completed")

    assert fresh(job).state == JobState.READY


def test_the_second_copy_begun_beside_the_first_goes_to_no_other_customer(left, right):
    for_two = make_job(design_name="Ring", customer_id="C-1", print_file_name=FILE, copies=2)
    prints(left, "1@0", file_name=f"{for_two.code}.gcode")
    other = make_job(design_name="Ring", customer_id="C-2", print_file_name=FILE)

    second = prints(right, "1@0")

    assert second.job is None
    assert fresh(other).state == JobState.READY


# ---------------------------------------------------------------------- the same printer again


def test_a_file_printed_twice_in_a_row_is_two_copies_of_one_job(left):
    job = make_job(print_file_name=FILE, copies=2)

    first, second = prints(left, "1@0", "completed"), prints(left, "2@0", "completed")

    assert [first.job, second.job] == [job, job]
    assert (fresh(job).state, fresh(job).copies_done) == (JobState.COMPLETED, 2)


def test_a_file_printed_once_too_often_is_nobodys(left):
    job = make_job(print_file_name=FILE)
    prints(left, "1@0", "completed")

    again = prints(left, "2@0")

    assert again.job is None
    assert (fresh(job).state, fresh(job).runs.count()) == (JobState.COMPLETED, 1)


def test_a_restart_after_a_failure_is_the_jobs_once_somebody_said_that_it_is_tried_again(left):
    job = make_job(print_file_name=FILE)
    prints(left, "1@0", "failed")
    fresh(job).retry(by=BY, now=left.now)

    prints(left, "2@0", "completed")

    assert fresh(job).state == JobState.COMPLETED
    assert [run.state for run in job.runs.order_by("pk")] == [RunState.FAILED, RunState.COMPLETED]


def test_a_restart_after_a_failure_that_nobody_told_of_goes_to_no_other_customer(left):
    failed, other = (
        make_job(design_name="Ring", customer_id=customer, print_file_name=FILE) for customer in ("C-1", "C-2")
    )
    prints(left, "1@0", "failed", file_name=f"{failed.code}.gcode")
    assert fresh(failed).state == JobState.FAILED

    again = prints(left, "2@0")

    assert again.job is None
    assert fresh(other).state == JobState.READY


def test_after_a_day_a_failed_print_no_longer_stands_in_the_way(left):
    failed, other = (
        make_job(design_name="Ring", customer_id=customer, print_file_name=FILE) for customer in ("C-1", "C-2")
    )
    prints(left, "1@0", "failed", file_name=f"{failed.code}.gcode")
    left.now += timedelta(hours=25)

    assert prints(left, "2@0").job == other


def test_a_retried_job_follows_the_print_that_begins_then_and_not_the_one_it_was_taken_from(left):
    job = make_job(print_file_name=FILE)
    old = prints(left, "1@0")
    fresh(job).cancel(by=BY, now=left.now)
    fresh(job).retry(by=BY, now=left.now)

    new = prints(left, "2@0")

    old.refresh_from_db()
    assert (old.state, new.job, fresh(job).current_run) == (RunState.UNKNOWN_END, job, new)
    assert fresh(job).started_at == new.started_at
    starts = job.transitions.filter(old_state=JobState.READY, new_state=JobState.PRINTING)
    assert starts.count() == 2


# ---------------------------------------------------------------------- interruptions


def test_after_a_power_cut_the_same_print_goes_on_as_the_same_run(left):
    job = make_job(print_file_name=FILE)
    run = prints(left, "1@0")
    left.says("offline")
    left.now += timedelta(minutes=20)

    same = prints(left, "1@0", "completed")

    assert same.pk == run.pk
    assert (fresh(job).state, job.runs.count()) == (JobState.COMPLETED, 1)


def test_after_a_power_cut_the_file_begun_anew_is_another_run_of_the_same_job(left):
    job = make_job(print_file_name=FILE)
    cut = prints(left, "1@0")
    left.now += timedelta(minutes=20)

    anew = prints(left, "2@0", "completed")

    cut.refresh_from_db()
    assert (cut.state, anew.state, anew.job) == (RunState.UNKNOWN_END, RunState.COMPLETED, job)
    assert fresh(job).state == JobState.COMPLETED


def test_a_power_cut_here_is_not_made_good_by_a_print_elsewhere(left, right):
    job = make_job(print_file_name=FILE)
    prints(left, "1@0")
    left.says("printing", run_key="2@0", file_name="other.gcode", progress=1)

    elsewhere = prints(right, "1@0", "completed")

    assert elsewhere.job is None
    assert (fresh(job).state, fresh(job).attention) == (JobState.PRINTING, "unknown_end")


def test_a_run_that_outlives_its_jobs_cancel_stays_the_jobs_and_moves_nothing(left):
    job, other = (make_job(print_file_name=FILE, customer_id=customer) for customer in ("C-1", "C-2"))
    prints(left, "1@0", file_name=f"{job.code}.gcode")
    fresh(job).cancel(by=BY, now=left.now)

    run = prints(left, "1@0", "completed", file_name=f"{job.code}.gcode")

    assert (run.state, run.job) == (RunState.COMPLETED, job)
    assert (fresh(job).state, fresh(job).copies_done) == (JobState.CANCELLED, 0)
    assert fresh(other).state == JobState.READY


# ---------------------------------------------------------------------- by what it is found


def test_the_code_in_the_file_name_finds_the_job_and_is_the_reason(left):
    job = make_job(print_file_name="as it was called once.3mf")

    run = prints(left, "1@0", file_name=f"{job.code.lower()} anything.gcode")

    assert run.job == job
    assert fresh(job).match_reason == f"file name has job code {job.code}"


def test_a_job_that_was_said_to_be_on_this_printer_wins_over_others_with_its_file(left):
    _first, second = (make_job(print_file_name=FILE, customer_id=customer) for customer in ("C-1", "C-2"))
    second.start(by=BY, now=left.now, printer=Printer.objects.get(serial="left"))

    run = prints(left, "1@0")

    assert (run.job, run.match_reason) == (second, STARTED_HERE)


def test_customer_and_design_in_the_file_name_find_the_job(left):
    job = make_job(design_name="Thumb splint", customer_id="C-1042", print_file_name="t.3mf")
    make_job(design_name="Thumb splint", customer_id="C-2077", print_file_name="u.3mf")

    assert prints(left, "1@0", file_name="C-1042_thumb_splint_v2.gcode").job == job


def test_a_code_typed_wrongly_moves_no_other_patients_job(left):
    wanted = make_job(design_name="Thumb splint", customer_id="C-1042", print_file_name="t.3mf")
    other = make_job(design_name="Ring", customer_id="C-2077", print_file_name="u.3mf")

    run = prints(left, "1@0", file_name=f"{other.code} C-1042 thumb splint.gcode")

    assert run.job is None
    assert {fresh(wanted).state, fresh(other).state} == {JobState.READY}


def test_a_name_that_says_nothing_makes_way_for_one_that_does(left):
    job = make_job(print_file_name=FILE)
    left.says("preparing", run_key="1@0", file_name="/data/Metadata/plate_1.gcode")

    run = prints(left, "1@0")

    assert (run.job, run.file_name) == (job, FILE)


def test_a_name_that_comes_after_staff_linked_the_print_changes_nothing(left):
    by_hand, by_name = make_job(print_file_name="a.3mf"), make_job(print_file_name=FILE)
    run = left.says("preparing", run_key="1@0").run
    assert run is not None
    by_hand.link(run, by=BY, now=NOW)

    assert prints(left, "1@0").job == by_hand
    assert fresh(by_name).state == JobState.READY


def test_a_print_that_staff_took_off_its_job_finds_none_when_it_is_named(left):
    job = make_job(print_file_name=FILE)
    run = left.says("preparing", run_key="1@0").run
    assert run is not None
    job.link(run, by=BY, now=NOW)
    job.unlink(run, by=BY, now=NOW)

    assert prints(left, "1@0").job is None


def test_a_print_that_is_not_ours_finds_no_job_when_it_is_named(left):
    job = make_job(print_file_name=FILE)
    run = left.says("preparing", run_key="1@0").run
    assert run is not None
    run.not_ours(by=BY, now=NOW)

    assert prints(left, "1@0").job is None
    assert fresh(job).state == JobState.READY


# ---------------------------------------------------------------------- a code of somebody else's job


def test_a_second_copy_named_by_its_code_is_not_another_customers(left, right):
    job = make_job(customer_id="Anke", print_file_name="ring2.gcode", copies=2)
    name = f"ring_{job.code}.gcode"
    prints(left, "1@0", file_name=name)
    make_job(customer_id="Bodo", print_file_name=name)

    assert prints(right, "1@0", file_name=name).job is None


def test_a_second_try_named_by_its_code_is_not_another_customers(left):
    job = make_job(customer_id="Anke", print_file_name="ring2.gcode")
    name = f"ring_{job.code}.gcode"
    prints(left, "1@0", "failed", file_name=name)
    make_job(customer_id="Bodo", print_file_name=name)

    assert prints(left, "2@0", file_name=name).job is None


def test_an_old_file_with_the_code_of_a_job_long_done_is_not_the_customers_next_job(left):
    fields: dict[str, Any] = {"customer_id": "Xaver", "design_name": "Thumb splint"}
    old = make_job(**fields, print_file_name="old.gcode")
    name = f"Xaver_thumb-splint_{old.code}.gcode"
    prints(left, "1@0", "completed", file_name=name)
    left.now += timedelta(days=8)
    make_job(now=left.now, **fields, print_file_name="new.gcode")

    assert prints(left, "2@0", file_name=name).job is None


def test_a_print_that_was_lost_elsewhere_may_go_on_here(left, right):
    lost = make_job(customer_id="Xaver", print_file_name=FILE)
    prints(right, "1@0", "unknown_end")
    make_job(customer_id="Yvonne", print_file_name=FILE, wanted_printer=left.printer)

    assert fresh(lost).state == JobState.PRINTING
    assert prints(left, "1@0").job is None


def test_the_late_end_of_a_print_in_the_tray_is_told_by_its_printer(left):
    prints(left, "1@0", "unknown_end")
    prints(left, "2@0")
    late = left.sequence - 1

    left.says("completed", run_key="1@0", sequence=late)

    assert PrintRun.objects.get(run_key="1@0").state == RunState.COMPLETED
    assert Printer.objects.get().links_changed_at == left.now
