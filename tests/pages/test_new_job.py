"""POST /admin/print-queue/runs/{id}/new-job/."""

import pytest

from printqueue.models import PrintQueue, PrintRun
from tests.factories import Client
from tests.pages.conftest import LIST, ready_job, text_of


@pytest.fixture
def run(beside: Client) -> PrintRun:
    """A print that somebody started at the printer."""
    beside.says("printing", run_key="a", file_name="cable-clip_v2.gcode", progress=41.2)
    return PrintRun.objects.get()


def test_a_job_is_made_that_the_print_moves(htmx, run, staff):
    response = htmx.post(f"{LIST}runs/{run.pk}/new-job/")

    job = PrintQueue.objects.get()
    run.refresh_from_db()
    assert (job.design_name, job.state, job.progress, job.created_by) == ("Cable clip v2", "printing", 41.2, staff)
    assert (run.job, run.linked_by) == (job, staff)
    assert f'href="{LIST}{job.pk}/edit/"' in text_of(response)


def test_without_scripts_it_goes_on_to_the_form(browser, run):
    response = browser.post(f"{LIST}runs/{run.pk}/new-job/")

    assert response["Location"] == f"{LIST}{PrintQueue.objects.get().pk}/edit/"


def test_a_second_press_makes_no_second_job(htmx, run):
    htmx.post(f"{LIST}runs/{run.pk}/new-job/")

    response = htmx.post(f"{LIST}runs/{run.pk}/new-job/")

    assert response.status_code == 409
    assert f"linked to {PrintQueue.objects.get().code} by now" in text_of(response)


def test_a_print_without_a_name_makes_none(htmx, beside):
    beside.says("printing", run_key="a", progress=1)

    response = htmx.post(f"{LIST}runs/{PrintRun.objects.get().pk}/new-job/")

    assert (response.status_code, PrintQueue.objects.count()) == (409, 0)


def test_the_longest_name_makes_one_too(htmx, beside):
    beside.says("printing", run_key="a", file_name="x" * 249 + ".gcode", progress=1)

    htmx.post(f"{LIST}runs/{PrintRun.objects.get().pk}/new-job/")

    assert PrintQueue.objects.get().print_file_name == "x" * 249 + ".gcode"


def test_the_other_jobs_stay_as_they_are(htmx, run):
    other = ready_job()

    htmx.post(f"{LIST}runs/{run.pk}/new-job/")

    before = other.revision
    other.refresh_from_db()
    assert (other.state, other.revision) == ("ready", before)
