"""POST /admin/print-queue/runs/{id}/link/."""

import pytest

from printqueue.models import PrintRun
from tests.factories import Client
from tests.pages.conftest import LIST, ended_job, ready_job, text_of


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
