"""The admin mends data by the same methods as everything else."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib import admin as site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from printqueue.access import actor_of_key
from printqueue.admin_kinds import Asking
from printqueue.models import Busy, JobState, Printer, PrinterKey, PrintQueue, PrintRun, Who
from printqueue.models.locks import Moved
from tests.factories import NOW, Client, make_job, make_key, make_printer, make_staff

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


def before_saving(monkeypatch: pytest.MonkeyPatch, event: Callable[[], object]) -> None:
    """Let `event` happen whenever the form of a job was checked and its save is about to begin."""
    jobs = site.site._registry[PrintQueue]
    save = jobs.save_model
    monkeypatch.setattr(jobs, "save_model", lambda *arguments: (event(), save(*arguments)))


def act(browser: Browser, model: str, action: str, row_pk: int, **fields: object) -> str:
    url = reverse(f"admin:printqueue_{model}_changelist")
    answer = {"action": action, "_selected_action": [row_pk], **fields}
    page = browser.post(url, answer)
    assert page.status_code in (200, 302)
    return page.content.decode()


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


@pytest.mark.django_db(transaction=True)
def test_a_save_that_could_not_get_its_locks_starts_again(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job()
    tries = iter(range(4))

    def meet_another() -> None:
        if next(tries) < 2:
            raise Moved

    before_saving(monkeypatch, meet_another)
    browser.post(change_url(job), form_of(job, note="new"))

    job.refresh_from_db()
    assert (job.note, LogEntry.objects.count()) == ("new", 1)


@pytest.mark.django_db(transaction=True)
def test_a_save_that_never_gets_its_locks_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job()

    def meet_another() -> None:
        raise Moved

    before_saving(monkeypatch, meet_another)
    page = browser.post(change_url(job), form_of(job, note="new"), follow=True)

    assert (page.status_code, page.request["PATH_INFO"]) == (200, change_url(job))
    assert "Nothing was saved. The database is busy." in page.content.decode()


def test_hiding_a_job_whose_print_begins_meanwhile_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job()
    before_saving(monkeypatch, lambda: PrintQueue.objects.get(pk=job.pk).start(by=Who(), now=NOW))

    page = browser.post(change_url(job), {**form_of(job), "is_enabled": ""}, follow=True)

    job.refresh_from_db()
    assert job.is_enabled
    assert "Nothing was saved. Cannot hide: it is printing." in page.content.decode()


def test_fewer_copies_than_are_printed_meanwhile_are_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(copies=3)
    client = Client(make_printer())
    before_saving(monkeypatch, lambda: [client.put(job, percent) for percent in (100, 5, 100)])

    page = browser.post(change_url(job), form_of(job, copies=1), follow=True)

    assert "Nothing was saved. Expected at least 3: 2 are printed already." in page.content.decode()


@pytest.mark.parametrize("refusal", [Busy("Try again."), ValidationError(["Try", "again."])], ids=type)
def test_what_refuses_an_action_is_told_in_plain_words(staff: User, refusal: Exception) -> None:
    job = make_job()
    request = RequestFactory().post("/")
    request.user = staff
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]

    def refuse(row: PrintQueue) -> None:
        raise refusal

    jobs = site.site._registry[PrintQueue]
    assert isinstance(jobs, Asking)
    jobs.do(request, [job], "Hidden", refuse)

    assert [str(message) for message in get_messages(request)] == [f"{job}: Try again."]


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
    assert job.state == JobState.PRINTING
    assert re.fullmatch(r"linked by mia at \d\d:\d\d", job.match_reason)
    act(browser, "printrun", "relink", run.pk, answered="yes", job="")

    job.refresh_from_db()
    assert job.state == JobState.READY


def test_a_run_is_set_aside_as_not_ours_and_brought_back(browser: Browser, staff: User) -> None:
    run = Client(make_printer()).says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    assert run is not None

    act(browser, "printrun", "not_ours", run.pk)
    run.refresh_from_db()
    assert run.not_ours_by == staff
    act(browser, "printrun", "ours", run.pk)

    run.refresh_from_db()
    assert run.not_ours_at is None


def test_a_run_is_offered_its_own_job_and_those_of_these_days(browser: Browser) -> None:
    now, long_ago = timezone.now(), timezone.now() - timedelta(hours=25)
    own, old, new, ready = (make_job() for _ in range(4))
    run = Client(make_printer(), now=long_ago).says("completed", run_key="1@0", file_name="own.gcode").run
    assert run is not None
    own.link(run, by=Who(), now=long_ago)
    old.cancel(by=Who(), now=long_ago)
    new.cancel(by=Who(), now=now)

    page = act(browser, "printrun", "relink", run.pk)

    offered = [int(pk) for pk in re.findall(r'<option value="(\d+)"', page)]
    assert offered == [ready.pk, new.pk, own.pk]


def test_a_printer_renamed_by_staff_keeps_its_name(browser: Browser) -> None:
    client = Client(make_printer("left"))

    browser.post(change_url(client.printer), {"name": "By the window", "is_enabled": "on"})
    client.says("idle", printer_name="P1S")

    assert client.printer.name == "By the window"


def test_an_emptied_name_of_a_printer_is_its_clients_to_give_again(browser: Browser) -> None:
    client = Client(make_printer("left", name="By the window", is_named_by_staff=True))

    browser.post(change_url(client.printer), {"name": "", "is_enabled": "on"})
    client.says("idle", printer_name="P1S")

    assert client.printer.name == "P1S"


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


def test_saving_the_page_of_a_run_takes_back_no_report_that_came_meanwhile(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(make_printer())
    client.says("printing", run_key="1@0", progress=1)
    run, runs = PrintRun.objects.get(), site.site._registry[PrintRun]
    save = runs.save_model
    monkeypatch.setattr(
        runs, "save_model", lambda *args: (client.says("printing", run_key="1@0", progress=2), save(*args))
    )

    browser.post(reverse("admin:printqueue_printrun_change", args=[run.pk]), INLINES)

    run.refresh_from_db()
    assert run.progress == 2
