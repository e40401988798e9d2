"""A printer's name and limits: /admin/print-queue/printers/{serial}/edit/."""

import pytest
from django.contrib.auth.models import Permission

from tests.factories import Client
from tests.pages.conftest import LIST, text_of

ADDRESS = f"{LIST}printers/left/edit/"
FIELDS = {"name": "Left P1S", "silent_minutes": "", "still_minutes": "", "paused_minutes": ""}


@pytest.fixture
def editor(browser, staff):
    """A browser of somebody who may change printers, and nothing else."""
    staff.user_permissions.add(Permission.objects.get(codename="change_printer"))
    return browser


def limits_of(printer):
    printer.refresh_from_db()
    return printer.silent_minutes, printer.still_minutes, printer.paused_minutes


def test_limits_are_saved_and_the_browser_goes_back_to_the_page(editor, printer):
    response = editor.post(ADDRESS, {**FIELDS, "silent_minutes": "10", "still_minutes": "0", "paused_minutes": "1440"})

    assert response["Location"] == f"{LIST}printers/left/"
    assert limits_of(printer) == (10, 0, 1440)


def test_empty_is_what_holds_for_all_printers(editor, printer):
    printer.edit(silent_minutes=10, still_minutes=10)

    editor.post(ADDRESS, {**FIELDS, "still_minutes": "10"})

    assert limits_of(printer) == (None, 10, None)


def test_the_form_shows_what_holds_and_what_holds_for_all(editor, printer):
    printer.edit(still_minutes=90)

    html = text_of(editor.get(ADDRESS))

    assert 'value="90"' in html
    assert "Empty: 60, as for all printers. 0: never." in html


@pytest.mark.parametrize("value", ["-1", "10081", "1.5", "soon", "9" * 40])
@pytest.mark.parametrize("name", ["silent_minutes", "still_minutes", "paused_minutes"])
def test_a_wrong_limit_is_said_beside_its_field_and_changes_nothing(name, value, editor, printer):
    printer.edit(silent_minutes=1, still_minutes=2, paused_minutes=3)

    response = editor.post(ADDRESS, {**FIELDS, name: value})

    assert response.status_code == 422
    assert response.context["form"].errors == {name: ["Expected whole minutes, from 0 to 10080."]}
    assert f'id="{name}-error"' in text_of(response)
    assert limits_of(printer) == (1, 2, 3)


def test_a_name_by_staff_stays_whatever_the_client_says(editor, printer):
    editor.post(ADDRESS, {**FIELDS, "name": "By the door"})

    Client(printer).says("idle", printer_name="P1S 0042")
    assert str(printer) == "By the door"


def test_an_empty_name_is_given_back_to_the_client(editor, printer):
    editor.post(ADDRESS, {**FIELDS, "name": "By the door"})
    editor.post(ADDRESS, {**FIELDS, "name": ""})

    Client(printer).says("idle", printer_name="P1S 0042")
    assert str(printer) == "P1S 0042"


def test_limits_alone_do_not_take_the_name_from_the_client(editor, printer):
    editor.post(ADDRESS, {**FIELDS, "still_minutes": "30"})

    printer.refresh_from_db()
    assert not printer.is_named_by_staff


def test_a_name_that_fools_the_eye_is_refused(editor, printer):
    response = editor.post(ADDRESS, {**FIELDS, "name": "left\u202etfel"})

    assert response.context["form"].errors == {"name": ["Leave out characters that cannot be seen."]}


def test_a_report_in_between_is_not_overwritten(editor, printer):
    Client(printer).says("printing", run_key="1@0", progress=45.3)

    editor.post(ADDRESS, {**FIELDS, "still_minutes": "30"})

    printer.refresh_from_db()
    assert (printer.state, printer.progress, printer.still_minutes) == ("printing", 45.3, 30)


def test_open_pages_hear_of_it(editor, printer):
    before = printer.revision

    editor.post(ADDRESS, {**FIELDS, "still_minutes": "30"})

    printer.refresh_from_db()
    assert printer.revision > before


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_change_printers_is_refused(method, browser, printer):
    assert getattr(browser, method)(ADDRESS, {**FIELDS, "still_minutes": "30"}).status_code == 403
    assert limits_of(printer) == (None, None, None)


def test_a_hidden_printer_is_not_found(editor, printer):
    printer.is_enabled = False
    printer.save(update_fields=["is_enabled"])

    assert editor.post(ADDRESS, FIELDS).status_code == 404
