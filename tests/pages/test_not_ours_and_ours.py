"""POST /admin/print-queue/runs/{id}/not-ours/ and …/ours/."""

import pytest
from django.utils import timezone

from printqueue.models import PrintRun, Who
from tests.factories import Client
from tests.pages.conftest import LIST, ready_job, text_of


@pytest.fixture
def run(beside: Client) -> PrintRun:
    """A print that somebody started at the printer."""
    beside.says("printing", run_key="a", file_name="clip.gcode", progress=41.2)
    return PrintRun.objects.get()


def tray(browser):
    return text_of(browser.get(f"{LIST}tray/"))


def test_a_print_that_is_not_ours_is_off_the_page(htmx, run, staff):
    response = htmx.post(f"{LIST}runs/{run.pk}/not-ours/")

    run.refresh_from_db()
    assert run.not_ours_by == staff
    assert f'action="{LIST}runs/{run.pk}/ours/"' in text_of(response)
    assert "clip.gcode" not in tray(htmx)


def test_undo_brings_it_back(htmx, run):
    htmx.post(f"{LIST}runs/{run.pk}/not-ours/")

    htmx.post(f"{LIST}runs/{run.pk}/ours/")

    assert "clip.gcode" in tray(htmx)


def test_without_scripts_the_list_says_so_and_offers_the_way_back(browser, run):
    html = text_of(browser.post(f"{LIST}runs/{run.pk}/not-ours/", follow=True))

    assert "is not ours" in html
    assert f'action="{LIST}runs/{run.pk}/ours/"' in html


def test_a_print_that_was_linked_meanwhile_stays_with_its_job(htmx, run):
    job = ready_job()
    job.link(run, by=Who(), now=timezone.now())

    response = htmx.post(f"{LIST}runs/{run.pk}/not-ours/")

    run.refresh_from_db()
    assert (response.status_code, run.job, run.not_ours_at) == (409, job, None)
    assert f"linked to {job.code} by now" in text_of(response)


@pytest.mark.parametrize("word", ["not-ours", "ours"])
def test_saying_it_twice_is_harmless(word, htmx, run):
    htmx.post(f"{LIST}runs/{run.pk}/{word}/")

    assert htmx.post(f"{LIST}runs/{run.pk}/{word}/").status_code == 200
