"""GET and POST /admin/print-queue/{id}/start/."""

from tests.factories import make_printer
from tests.pages.conftest import LIST, ended_job, ready_job, started_job, text_of


def test_a_started_job_is_printing_where_it_was_said(browser, printer, staff):
    job = ready_job()

    browser.post(f"{LIST}{job.pk}/start/", {"printer": "left"})

    job.refresh_from_db()
    assert (job.state, job.printer, job.started_by) == ("printing", printer, staff)


def test_the_form_proposes_the_printer_it_is_wanted_on(browser, printer):
    make_printer("other")
    job = ready_job(wanted_printer=printer)

    assert '<option value="left" selected>' in text_of(browser.get(f"{LIST}{job.pk}/start/"))


def test_nobody_has_to_say_where(browser):
    job = ready_job()

    browser.post(f"{LIST}{job.pk}/start/")

    job.refresh_from_db()
    assert (job.state, job.printer) == ("printing", None)


def test_a_printer_that_is_none_is_refused(browser):
    job = ready_job()

    response = browser.post(f"{LIST}{job.pk}/start/", {"printer": "nowhere"})

    assert response.status_code == 422
    job.refresh_from_db()
    assert job.state == "ready"


def test_starting_twice_changes_nothing_more(browser):
    job = started_job()

    response = browser.post(f"{LIST}{job.pk}/start/", follow=True)

    assert "it is printing" in text_of(response)


def test_an_ended_job_is_not_started(browser):
    job = ended_job()

    response = browser.post(f"{LIST}{job.pk}/start/", follow=True)

    job.refresh_from_db()
    assert job.state == "completed"
    assert "it is completed" in text_of(response)
