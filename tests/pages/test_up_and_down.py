"""POST /admin/print-queue/{id}/up/ and /down/."""

import pytest

from printqueue.models import PrintQueue
from tests.pages.conftest import LIST, ended_job, ready_job, text_of


@pytest.mark.parametrize(("verb", "expected"), [("up", [1, 0, 2]), ("down", [0, 2, 1])])
def test_a_job_changes_places_with_its_neighbour(verb, expected, browser):
    jobs = [ready_job(), ready_job(), ready_job()]

    browser.post(f"{LIST}{jobs[1].pk}/{verb}/")

    assert list(PrintQueue.objects.ready()) == [jobs[index] for index in expected]


@pytest.mark.parametrize(("verb", "index"), [("up", 0), ("down", 1)])
def test_at_the_end_it_stays_where_it_is(verb, index, browser):
    jobs = [ready_job(), ready_job()]

    browser.post(f"{LIST}{jobs[index].pk}/{verb}/")

    assert list(PrintQueue.objects.ready()) == jobs


@pytest.mark.parametrize("verb", ["up", "down"])
def test_an_ended_job_has_no_place(verb, browser):
    job = ended_job()

    assert "it is completed" in text_of(browser.post(f"{LIST}{job.pk}/{verb}/", follow=True))


def test_htmx_hears_of_it_by_a_toast_and_fetches_the_queue_anew(htmx):
    job = ready_job()

    response = htmx.post(f"{LIST}{job.pk}/up/")

    assert text_of(response).startswith('<div class="toast"')
    assert "pf:changed" in response["HX-Trigger"]


def test_a_refusal_reaches_htmx_as_a_toast_too(htmx):
    response = htmx.post(f"{LIST}{ended_job().pk}/up/")

    assert response.status_code == 409
    assert 'data-state="failed"' in text_of(response)
