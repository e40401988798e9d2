"""POST /admin/print-queue/{id}/retry/."""

import pytest

from tests.pages.conftest import LIST, ended_job, ready_job, text_of


@pytest.mark.parametrize("verb", ["fail", "cancel"])
def test_a_job_that_went_wrong_is_ready_again_at_the_front(verb, browser):
    ready_job()
    job = ended_job(verb)

    browser.post(f"{LIST}{job.pk}/retry/")

    job.refresh_from_db()
    assert job.state == "ready"
    assert type(job).objects.positions()[job.pk] == 1


def test_retrying_twice_is_harmless(browser):
    job = ended_job("fail")
    browser.post(f"{LIST}{job.pk}/retry/")

    response = browser.post(f"{LIST}{job.pk}/retry/", follow=True)

    assert "it is ready" in text_of(response)
    assert job.transitions.filter(new_state="ready").count() == 2


def test_a_completed_job_is_not_retried(browser):
    job = ended_job("complete")

    response = browser.post(f"{LIST}{job.pk}/retry/", follow=True)

    job.refresh_from_db()
    assert job.state == "completed"
    assert "it is completed" in text_of(response)


def test_from_the_list_it_leads_back_to_the_list(browser):
    job = ended_job("fail")

    response = browser.post(f"{LIST}{job.pk}/retry/", {"next": f"{LIST}?tab=history"})

    assert response["Location"] == f"{LIST}?tab=history"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_it_leads_nowhere_outside(elsewhere, browser):
    job = ended_job("fail")

    response = browser.post(f"{LIST}{job.pk}/retry/", {"next": elsewhere})

    assert response["Location"] == f"{LIST}{job.pk}/"
