"""GET and POST /admin/print-queue/{id}/edit/."""

import re

from tests.pages.conftest import LIST, ready_job, text_of


def fields(job, **changes):
    """What the form sends when only `changes` were typed."""
    now = {"design_name": job.design_name, "print_file_name": job.print_file_name, "copies": job.copies}
    return {**now, "revision": job.revision, **changes}


def revision_in(response):
    """The revision that the form in an answer carries."""
    [revision] = re.findall(r'name="revision" value="(\d+)"', text_of(response))
    return revision


def test_an_edit_is_stored(browser):
    job = ready_job()

    response = browser.post(f"{LIST}{job.pk}/edit/", fields(job, note="Handle with care"))

    job.refresh_from_db()
    assert response["Location"] == f"{LIST}{job.pk}/"
    assert job.note == "Handle with care"


def test_the_form_shows_what_is_stored(browser, printer):
    job = ready_job(customer_id="C-77", wanted_printer=printer)

    html = text_of(browser.get(f"{LIST}{job.pk}/edit/"))

    assert 'value="C-77"' in html
    assert '<option value="left" selected>' in html


def test_what_somebody_else_wrote_meanwhile_is_shown_before_it_is_overwritten(browser):
    job = ready_job()
    form = fields(job, note="Mine")
    job.edit(note="Theirs")

    response = browser.post(f"{LIST}{job.pk}/edit/", form)

    job.refresh_from_db()
    assert response.status_code == 409
    assert job.note == "Theirs"
    assert "<strong>Theirs</strong>" in text_of(response)


def test_a_form_shown_again_for_a_mistake_does_not_hide_what_somebody_else_wrote(browser):
    job = ready_job()
    form = fields(job, note="Mine")
    job.edit(note="Theirs")

    shown_again = browser.post(f"{LIST}{job.pk}/edit/", {**form, "design_name": ""})
    corrected = browser.post(f"{LIST}{job.pk}/edit/", {**form, "revision": revision_in(shown_again)})

    job.refresh_from_db()
    assert (shown_again.status_code, corrected.status_code, job.note) == (422, 409, "Theirs")


def test_the_page_of_a_conflict_carries_the_revision_that_it_shows(browser):
    job = ready_job()
    form = fields(job, note="Mine")
    job.edit(note="Theirs")

    shown = browser.post(f"{LIST}{job.pk}/edit/", form)
    browser.post(f"{LIST}{job.pk}/edit/", {**form, "revision": revision_in(shown)})

    job.refresh_from_db()
    assert job.note == "Mine"


def test_progress_made_meanwhile_is_no_conflict(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job.refresh_from_db()
    form = fields(job, note="Mine")
    beside.says("printing", run_key="a", progress=2.0)

    browser.post(f"{LIST}{job.pk}/edit/", form)

    job.refresh_from_db()
    assert (job.note, job.progress) == ("Mine", 2.0)


def test_a_form_without_its_revision_is_a_conflict(browser):
    job = ready_job()

    assert browser.post(f"{LIST}{job.pk}/edit/", fields(job, revision="x")).status_code == 409


def test_fewer_copies_than_are_printed_already_are_refused(browser, beside):
    job = ready_job(print_file_name="ring.gcode", copies=3)
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    beside.says("completed", run_key="a", progress=100.0)
    job.refresh_from_db()

    response = browser.post(f"{LIST}{job.pk}/edit/", fields(job, copies=1))

    assert response.status_code == 422
    assert "1 are printed already" in text_of(response)
