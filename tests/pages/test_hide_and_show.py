"""POST /admin/print-queue/{id}/hide/ and /show/."""

import pytest

from tests.pages.conftest import LIST, ready_job, started_job, text_of


def test_a_hidden_job_is_off_every_page_and_the_message_has_the_way_back(browser):
    job = ready_job()

    html = text_of(browser.post(f"{LIST}{job.pk}/hide/", follow=True))

    assert f"{job.code} is hidden" in html
    assert f'action="{LIST}{job.pk}/show/"' in html
    assert f'id="job-{job.pk}"' not in html


@pytest.mark.parametrize("times", [1, 2])
def test_a_hidden_job_comes_back(times, browser):
    job = ready_job()
    job.hide()

    for _ in range(times):
        browser.post(f"{LIST}{job.pk}/show/")

    job.refresh_from_db()
    assert job.is_enabled


def test_a_job_on_a_printer_is_not_hidden(browser):
    job = started_job()

    html = text_of(browser.post(f"{LIST}{job.pk}/hide/", follow=True))

    job.refresh_from_db()
    assert job.is_enabled
    assert "it is printing" in html
