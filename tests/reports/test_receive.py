"""What a printer's reports make of runs, jobs and the printer."""

from datetime import timedelta

import pytest

from printqueue.access import Actor
from printqueue.models import JobState, Printer, PrintRun, RunState, Sample, Transition, Who
from printqueue.protocol import ReportState, Scope
from printqueue.reports import Report, receive
from tests.factories import NOW, Client, make_job, make_key, make_printer

pytestmark = pytest.mark.django_db
BY = Who()


@pytest.fixture
def printer() -> Printer:
    return make_printer("left")


@pytest.fixture
def client(printer: Printer) -> Client:
    return Client(printer)


def test_a_print_of_the_only_open_job_moves_it_from_ready_to_completed(client: Client) -> None:
    job = make_job(print_file_name="Infinity Splint.gcode.3mf")

    client.says("preparing", run_key="1@0", file_name="infinity splint.3mf")
    client.says("printing", run_key="1@0", progress=45.3, remaining_seconds=3120, layer=41, total_layers=160)
    job.refresh_from_db()
    assert (job.state, job.progress, job.remaining_seconds, job.layer) == (JobState.PRINTING, 45.3, 3120, 41)
    outcome = client.says("completed", run_key="1@0", progress=100)

    job.refresh_from_db()
    assert (job.state, job.progress, job.copies_done) == (JobState.COMPLETED, 100, 1)
    assert outcome.result == "accepted"
    assert list(job.transitions.values_list("new_state", flat=True)) == ["ready", "printing", "completed"]


def test_a_print_without_a_job_waits_in_the_tray(client: Client) -> None:
    outcome = client.says("printing", run_key="1@0", file_name="unknown.gcode", progress=5)

    assert outcome.result == "unmatched"
    assert list(PrintRun.objects.unmatched(client.now)) == [outcome.run]


def test_two_jobs_with_the_same_file_are_never_guessed_between(client: Client) -> None:
    jobs = [make_job(print_file_name="ring.gcode") for _ in range(2)]

    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=5)

    for job in jobs:
        job.refresh_from_db()
        assert job.state == JobState.READY


def test_a_paused_printer_pauses_its_job_and_says_why(client: Client) -> None:
    job = make_job(print_file_name="ring.gcode")
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=5)

    client.says("paused", run_key="1@0", error_code="0300-8006", error_message="Filament ran out")

    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert job.transitions.latest("id").reason == "On Left: 0300-8006 Filament ran out"


def test_the_reason_of_the_first_print_names_the_printer_as_its_client_does() -> None:
    job = make_job(print_file_name="ring.gcode")

    client = Client(make_printer("01P00A", name=""))

    client.says("printing", run_key="1@0", file_name="ring.gcode", printer_name="Left P1S")

    assert job.transitions.latest("id").reason == "Run on Left P1S: only open job with this file"


def test_a_full_bar_that_still_prints_completes_nothing(client: Client) -> None:
    job = make_job(print_file_name="ring.gcode")
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=99)

    client.says("printing", run_key="1@0", progress=100)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.PRINTING, 100)


def test_a_finish_at_99_percent_closes_the_job(client: Client) -> None:
    job = make_job(print_file_name="ring.gcode")
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=98)

    client.says("completed", run_key="1@0", progress=99)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.COMPLETED, 99)


@pytest.mark.parametrize("state", ["preparing", "printing", "paused"])
def test_the_full_bar_of_the_last_print_never_shows_on_the_next(client: Client, state: str) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=50)
    client.says("completed", run_key="1@0", progress=100)
    job = make_job(print_file_name="b.gcode")

    client.says(state, run_key="2@9", file_name="b.gcode", progress=100)

    job.refresh_from_db()
    assert job.progress == 0
    assert client.printer.progress == 0


def test_the_first_percent_of_a_run_that_was_already_going_counts(client: Client) -> None:
    job = make_job(print_file_name="b.gcode")

    client.says("printing", run_key="2@9", file_name="b.gcode", progress=62.5)

    job.refresh_from_db()
    assert job.progress == 62.5


def test_a_failed_print_keeps_the_last_percent_seen_while_printing(client: Client) -> None:
    job = make_job(print_file_name="b.gcode")
    client.says("printing", run_key="2@9", file_name="b.gcode", progress=31.4)

    client.says("failed", run_key="2@9", progress=0)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.FAILED, 31.4)


def test_the_end_of_a_print_never_seen_is_history(client: Client) -> None:
    job = make_job(print_file_name="ring.gcode")
    before = Transition.objects.count()

    outcome = client.says("completed", run_key="old@0", file_name="ring.gcode", progress=100)

    job.refresh_from_db()
    assert outcome.run is not None and outcome.run.is_history
    assert (job.state, Transition.objects.count()) == (JobState.READY, before)
    assert not PrintRun.objects.unmatched(client.now).exists()


def test_a_repeated_report_writes_nothing(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=50)
    revision = client.printer.revision

    outcome = client.says("printing", run_key="1@0", progress=70, sequence=1)

    assert outcome.result == "stale"
    assert (client.printer.revision, client.printer.progress) == (revision, 50)
    assert Sample.objects.count() == 1


def test_a_late_end_of_the_run_before_still_counts_for_it(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98, sequence=10)
    client.says("printing", run_key="2@9", file_name="b.gcode", progress=1, sequence=12)
    job.refresh_from_db()
    assert job.attention == "unknown_end"

    client.says("completed", run_key="1@0", sequence=11)

    job.refresh_from_db()
    assert (job.state, job.attention) == (JobState.COMPLETED, "")
    assert client.printer.file_name == "b.gcode"


def test_another_print_ends_the_run_and_leaves_its_job_where_it_was(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)

    client.says("printing", run_key="2@9", file_name="b.gcode", progress=1)

    job.refresh_from_db()
    assert (job.state, job.attention, job.progress) == (JobState.PRINTING, "unknown_end", 40)
    assert job.runs.get().state == RunState.UNKNOWN_END


def test_the_same_file_begun_again_goes_on_with_the_same_job(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)

    client.says("preparing", run_key="1@99", file_name="a.gcode")

    job.refresh_from_db()
    assert (job.state, job.attention, job.progress) == (JobState.PRINTING, "", 0)
    assert job.runs.count() == 2


def test_offline_never_ends_a_run_and_keeps_what_was_known(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)

    for _ in range(3):
        client.says("offline", after_seconds=3600)
    client.says("printing", run_key="1@0", progress=71)

    job.refresh_from_db()
    assert (job.state, job.progress, job.runs.count()) == (JobState.PRINTING, 71, 1)


def test_a_minute_of_idle_ends_the_run_without_anybody_knowing_how(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    client.says("idle")
    client.says("idle", after_seconds=59)
    job.refresh_from_db()
    assert job.attention == ""

    client.says("idle", after_seconds=1)

    job.refresh_from_db()
    assert (job.state, job.attention) == (JobState.PRINTING, "unknown_end")


def test_a_run_heard_again_after_an_unknown_end_is_the_same_run(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    client.says("idle")
    client.says("idle", after_seconds=60)

    client.says("printing", run_key="1@0", progress=41)

    job.refresh_from_db()
    assert (job.state, job.attention, job.progress, job.runs.count()) == (JobState.PRINTING, "", 41, 1)


def test_a_cancel_by_staff_is_never_undone_by_a_report_on_its_way(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    job.cancel(by=BY, now=client.now)

    client.says("printing", run_key="1@0", progress=41)
    client.says("completed", run_key="1@0")

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.CANCELLED, 40)


def test_copies_are_counted_and_the_job_goes_back_to_the_front(client: Client) -> None:
    job = make_job(print_file_name="a.gcode", copies=2)
    make_job()
    for number in (1, 2):
        client.says("printing", run_key=f"{number}@0", file_name="a.gcode", progress=40)
        client.says("completed", run_key=f"{number}@0")
        job.refresh_from_db()
        assert job.copies_done == number
        if number == 1:
            assert (job.state, job.progress) == (JobState.READY, None)

    assert job.state == JobState.COMPLETED


def test_a_report_without_a_key_belongs_to_the_run_with_the_same_file(client: Client) -> None:
    first = client.says("printing", file_name="a.gcode", progress=1)
    same = client.says("printing", file_name="A.3mf", progress=2)
    other = client.says("printing", file_name="b.gcode", progress=1)

    assert first.run == same.run
    assert first.run is not None and first.run.run_key == "srv:1"
    assert other.run is not None and other.run.run_key == "srv:2"


def test_one_client_speaks_for_a_printer_until_it_was_silent_for_a_minute(printer: Printer) -> None:
    one = Client(printer, client="one")
    other = Client(printer, one.key, client="other")
    one.says("idle")

    refused = other.says("idle", after_seconds=59)
    accepted = other.says("idle", after_seconds=6)

    assert (refused.result, refused.refusal) == ("refused", "leased")
    assert accepted.result == "accepted"


def test_a_new_holder_of_the_lease_begins_its_own_sequence(printer: Printer) -> None:
    one = Client(printer, client="one")
    one.says("printing", run_key="1@0", file_name="a.gcode", progress=40, sequence=1000)
    other = Client(printer, one.key, client="other", now=one.now)

    outcome = other.says("printing", run_key="1@0", progress=50, after_seconds=61, sequence=1)

    assert outcome.result == "unmatched"
    assert printer.progress == 50


def test_a_client_whose_clock_is_wrong_is_stored_at_our_time(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40, skew=timedelta(hours=1))

    assert client.printer.last_report_at == client.now
    assert not Sample.objects.get().is_clamped


def test_a_time_before_the_sample_before_is_clamped_and_marked(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    first = client.now

    client.says("printing", run_key="1@0", progress=41, measured_at=NOW - timedelta(days=3))

    sample = Sample.objects.last()
    assert sample is not None
    assert (sample.at, sample.is_clamped) == (first, True)


def test_a_time_a_day_ahead_is_refused(client: Client) -> None:
    outcome = client.says("idle", measured_at=client.now + timedelta(days=1, seconds=6))

    assert (outcome.result, outcome.refusal) == ("refused", "invalid")


def test_the_time_of_the_last_report_moves_with_every_report(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    client.says("printing", run_key="1@0", progress=40)

    job.refresh_from_db()

    assert job.progress_last_report_time == client.now


def test_plain_progress_is_no_structural_change(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)
    job.refresh_from_db()
    structure = job.structure_revision

    client.says("printing", run_key="1@0", progress=41)

    job.refresh_from_db()
    assert job.structure_revision == structure < job.revision


def test_a_key_for_all_printers_makes_one_it_never_heard_of() -> None:
    stranger = Printer(serial="voron-1")
    key, _token = make_key()

    report = Report(serial=stranger.serial, state=ReportState.IDLE, measured_at=NOW)
    receive(report, actor=Actor(key=key), client="", received_at=NOW, skew=timedelta())

    assert Printer.objects.get(serial="voron-1").state == "idle"


def test_a_key_for_one_printer_is_refused_for_another(printer: Printer) -> None:

    key, _token = make_key(printer, scopes=(Scope.REPORTS_WRITE,))
    actor = Actor(key=key, printer_ids=frozenset({printer.pk}))
    report = Report(serial="voron-1", state=ReportState.IDLE, measured_at=NOW)

    outcome = receive(report, actor=actor, client="", received_at=NOW, skew=timedelta())

    assert outcome.refusal == "printer_not_allowed"
    assert not Printer.objects.filter(serial="voron-1").exists()


@pytest.mark.parametrize("run_key", ["srv:1", "put:1:1"])
def test_a_client_may_not_send_a_key_like_our_own(client: Client, run_key: str) -> None:
    outcome = client.says("printing", run_key=run_key, file_name="a.gcode", progress=1)

    assert (outcome.result, outcome.refusal, outcome.field) == ("refused", "invalid", "runKey")


def test_a_run_whose_file_is_named_late_finds_its_job_then(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("preparing", run_key="1@0")

    client.says("printing", run_key="1@0", file_name="a.gcode", progress=3)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.PRINTING, 3)


def test_a_run_that_staff_took_off_its_job_is_not_given_back(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=3).run
    assert run is not None
    job.unlink(run, by=BY, now=client.now)

    client.says("printing", run_key="1@0", file_name="a.gcode", progress=4)

    job.refresh_from_db()
    assert job.state == JobState.READY


def test_a_late_end_leaves_no_ended_print_on_the_printers_card(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98, sequence=10)
    client.says("idle", sequence=12)

    client.says("completed", run_key="1@0", sequence=11)

    assert (client.printer.run, client.printer.state) == (None, "idle")


def test_an_end_said_again_does_not_touch_what_the_printer_does_now(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98)
    client.says("completed", run_key="1@0")
    client.says("printing", run_key="2@0", file_name="b.gcode", progress=1)

    client.says("completed", run_key="1@0")

    assert (client.printer.state, client.printer.progress) == ("printing", 1)


@pytest.mark.parametrize("state", ["completed", "printing"])
def test_what_comes_again_of_a_run_that_ended_before_the_present_one_is_stale(client: Client, state: str) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98)
    client.says("completed", run_key="1@0")
    client.says("printing", run_key="2@0", file_name="b.gcode", progress=1)

    results = []
    for _ in range(3):
        results.append(client.says(state, run_key="1@0").result)
        client.sequence -= 1

    assert results == ["unmatched", "stale", "stale"]


def test_a_late_word_of_an_ended_run_makes_no_report_of_the_present_one_late(client: Client) -> None:
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98)
    client.says("completed", run_key="1@0")
    client.says("printing", run_key="2@0", file_name="b.gcode", progress=1)
    client.sequence += 1
    client.says("completed", run_key="1@0")
    client.sequence -= 2

    client.says("printing", run_key="2@0", progress=2)

    assert client.printer.progress == 2


def test_a_remembered_run_that_prints_again_comes_back_from_history(client: Client) -> None:
    job = make_job(print_file_name="a.gcode")
    client.says("unknown_end", run_key="1@0", file_name="a.gcode")

    client.says("printing", run_key="1@0", file_name="a.gcode", progress=7)

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.PRINTING, 7)


def test_a_good_copy_that_is_told_late_counts_while_the_next_one_prints(client: Client) -> None:
    job = make_job(print_file_name="a.gcode", copies=2)
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=98, sequence=10)
    client.says("printing", run_key="2@0", file_name="a.gcode", progress=1, sequence=20)

    client.says("completed", run_key="1@0", sequence=15)
    job.refresh_from_db()
    assert (job.state, job.copies_done) == (JobState.PRINTING, 1)
    client.says("completed", run_key="2@0", sequence=21)

    job.refresh_from_db()
    assert (job.state, job.copies_done) == (JobState.COMPLETED, 2)
