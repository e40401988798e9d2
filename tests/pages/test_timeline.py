"""What happened to a job, on its page: changes of state, what else was noticed, and who was told of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from printqueue.models import AlertState, FactKind, PrintRun, Who
from tests.factories import make_alert, make_fact, make_target
from tests.pages.conftest import LIST, ready_job, started_job, text_of


@pytest.fixture
def job(beside):
    """A job whose print is on "Left P1S"."""
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=12.0)
    job.refresh_from_db()
    return job


def fact(kind, job, at=None, **fields):
    """What was noticed of the job's print at `at`, now unless given."""
    at = at or timezone.now()
    return make_fact(kind, run=PrintRun.objects.get(job=job), at=at, noticed_at=at, **fields)


def timeline(browser, job):
    """The HTML of each line, the newest first."""
    html = text_of(browser.get(f"{LIST}{job.pk}/")).split('<ol class="timeline">')[1].split("</ol>")[0]
    return html.split("<li ")[1:]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FactKind.NO_MOVEMENT, "Stalled: no movement"),
        (FactKind.PAUSED_TOO_LONG, "Paused for too long"),
        (FactKind.OFFLINE, "Printer offline while printing"),
        (FactKind.NO_REPORTS, "Client offline while printing"),
        (FactKind.ERROR, "Error named by the printer"),
        (FactKind.RECOVERED, "Going on again"),
    ],
)
def test_what_was_noticed_is_a_line_of_its_own(kind, words, browser, job):
    fact(kind, job, detail="0300_8003 Filament ran out")

    [line, *others] = timeline(browser, job)

    assert words in line
    assert "0300_8003 Filament ran out" in line
    assert len(others) == job.transitions.count()


def test_a_print_that_goes_on_again_says_after_what(browser, job):
    fact(FactKind.RECOVERED, job, detail="no_movement")

    assert "after “Stalled: no movement”" in timeline(browser, job)[0]


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled", "paused"])
def test_what_a_change_of_state_says_is_not_said_twice(state, browser, job, beside):
    beside.says(state, run_key="a", progress=90.0)
    assert job.facts.filter(kind=state).count() == 1

    assert len(timeline(browser, job)) == job.transitions.count()


@pytest.mark.parametrize("state", ["paused", "failed"])
def test_an_error_that_is_why_it_paused_or_failed_is_not_said_twice(state, browser, job, beside):
    error = {"error_code": "0700_8011", "error_message": "Filament ran out"}
    beside.says("printing", run_key="a", progress=12.0, **error)
    beside.says(state, run_key="a", progress=12.0, **error)
    assert job.facts.filter(kind=FactKind.ERROR).count() == 1

    lines = timeline(browser, job)

    assert "".join(lines).count("Filament ran out") == 1
    assert len(lines) == job.transitions.count()


def test_an_error_while_it_prints_on_is_a_line_of_its_own(browser, job, beside):
    beside.says("printing", run_key="a", progress=12.5, error_code="0300_100A", error_message="Chamber too hot")

    lines = timeline(browser, job)

    assert "Chamber too hot" in "".join(lines)
    assert len(lines) == job.transitions.count() + 1


def test_a_good_print_of_several_is_told_beside_the_job_that_is_ready_again(browser, beside):
    job = ready_job(print_file_name="ring.gcode", copies=2)
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=12.0)
    beside.says("completed", run_key="a", progress=100.0)

    html = "".join(timeline(browser, job))

    assert '"what">Completed' in html
    assert '"what">Ready again' in html


def test_lines_are_in_the_order_in_which_things_happened(browser, job):
    now = timezone.now()
    fact(FactKind.NO_MOVEMENT, job, now + timedelta(minutes=1))
    fact(FactKind.RECOVERED, job, now + timedelta(minutes=2))

    [first, second, *_] = timeline(browser, job)

    assert "Going on again" in first
    assert "no movement" in second


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AlertState.SENT, "Told: Phone (ntfy), <time"),
        (AlertState.WAITING, "Will be told: Phone (ntfy), <time"),
        (AlertState.SENDING, "Being told: Phone (ntfy)"),
        (AlertState.DEAD, "Not delivered: Phone (ntfy)"),
    ],
)
def test_it_says_who_was_told(state, words, browser, job, staff):
    later = timezone.now() + timedelta(hours=1)
    make_alert(make_target(staff, name="Phone"), fact(FactKind.NO_MOVEMENT, job), state=state, due_at=later)

    assert words in timeline(browser, job)[0]


def test_who_was_told_of_a_change_of_state_stands_at_it(browser, job, staff):
    job.fail(by=Who(user=staff), now=timezone.now(), reason="came off the plate")
    make_alert(make_target(staff, name="Phone"), fact(FactKind.FAILED, job))

    line = timeline(browser, job)[0]

    assert "came off the plate" in line
    assert "Told: Phone (ntfy)" in line


def test_that_others_were_told_is_their_business(browser, job, django_user_model):
    noticed = fact(FactKind.NO_MOVEMENT, job)
    make_alert(make_target(django_user_model.objects.create(username="other"), name="Theirs"), noticed)
    make_alert(make_target(None, name="Workshop"), noticed)

    line = timeline(browser, job)[0]

    assert "Workshop" in line
    assert "Theirs" not in line


def test_what_was_too_old_to_be_told_is_not_mentioned(browser, job, staff):
    make_alert(make_target(staff, name="Phone"), fact(FactKind.NO_MOVEMENT, job), state=AlertState.LOGGED)

    assert "Phone" not in timeline(browser, job)[0]


def test_what_was_noticed_before_a_print_found_its_job_is_there_too(browser, job):
    make_fact(FactKind.UNMATCHED, run=PrintRun.objects.get(job=job))
    job.facts.update(job=None)

    assert "Waiting for its job" in "".join(timeline(browser, job))


def test_what_was_noticed_of_another_job_is_not_there(browser, job):
    fact(FactKind.NO_MOVEMENT, job)

    assert "no movement" not in "".join(timeline(browser, started_job()))


@pytest.mark.sqlite_only  # PostgreSQL uses no index for so few rows
def test_it_is_found_without_looking_through_all_that_ever_happened(browser, job):
    with CaptureQueriesContext(connection) as asked:
        timeline(browser, job)
        browser.get(f"/api/print-queue/{job.pk}/history")

    of_transitions = [one["sql"] for one in asked if 'FROM "printqueue_transition"' in one["sql"]]
    assert len(of_transitions) >= 2
    with connection.cursor() as cursor:
        for sql in of_transitions:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            assert not [step for *_, step in plan if step.startswith("SCAN printqueue_transition")], sql
