"""The admin mends data by the same methods as everything else."""

import re

import pytest
from django.contrib import admin as site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from printqueue.access import actor_of_key
from printqueue.models import JobState, Printer, PrinterKey, PrintQueue
from tests.factories import Client, make_job, make_key, make_printer, make_staff

pytestmark = pytest.mark.django_db
OURS = [model for model in site.site._registry if model._meta.app_label == "printqueue"]


@pytest.fixture
def staff() -> User:
    return make_staff(is_superuser=True, username="mia")


@pytest.fixture
def browser(staff: User) -> Browser:
    browser = Browser()
    browser.force_login(staff)
    return browser


def change_url(row: PrintQueue | Printer) -> str:
    return reverse(f"admin:printqueue_{row._meta.model_name}_change", args=[row.pk])


def act(browser: Browser, model: str, action: str, row_pk: int, **fields: object) -> None:
    url = reverse(f"admin:printqueue_{model}_changelist")
    answer = {"action": action, "_selected_action": [row_pk], **fields}
    assert browser.post(url, answer).status_code in (200, 302)


INLINES = {f"{rows}-{word}_FORMS": 0 for rows in ("runs", "transitions") for word in ("TOTAL", "INITIAL")}


def form_of(job: PrintQueue, **fields: object) -> dict[str, object]:
    kept = {name: getattr(job, name) for name in ("design_name", "customer_id", "note", "print_file_name", "copies")}
    return {**INLINES, **kept, "is_enabled": "on", **fields}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.model_name)
def test_every_model_has_a_list_and_nothing_is_deleted(browser: Browser, model: type[Model]) -> None:
    client = Client(make_printer())
    make_job(print_file_name="a.gcode")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)

    page = browser.get(reverse(f"admin:printqueue_{model._meta.model_name}_changelist"), {"q": "a"})

    assert page.status_code == 200
    assert b"delete_selected" not in page.content


def test_an_edit_takes_a_revision_and_is_logged_as_old_and_new(browser: Browser) -> None:
    job = make_job(note="left hand")

    browser.post(change_url(job), form_of(job, note="right hand"))

    before = job.revision
    job.refresh_from_db()
    assert (job.note, job.structure_revision > before) == ("right hand", True)
    assert LogEntry.objects.get().get_change_message() == "Changed note: left hand → right hand."


def test_a_job_added_here_gets_code_and_history(browser: Browser, staff: User) -> None:
    browser.post(
        reverse("admin:printqueue_printqueue_add"),
        {"design_name": "Ring", "print_file_name": "ring.gcode", "copies": 2, "is_enabled": "on", **INLINES},
    )

    job = PrintQueue.objects.get()
    assert (len(job.code), job.copies, job.transitions.get().user) == (4, 2, staff)


def test_an_edit_does_not_undo_what_a_report_wrote_meanwhile(browser: Browser) -> None:
    job = make_job(print_file_name="a.gcode")
    client = Client(make_printer())
    stale = form_of(job, note="new")
    client.says("printing", run_key="1@0", file_name="a.gcode", progress=40)

    browser.post(change_url(job), stale)

    job.refresh_from_db()
    assert (job.note, job.state, job.progress) == ("new", JobState.PRINTING, 40)


def test_what_the_machine_owns_is_not_taken_from_the_form(browser: Browser) -> None:
    job = make_job()

    browser.post(change_url(job), form_of(job, state="completed", progress="77"))

    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.READY, None)


def test_a_job_on_a_printer_cannot_be_hidden(browser: Browser) -> None:
    job = make_job()
    Client(make_printer()).put(job, 5)

    page = browser.post(change_url(job), {**form_of(job), "is_enabled": ""})

    job.refresh_from_db()
    assert job.is_enabled
    assert "cannot be hidden" in page.content.decode()


def test_reopening_asks_why_and_then_does_it(browser: Browser) -> None:
    job = make_job()
    Client(make_printer()).put(job, 100)

    act(browser, "printqueue", "reopen", job.pk)
    job.refresh_from_db()
    assert job.state == JobState.COMPLETED
    act(browser, "printqueue", "reopen", job.pk, answered="yes", reason="came off")

    job.refresh_from_db()
    assert (job.state, job.transitions.latest("pk").reason) == (JobState.READY, "came off")


def test_setting_failed_keeps_the_reason_and_refuses_the_wrong_state(browser: Browser) -> None:
    job, ready = make_job(), make_job()
    Client(make_printer()).put(job, 50)

    for row in (job, ready):
        act(browser, "printqueue", "fail", row.pk, answered="yes", reason="spaghetti")

    for row in (job, ready):
        row.refresh_from_db()
    assert (job.state, ready.state) == (JobState.FAILED, JobState.READY)


def test_a_run_is_linked_and_taken_off_again(browser: Browser) -> None:
    client = Client(make_printer())
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    job = make_job()
    assert run is not None

    act(browser, "printrun", "relink", run.pk, answered="yes", job=job.pk)
    job.refresh_from_db()
    assert (job.state, job.match_reason) == (JobState.PRINTING, "linked by mia")
    act(browser, "printrun", "relink", run.pk, answered="yes", job="")

    job.refresh_from_db()
    assert job.state == JobState.READY


def test_a_printer_renamed_by_staff_keeps_its_name(browser: Browser) -> None:
    client = Client(make_printer("left"))

    browser.post(change_url(client.printer), {"name": "By the window", "is_enabled": "on"})
    client.says("idle", printer_name="P1S")

    assert client.printer.name == "By the window"


def test_a_new_key_is_shown_once_and_works(browser: Browser) -> None:
    page = browser.post(
        reverse("admin:printqueue_printerkey_add"), {"name": "Pi", "scopes": ["reports:write"], "all_printers": "on"}
    )

    found = re.search(r"pf_[0-9a-f]{8}_[\w-]{43}", page.content.decode())
    assert found is not None
    assert actor_of_key(found[0], timezone.now()).key == PrinterKey.objects.get()
    assert "no-store" in page["Cache-Control"]


def test_a_revoked_key_stops_working(browser: Browser) -> None:
    key, token = make_key()

    act(browser, "printerkey", "revoke", key.pk)

    assert PrinterKey.objects.all().matching(token, timezone.now()) is None
