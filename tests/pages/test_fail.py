"""GET and POST /admin/print-queue/{id}/fail/."""

from tests.pages.conftest import LIST, lost_job, ready_job, started_job, text_of


def test_a_failed_job_keeps_the_reason(browser, staff):
    job = started_job()

    response = browser.post(f"{LIST}{job.pk}/fail/", {"reason": "came off the plate"}, follow=True)

    job.refresh_from_db()
    assert (job.state, job.ended_by) == ("failed", staff)
    assert "Mara Keller: came off the plate" in text_of(response)


def test_it_asks_for_the_reason(browser):
    html = text_of(browser.get(f"{LIST}{started_job().pk}/fail/"))

    assert "Mark as failed" in html
    assert 'name="reason"' in html


def test_it_answers_how_a_print_ended_that_nobody_saw(browser, beside):
    job = lost_job(beside)

    browser.post(f"{LIST}{job.pk}/fail/")

    job.refresh_from_db()
    assert (job.state, job.attention) == ("failed", "")


def test_too_long_a_reason_is_refused(browser):
    job = started_job()

    assert browser.post(f"{LIST}{job.pk}/fail/", {"reason": "x" * 501}).status_code == 422
    job.refresh_from_db()
    assert job.state == "printing"


def test_failing_twice_keeps_the_first(browser):
    job = started_job()
    browser.post(f"{LIST}{job.pk}/fail/", {"reason": "first"})

    response = browser.post(f"{LIST}{job.pk}/fail/", {"reason": "second"}, follow=True)

    assert "it is failed" in text_of(response)
    assert job.transitions.filter(new_state="failed").count() == 1


def test_a_job_that_waits_does_not_fail(browser):
    job = ready_job()

    browser.post(f"{LIST}{job.pk}/fail/")

    job.refresh_from_db()
    assert job.state == "ready"
