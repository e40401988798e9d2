"""Progress from a client that knows its job and little else."""

import pytest

from printqueue.access import Actor, NotAllowed
from printqueue.models import JobState, Printer, PrintQueue, Who
from printqueue.protocol import ReportState
from printqueue.reports import Conflict, Progress, put_progress
from tests.factories import NOW, Client, make_job, make_key, make_printer

pytestmark = pytest.mark.django_db
BY = Who()


@pytest.fixture
def printer() -> Printer:
    return make_printer("left")


@pytest.fixture
def client(printer: Printer) -> Client:
    return Client(printer)


@pytest.fixture
def job() -> PrintQueue:
    return make_job(print_file_name="ring.gcode")


def test_progress_of_a_ready_job_starts_it_on_the_only_printer_of_the_key(client: Client, job: PrintQueue) -> None:
    stored = client.put(job, 45.3)

    assert (stored.progress, stored.is_stale) == (45.3, False)
    assert (job.state, job.progress, job.printer) == (JobState.PRINTING, 45.3, client.printer)
    assert job.current_run is not None and job.current_run.run_key == f"put:{job.pk}:1"
    assert job.match_reason == "named in the call"


def test_a_hundred_completes_it_when_no_state_says_otherwise(client: Client, job: PrintQueue) -> None:
    client.put(job, 45.3)

    client.put(job, 100)

    assert (job.state, job.progress, job.is_print_successful) == (JobState.COMPLETED, 100, True)


def test_a_hundred_that_still_prints_completes_nothing(client: Client, job: PrintQueue) -> None:
    client.put(job, 100, state=ReportState.PRINTING)

    assert (job.state, job.progress) == (JobState.PRINTING, 100)


def test_a_state_wins_over_the_percent(client: Client, job: PrintQueue) -> None:
    client.put(job, 99, state=ReportState.COMPLETED)

    assert (job.state, job.progress) == (JobState.COMPLETED, 99)


@pytest.mark.parametrize("state", [ReportState.FAILED, ReportState.CANCELLED])
def test_another_end_ends_the_job_too(client: Client, job: PrintQueue, state: ReportState) -> None:
    client.put(job, 31.4)

    client.put(job, 31.4, state=state)

    assert (job.state, job.progress) == (state.value, 31.4)


def test_percent_may_fall_without_a_new_run(client: Client, job: PrintQueue) -> None:
    client.put(job, 60)
    client.put(job, 12)

    assert (job.progress, job.runs.count()) == (12, 1)


def test_a_paused_job_stays_paused_until_a_state_says_otherwise(client: Client, job: PrintQueue) -> None:
    client.put(job, 60, state=ReportState.PAUSED)
    client.put(job, 60)
    assert job.state == JobState.PAUSED

    client.put(job, 61, state=ReportState.PRINTING)

    assert job.state == JobState.PRINTING


def test_the_end_said_again_is_stale_and_anything_else_too_late(client: Client, job: PrintQueue) -> None:
    client.put(job, 100)
    revision = job.revision

    assert client.put(job, 100).is_stale
    for late in (99.5, 0):
        with pytest.raises(Conflict, match="completed"):
            client.put(job, late)

    assert (job.state, job.progress, job.revision) == (JobState.COMPLETED, 100, revision)


def test_a_cancel_by_staff_refuses_what_comes_after(client: Client, job: PrintQueue) -> None:
    client.put(job, 50)
    job.cancel(by=BY, now=client.now)

    for progress in (51, 100):
        with pytest.raises(Conflict, match="cancelled"):
            client.put(job, progress)

    assert (job.state, job.progress) == (JobState.CANCELLED, 50)


def test_a_repeat_by_sequence_is_stale(client: Client, job: PrintQueue) -> None:
    client.put(job, 50, sequence=5)

    assert client.put(job, 20, sequence=5).is_stale
    assert client.put(job, 20, sequence=4).is_stale
    assert job.progress == 50


def test_each_hundred_is_a_copy_unless_its_sequence_says_that_it_is_a_repeat(client: Client) -> None:
    job = make_job(copies=3)
    client.put(job, 100, sequence=2)

    assert client.put(job, 100, sequence=2).is_stale
    assert not client.put(job, 100, sequence=3).is_stale
    assert (job.state, job.copies_done) == (JobState.READY, 2)


def test_a_reopened_job_is_printed_again(client: Client, job: PrintQueue) -> None:
    client.put(job, 100)
    job.reopen(by=BY, now=client.now, reason="came off")

    client.put(job, 100)

    assert (job.state, job.copies_done) == (JobState.COMPLETED, 1)


def test_progress_of_the_next_job_shows_that_the_one_before_is_off_the_printer(client: Client, job: PrintQueue) -> None:
    following = make_job()
    client.put(job, 40)

    client.put(following, 5)

    job.refresh_from_db()
    assert (job.state, job.attention) == (JobState.PRINTING, "unknown_end")
    assert following.state == JobState.PRINTING


def test_a_print_that_the_printer_reports_is_not_pushed_aside(client: Client, job: PrintQueue) -> None:
    client.says("printing", run_key="1@0", file_name="other.gcode", progress=10)

    with pytest.raises(Conflict, match="something else"):
        client.put(job, 5)


def test_once_the_printer_itself_reports_the_run_it_takes_no_progress(client: Client, job: PrintQueue) -> None:
    client.put(job, 5, file_name="ring.gcode")
    client.says("printing", file_name="ring.gcode", progress=9)

    with pytest.raises(Conflict, match="reported by its printer"):
        client.put(job, 10)


def test_a_job_that_its_printer_reports_takes_no_progress(client: Client, job: PrintQueue) -> None:
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=10)
    job.refresh_from_db()

    with pytest.raises(Conflict, match="reported by its printer"):
        client.put(job, 50)


def test_two_clients_do_not_feed_one_job_until_one_was_silent_for_a_minute(client: Client, job: PrintQueue) -> None:
    other = Client(client.printer, now=client.now)
    client.put(job, 50)

    with pytest.raises(Conflict, match="Another client"):
        other.put(job, 51, after_seconds=59)
    other.put(job, 52, after_seconds=10)

    assert job.progress == 52


def test_the_numbers_of_another_client_say_nothing_about_ones_own(client: Client, job: PrintQueue) -> None:
    other = Client(client.printer, now=client.now)
    client.put(job, 50, sequence=1_790_000_000_000)

    assert not other.put(job, 60, after_seconds=70, sequence=1).is_stale
    assert other.put(job, 20, sequence=1).is_stale
    job.fail(by=BY, now=other.now)
    job.retry(by=BY, now=other.now)
    assert not client.put(job, 5, after_seconds=130, sequence=1).is_stale
    assert job.progress == 5


def test_another_file_than_the_one_that_prints_is_refused(client: Client, job: PrintQueue) -> None:
    client.put(job, 50, file_name="ring.gcode")
    client.put(job, 51, file_name="RING.3mf")

    with pytest.raises(Conflict, match=r"ring\.gcode"):
        client.put(job, 52, file_name="pan.gcode")


def test_a_job_on_another_printer_is_not_the_keys_business(client: Client) -> None:
    job = make_job(wanted_printer=make_printer("right"))

    with pytest.raises(NotAllowed):
        client.put(job, 50)

    assert job.state == JobState.READY


def test_a_job_started_by_staff_takes_its_progress(client: Client, job: PrintQueue) -> None:
    job.start(by=BY, now=client.now, printer=client.printer)

    client.put(job, 10)

    assert (job.state, job.progress, job.runs.count()) == (JobState.PRINTING, 10, 1)


def test_preparing_shows_no_percent_of_the_print_before(client: Client, job: PrintQueue) -> None:
    client.put(job, 100, state=ReportState.PREPARING)

    assert (job.state, job.progress) == (JobState.PRINTING, 0)


def test_a_job_without_printer_and_a_key_for_several_run_without_a_printer(job: PrintQueue) -> None:
    key, _token = make_key()

    put_progress(job.pk, Progress(progress=5), actor=Actor(key=key), received_at=NOW)

    job.refresh_from_db()
    assert (job.state, job.printer) == (JobState.PRINTING, None)


def test_the_page_of_a_cancelled_job_is_told_when_the_next_print_ends_the_one_that_went_on(client: Client) -> None:
    cancelled, following = make_job(print_file_name="a.gcode"), make_job()
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    cancelled.refresh_from_db()
    cancelled.cancel(by=BY, now=client.now)
    revision = cancelled.revision

    client.put(following, 5, after_seconds=120)

    cancelled.refresh_from_db()
    assert not cancelled.runs.get().is_active
    assert cancelled.revision > revision
