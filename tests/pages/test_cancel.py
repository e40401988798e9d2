"""GET and POST /admin/print-queue/{id}/cancel/."""

from tests.pages.conftest import LIST, ended_job, ready_job, started_job, text_of


def test_a_cancelled_job_is_no_longer_wanted(browser, staff):
    job = started_job()

    browser.post(f"{LIST}{job.pk}/cancel/", {"reason": "customer called"})

    job.refresh_from_db()
    assert (job.state, job.ended_by) == ("cancelled", staff)
    assert job.transitions.filter(reason="customer called", new_state="cancelled").exists()


def test_it_asks_first_and_asking_changes_nothing(browser):
    job = ready_job()

    html = text_of(browser.get(f"{LIST}{job.pk}/cancel/"))

    job.refresh_from_db()
    assert "Cancel the job" in html
    assert job.state == "ready"


def test_cancelling_twice_is_harmless(browser):
    job = ended_job("cancel")

    response = browser.post(f"{LIST}{job.pk}/cancel/", follow=True)

    assert "it is cancelled" in text_of(response)
    assert job.transitions.filter(new_state="cancelled").count() == 1


def test_a_completed_job_is_not_cancelled(browser):
    job = ended_job("complete")

    browser.post(f"{LIST}{job.pk}/cancel/")

    job.refresh_from_db()
    assert job.state == "completed"
