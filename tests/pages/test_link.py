"""GET, POST /admin/print-queue/runs/{id}/link/."""

import re

import pytest
from django.utils import timezone

from printqueue.models import PrintRun, Who
from printqueue.views.pages import tray
from tests.factories import Client
from tests.pages.conftest import LIST, ended_job, lost_job, ready_job, text_of


@pytest.fixture
def run(beside: Client) -> PrintRun:
    """A print that somebody started at the printer."""
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=41.2)
    return PrintRun.objects.get()


def test_a_linked_print_moves_its_job(browser, run, staff):
    job = ready_job()

    response = browser.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk}, follow=True)

    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, job.progress, run.job, run.linked_by) == ("printing", 41.2, job, staff)
    assert f"belongs to {job.code}" in text_of(response)


def test_linking_twice_changes_nothing_more(browser, run):
    job = ready_job()
    browser.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk})
    job.refresh_from_db()

    browser.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk})

    revision = job.revision
    job.refresh_from_db()
    assert job.revision == revision


def test_a_closed_job_takes_no_running_print(browser, run):
    job = ended_job("cancel")

    response = browser.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk}, follow=True)

    run.refresh_from_db()
    assert run.job is None
    assert "it is cancelled" in text_of(response)


@pytest.mark.parametrize("job", ["", "x", "-1", "9" * 5000])
def test_without_a_job_it_asks_for_one(job, htmx, run):
    response = htmx.post(f"{LIST}runs/{run.pk}/link/", {"job": job})

    assert response.status_code == 422
    assert "Choose the job" in text_of(response)


def test_a_job_that_is_not_there_is_not_found(browser, run):
    assert browser.post(f"{LIST}runs/{run.pk}/link/", {"job": "99999999"}).status_code == 404


def undo_of(response):
    """Where the toast's Undo posts to."""
    [address] = re.findall(r'action="([^"]+)"', text_of(response))
    return address.replace("&amp;", "&")


def test_its_undo_takes_the_print_off_again(htmx, run):
    job = ready_job()

    response = htmx.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk, "seen": ""})
    htmx.post(undo_of(response))

    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, run.job) == ("ready", None)


def test_its_undo_asks_again_how_the_print_before_ended(htmx, beside, printer):
    job = lost_job(beside)
    [lost, other] = PrintRun.objects.order_by("pk")
    assert (job.state, job.attention) == ("printing", "unknown_end")

    response = htmx.post(f"{LIST}runs/{other.pk}/link/", {"job": job.pk, "seen": ""})
    htmx.post(undo_of(response))

    job.refresh_from_db()
    assert (job.state, job.attention, job.current_run) == ("printing", "unknown_end", lost)
    assert (job.printer, job.progress) == (printer, 80.3)


def test_the_undo_of_another_job_leads_back_to_the_first(htmx, run):
    first, second = ready_job(), ready_job()
    first.link(run, by=Who(), now=timezone.now())

    response = htmx.post(f"{LIST}runs/{run.pk}/link/", {"job": second.pk, "seen": first.pk})
    second.refresh_from_db()
    assert second.state == "printing"
    htmx.post(undo_of(response))

    run.refresh_from_db()
    second.refresh_from_db()
    assert (run.job, second.state) == (first, "ready")


def test_a_print_that_somebody_else_linked_meanwhile_is_not_taken_away(htmx, run):
    mine, theirs = ready_job(), ready_job()
    theirs.link(run, by=Who(), now=timezone.now())

    response = htmx.post(f"{LIST}runs/{run.pk}/link/", {"job": mine.pk, "seen": ""})

    assert response.status_code == 409
    assert f"linked to {theirs.code} by now" in text_of(response)
    run.refresh_from_db()
    assert run.job == theirs


def test_it_asks_with_the_likely_jobs_first_and_without_its_own(browser, run):
    own, other, likely = ready_job(), ready_job(), ready_job(print_file_name="strange.3mf")
    own.link(run, by=Who(), now=timezone.now())

    html = text_of(browser.get(f"{LIST}runs/{run.pk}/link/"))

    assert f'It is another job than <span class="code">{own.code}</span>' in html
    assert html.index(f'value="{likely.pk}"') < html.index(f'value="{other.pk}"')
    assert f'name="seen" value="{own.pk}"' in html
    assert html.count(own.code) == 2  # in the path to this page, and in its heading


def test_other_open_jobs_are_found_by_what_one_knows_of_them(browser, run):
    wanted, other = ready_job(customer_id="C-77"), ready_job()

    html = text_of(browser.get(f"{LIST}runs/{run.pk}/link/", {"q": "c-77"}))

    assert wanted.code in html
    assert other.code not in html


def test_of_a_very_long_queue_it_says_that_there_are_others(browser, run, monkeypatch):
    monkeypatch.setattr(tray, "LISTED", 1)
    ready_job(), ready_job()

    assert "The list holds the first of many" in text_of(browser.get(f"{LIST}runs/{run.pk}/link/"))


def test_a_search_that_finds_nothing_says_so(browser, run):
    assert "No open job has “zz” in it" in text_of(browser.get(f"{LIST}runs/{run.pk}/link/", {"q": "zz"}))
