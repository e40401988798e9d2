"""POST /admin/print-queue/{id}/complete/."""

from tests.pages.conftest import LIST, lost_job, ready_job, started_job, text_of


def test_a_completed_job_is_a_print_successful(browser, staff):
    job = started_job()

    response = browser.post(f"{LIST}{job.pk}/complete/", follow=True)

    job.refresh_from_db()
    assert (job.state, job.ended_by) == ("completed", staff)
    assert "Print Successful" in text_of(response)


def test_it_answers_how_a_print_ended_that_nobody_saw(browser, beside):
    job = lost_job(beside)

    browser.post(f"{LIST}{job.pk}/complete/")

    job.refresh_from_db()
    assert (job.state, job.attention, job.copies_done) == ("completed", "", 1)
    assert job.runs.get().state == "completed"


def test_completing_twice_counts_one_copy(browser):
    job = started_job(copies=5)
    browser.post(f"{LIST}{job.pk}/complete/")

    response = browser.post(f"{LIST}{job.pk}/complete/", follow=True)

    job.refresh_from_db()
    assert job.copies_done == 1
    assert "it is completed" in text_of(response)


def test_a_job_that_was_never_started_is_not_completed(browser):
    job = ready_job()

    response = browser.post(f"{LIST}{job.pk}/complete/", follow=True)

    job.refresh_from_db()
    assert job.state == "ready"
    assert "it is ready" in text_of(response)
