"""What reports say happened, each thing once; and what is not told, since people did it themselves."""

from datetime import timedelta

import pytest

from printqueue.access import Actor
from printqueue.alerts.outbox import note_unmatched
from printqueue.models import Fact, FactKind, PrintRun, Who
from printqueue.protocol import ReportState
from printqueue.reports import Report, receive_all
from tests.factories import NOW, Client, make_job, make_key, make_printer, make_staff

pytestmark = pytest.mark.django_db
FILE = "splint.gcode"


@pytest.fixture
def client() -> Client:
    return Client(make_printer())


def kinds() -> list[str]:
    return list(Fact.objects.order_by("pk").values_list("kind", flat=True))


def printing(client: Client, **fields):
    client.says("printing", run_key="1@0", file_name=FILE, progress=40, **fields)


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled", "unknown_end"])
def test_the_end_of_a_print_is_a_fact_about_its_job_once(client, state):
    job = make_job(print_file_name=FILE)
    printing(client)

    client.says(state, run_key="1@0", progress=100)
    client.says(state, run_key="1@0", progress=100)

    [fact] = Fact.objects.all()
    assert (fact.kind, fact.job, fact.printer, fact.run.state) == (state, job, client.printer, state)
    assert fact.at == fact.noticed_at == client.now - timedelta(seconds=5)


def test_a_plain_print_has_no_facts_on_its_way(client):
    printing(client)
    printing(client)
    client.says("idle")
    client.says("offline")

    assert kinds() == []


def test_a_failed_print_says_why_and_nothing_twice(client):
    printing(client)

    client.says("failed", run_key="1@0", error_code="0300-8003", error_message="Nozzle clogged")

    assert list(Fact.objects.values_list("kind", "detail")) == [("failed", "0300-8003 Nozzle clogged")]


def test_each_pause_is_a_fact_with_its_reason(client):
    printing(client)
    client.says("paused", run_key="1@0", error_code="0700-8011", error_message="Filament ran out")
    client.says("paused", run_key="1@0", error_code="0700-8011", error_message="Filament ran out")
    printing(client)
    client.says("paused", run_key="1@0")

    assert list(Fact.objects.values_list("kind", "detail")) == [
        ("paused", "0700-8011 Filament ran out"),
        ("paused", ""),
    ]


def test_an_error_while_printing_is_told_once_a_print_however_often_it_comes_and_goes(client):
    for code in ("", "A1", "A1", "B2", "A1", "", "B2"):
        printing(client, error_code=code, error_message="Something" if code else "")

    assert list(Fact.objects.values_list("kind", "detail")) == [("error", "A1 Something"), ("error", "B2 Something")]


def test_an_error_that_comes_and_goes_within_one_call_is_told_once_too(client):
    printing(client)
    reports = [
        Report(
            serial=client.printer.serial, state=ReportState.PRINTING, run_key="1@0", progress=40,
            sequence=client.sequence + number, measured_at=client.now, error_code=code,
            error_message="Something" if code else "",
        )
        for number, code in enumerate(("A1", "", "A1", "B2", "A1", "", "B2"), start=1)
    ]  # fmt: skip

    receive_all(
        reports, actor=Actor(key=client.key, printer_ids=None), client="", received_at=client.now, skew=timedelta()
    )

    assert list(Fact.objects.values_list("kind", "detail")) == [("error", "A1 Something"), ("error", "B2 Something")]


def test_a_print_that_had_ended_when_its_printer_was_first_seen_is_history(client):
    client.says("completed", run_key="1@0", file_name=FILE, progress=100)

    assert PrintRun.objects.get().is_history
    assert kinds() == []


def test_an_idle_printer_that_is_switched_off_is_no_fact(client):
    client.says("idle")
    client.says("offline")

    assert kinds() == []


def test_another_print_and_a_minute_of_idle_end_a_print_without_anybody_knowing_how(client):
    printing(client)
    client.says("printing", run_key="2@0", file_name="other.gcode")
    client.says("idle")
    client.says("idle", after_seconds=61)

    assert kinds() == ["unknown_end", "unknown_end"]


def test_an_end_that_turns_out_later_is_a_fact_of_its_own(client):
    printing(client)
    client.says("printing", run_key="2@0", file_name="other.gcode")
    client.says("completed", run_key="1@0", progress=100)

    assert kinds() == ["unknown_end", "completed"]


def test_an_unknown_end_is_told_once_though_the_print_went_on_in_between(client):
    for _ in range(2):
        printing(client)
        client.says("unknown_end", run_key="1@0")

    assert kinds() == ["unknown_end"]


def test_a_job_that_was_cancelled_on_a_page_and_then_at_its_printer_is_nobodys_news(client):
    job, mia = make_job(print_file_name=FILE), Who(user=make_staff())
    printing(client)
    job.cancel(by=mia, now=client.now)

    client.says("cancelled", run_key="1@0")

    assert kinds() == []


def test_a_print_that_goes_on_to_its_end_though_its_job_was_cancelled_is_news(client):
    job = make_job(print_file_name=FILE)
    printing(client)
    job.cancel(by=Who(user=make_staff()), now=client.now)

    client.says("completed", run_key="1@0", progress=100)

    assert list(Fact.objects.values_list("kind", "job__code")) == [("completed", job.code)]


@pytest.mark.parametrize(("verb", "state"), [("complete", "completed"), ("fail", "failed")])
def test_what_staff_said_before_the_printer_did_is_nobodys_news(client, verb, state):
    job = make_job(print_file_name=FILE)
    printing(client)
    getattr(job, verb)(by=Who(user=make_staff()), now=client.now)

    client.says(state, run_key="1@0", progress=100)

    assert kinds() == []


def test_what_staff_do_on_pages_is_no_fact(client):
    job = make_job(print_file_name=FILE)
    printing(client)
    job.refresh_from_db()
    job.unlink(PrintRun.objects.get(), by=Who(user=make_staff()), now=client.now)
    job.cancel(by=Who(user=make_staff()), now=client.now)

    assert kinds() == []


def test_progress_that_is_put_has_facts_too(client):
    job = make_job(wanted_printer=client.printer)

    client.put(job, 40)
    client.put(job, 100)

    assert list(Fact.objects.values_list("kind", "job__code")) == [("completed", job.code)]


def test_a_report_that_was_long_on_its_way_says_when_it_happened_and_when_it_was_learned_of(client):
    printing(client)
    ended = client.now + timedelta(minutes=10)

    client.says("completed", after_seconds=7_200, run_key="1@0", progress=100, measured_at=ended)

    fact = Fact.objects.get()
    assert (fact.at, fact.noticed_at) == (ended, client.now)


def test_twenty_ends_in_one_call_are_twenty_facts():
    key = make_key()[0]
    clients = [Client(make_printer(), key) for _ in range(20)]
    for client in clients:
        printing(client)

    ends = [
        Report(serial=one.printer.serial, state=ReportState.COMPLETED, run_key="1@0", sequence=2, measured_at=one.now)
        for one in clients
    ]
    receive_all(ends, actor=Actor(key=key, printer_ids=None), client="", received_at=client.now, skew=timedelta())

    assert kinds() == ["completed"] * 20


# ---------------------------------------------------------------------- prints without a job


def test_a_print_that_waits_for_its_job_for_too_long_is_a_fact_once(client, settings):
    settings.ALERT_UNMATCHED_MINUTES = 10
    printing(client)

    note_unmatched(client.now + timedelta(minutes=9))
    assert kinds() == []
    note_unmatched(client.now + timedelta(minutes=11))
    note_unmatched(client.now + timedelta(minutes=12))

    assert kinds() == [FactKind.UNMATCHED]


def test_a_print_that_has_its_job_or_was_taken_off_it_by_hand_or_is_not_ours_is_none(client):
    later = NOW + timedelta(hours=1)
    job, who = make_job(print_file_name=FILE), Who(user=make_staff())
    printing(client)
    note_unmatched(later)
    job.refresh_from_db()
    job.unlink(PrintRun.objects.get(), by=who, now=client.now)
    note_unmatched(later)
    other = Client(make_printer())
    other.says("printing", run_key="7@0", file_name="clip.gcode")
    PrintRun.objects.get(run_key="7@0").not_ours(by=who, now=other.now)
    note_unmatched(later)

    assert kinds() == []
