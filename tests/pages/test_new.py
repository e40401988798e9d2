"""GET and POST /admin/print-queue/new/."""

from datetime import UTC, datetime

import pytest

from printqueue.models import PrintQueue
from tests.pages.conftest import LIST, text_of

NEW = f"{LIST}new/"
FIELDS = {"design_name": "Spiral", "print_file_name": "spiral.gcode", "copies": "2"}


def test_a_new_job_joins_the_queue(browser, staff, printer):
    more = {"customer_id": "C-77", "note": "Left\nhand", "rush": "on", "wanted_printer": "left"}

    response = browser.post(NEW, {**FIELDS, **more})

    job = PrintQueue.objects.get()
    assert response["Location"] == f"{LIST}{job.pk}/"
    assert (job.design_name, job.copies, job.rush, job.note) == ("Spiral", 2, True, "Left hand")
    assert (job.wanted_printer, job.created_by) == (printer, staff)


def test_the_due_time_is_meant_in_the_zone_of_the_viewer(browser):
    browser.cookies["timeZone"] = "Asia/Kolkata"

    browser.post(NEW, {**FIELDS, "due_at": "2026-11-24T10:00"})

    assert PrintQueue.objects.get().due_at == datetime(2026, 11, 24, 4, 30, tzinfo=UTC)


def test_the_form_shows_what_may_be_written(browser, printer):
    html = text_of(browser.get(NEW))

    for label in ("Design", "Print file", "Customer", "Copies", "Printer", "Due", "Rush", "Note", "Left P1S"):
        assert label in html


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("design_name", ""), ("design_name", "x" * 201), ("print_file_name", "")),
        *(("print_file_name", "gnp.\u202eedocg"), ("customer_id", "x" * 21), ("note", "bell \x07")),
        *(
            ("copies", "0"),
            ("copies", "1000"),
            ("copies", "two"),
            ("due_at", "soon"),
            ("due_at", "9999-12-31T23:59"),
            ("due_at", "0001-01-01T00:00"),
            ("wanted_printer", "nowhere"),
        ),
    ],
)
def test_a_value_that_does_not_fit_is_said_beside_its_field(field, value, browser):
    response = browser.post(NEW, {**FIELDS, field: value})

    assert response.status_code == 422
    assert f'id="{field}-error"' in text_of(response)
    assert not PrintQueue.objects.exists()


def test_what_was_written_stays_when_something_is_wrong(browser):
    assert 'value="Spiral"' in text_of(browser.post(NEW, {**FIELDS, "copies": "0"}))
