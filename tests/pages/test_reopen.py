"""GET and POST /admin/print-queue/{id}/reopen/."""

from tests.pages.conftest import LIST, ended_job, ready_job, text_of


def test_a_reopened_job_is_ready_again_and_keeps_the_reason(browser, staff):
    job = ended_job("complete")

    browser.post(f"{LIST}{job.pk}/reopen/", {"reason": "cracked in the bag"})

    job.refresh_from_db()
    assert job.state == "ready"
    assert job.transitions.filter(reason="cracked in the bag", user=staff, new_state="ready").exists()


def test_without_a_reason_it_stays_closed(browser):
    job = ended_job("complete")

    response = browser.post(f"{LIST}{job.pk}/reopen/", {"reason": " "})

    job.refresh_from_db()
    assert response.status_code == 422
    assert "Say why it is opened again." in text_of(response)
    assert job.state == "completed"


def test_it_asks_for_the_reason(browser):
    assert 'name="reason"' in text_of(browser.get(f"{LIST}{ended_job().pk}/reopen/"))


def test_reopening_twice_is_harmless(browser):
    job = ended_job("complete")
    browser.post(f"{LIST}{job.pk}/reopen/", {"reason": "one"})

    response = browser.post(f"{LIST}{job.pk}/reopen/", {"reason": "two"}, follow=True)

    assert "it is ready" in text_of(response)


def test_a_job_that_waits_is_open_already(browser):
    job = ready_job()

    assert "it is ready" in text_of(browser.post(f"{LIST}{job.pk}/reopen/", {"reason": "why not"}, follow=True))
