"""The page of a printer: GET /admin/print-queue/printers/{serial}/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue import periodic
from printqueue.models import Fact, FactKind, PrintRun
from printqueue.views.pages import printer as page
from printqueue.views.pages.shown_printer import ShownPrinter
from tests.factories import Client, listen, make_printer, make_staff
from tests.pages.conftest import LIST, ready_job, text_of

ADDRESS = f"{LIST}printers/left/"
NUMBERS = {"progress": 45.3, "layer": 41, "total_layers": 160, "remaining_seconds": 3120}


def look(now):
    """Do the worker's work beside a server that has listened for long."""
    listen(now)
    periodic.notice_stalls(now)


@pytest.fixture
def stalled(printer):
    """The client of a printer whose print has not moved for 25 minutes."""
    client = Client(printer, now=timezone.now() - timedelta(minutes=26))
    ready_job(design_name="Thumb ring", print_file_name="ring.gcode")
    for progress in (44, 45.3, *[45.3] * 100):
        numbers = {**NUMBERS, "progress": progress}
        client.says("printing", run_key="1@0", file_name="ring.gcode", after_seconds=15, **numbers)
    look(timezone.now())
    return client


def test_it_shows_what_is_on_the_printer_and_who_says_so(browser, beside):
    job = ready_job(design_name="Thumb ring", print_file_name="ring.gcode")
    warm = {"nozzle_c": 219.6, "nozzle_target_c": 220, "bed_c": 60.2, "bed_target_c": 60}
    beside.says("printing", run_key="a", file_name="ring.gcode", model="P1S", **NUMBERS, **warm)

    html = text_of(browser.get(ADDRESS))

    for text in ("Left P1S", "P1S", "left", "45.3", "52 min", "41/160", "220", "60", "Test client", f"{LIST}{job.pk}/"):
        assert text in html


def test_a_printer_that_never_reported_has_a_page_too(browser, printer):
    html = text_of(browser.get(ADDRESS))

    assert "Nothing has been printed on it yet" in html
    assert "Never" in html


def test_it_shows_its_prints_with_outcome_length_and_job(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1)
    beside.says("completed", run_key="a", after_seconds=1500, progress=100)
    beside.says("printing", run_key="b", file_name="vase.gcode", progress=1)
    beside.says("failed", run_key="b", error_code="0300", error_message="Spaghetti found")

    html = text_of(browser.get(ADDRESS))

    for text in (
        "ring.gcode",
        "Completed",
        "25 min",
        job.code,
        "vase.gcode",
        "Failed",
        "0300 Spaghetti found",
        "No job",
    ):
        assert text in html


def test_a_job_that_was_hidden_is_named_and_leads_nowhere(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1)
    beside.says("completed", run_key="a", progress=100)
    job.refresh_from_db()
    job.hide()

    html = text_of(browser.get(ADDRESS))

    assert job.code in html
    assert f'href="{LIST}{job.pk}/"' not in html


def test_of_many_prints_it_shows_the_last_fifty_in_as_many_queries_as_one(
    browser, printer, django_assert_max_num_queries
):
    ended = timezone.now() - timedelta(days=1)
    for number in range(60):
        PrintRun.objects.create(
            printer=printer, run_key=f"{number}@0", state="completed", file_name=f"ring-{number:02}.gcode",
            started_at=ended - timedelta(minutes=number), ended_at=ended,
        )  # fmt: skip

    with django_assert_max_num_queries(10):
        html = text_of(browser.get(ADDRESS))

    assert "The last 50" in html
    assert "ring-49.gcode" in html
    assert "ring-50.gcode" not in html


def test_it_shows_what_went_wrong_the_latest_first(browser, beside, printer):
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1)
    beside.says("paused", run_key="a", progress=2, error_message="Filament ran out")
    beside.says("failed", run_key="a", error_message="Nozzle clogged")
    run = PrintRun.objects.get()
    Fact.of(run, FactKind.NO_REPORTS, at=beside.now + timedelta(minutes=9), noticed_at=beside.now).save()

    troubles = browser.get(ADDRESS).context["troubles"]

    assert [(one.what, one.why) for one in troubles] == [
        ("Client offline while printing", ""),
        ("Failed", "Nozzle clogged"),
        ("Paused", "Filament ran out"),
    ]


@pytest.mark.parametrize("kind", [FactKind.OFFLINE, FactKind.NO_MOVEMENT, FactKind.PAUSED_TOO_LONG, FactKind.ERROR])
def test_a_trouble_looks_as_it_does_on_the_page_of_its_job(kind, browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1)
    Fact.of(PrintRun.objects.get(), kind, at=beside.now, noticed_at=beside.now).save()

    [trouble] = browser.get(ADDRESS).context["troubles"]
    lines = browser.get(f"{LIST}{job.pk}/").context["timeline"]

    assert trouble.badge == next(line.badge for line in lines if line.key.startswith("fact-"))


def test_it_shows_the_limits_and_which_of_them_are_its_own(browser, printer):
    printer.edit(still_minutes=90, paused_minutes=0)

    limits = browser.get(ADDRESS).context["limits"]

    assert [(limit.name, limit.text, limit.is_own) for limit in limits] == [
        ("Not heard", "5 min", False),
        ("No movement", "1 h 30 min", True),
        ("Paused", "never", True),
    ]


@pytest.mark.parametrize("address", [ADDRESS, f"{LIST}printers/", LIST])
def test_a_print_that_hangs_says_why_and_since_when(address, browser, stalled):
    html = text_of(browser.get(address))

    assert "Stalled" in html
    assert "no movement" in html
    assert "52 min" not in html  # what the printer thinks that remains


def test_the_page_of_its_job_says_so_too(browser, stalled):
    html = text_of(browser.get(f"{LIST}{PrintRun.objects.get().job_id}/"))

    assert "Stalled 45.3%" in html
    assert "Stalled: no movement for" in html
    assert "Look at the printer" in html


def test_a_client_that_is_away_is_said_with_the_time(browser, printer, settings):
    settings.TIME_ZONE = "UTC"
    client = Client(printer, now=timezone.now() - timedelta(minutes=10))
    client.says("printing", run_key="1@0", **NUMBERS)
    look(timezone.now())

    html = text_of(browser.get(ADDRESS))

    assert "Stalled: client offline since" in html
    assert "Last known" in html


def test_a_stall_changes_the_signature_by_which_open_pages_ask_for_a_new_card(stalled, printer):
    before = ShownPrinter(printer, timezone.now()).signature

    stalled.says("printing", run_key="1@0", file_name="ring.gcode", **{**NUMBERS, "progress": 46.0})

    assert ShownPrinter(type(printer).objects.get(), timezone.now()).signature != before


def test_htmx_gets_the_page_without_its_frame(htmx, printer):
    html = text_of(htmx.get(ADDRESS))

    assert html.lstrip().startswith('<div class="stack" id="printer-page"')
    assert "<html" not in html


@pytest.mark.parametrize("serial", ["nobody", "%00", "l%2Feft", "9" * 300])
def test_an_unknown_printer_is_not_found(serial, browser, printer):
    assert browser.get(f"{LIST}printers/{serial}/").status_code == 404


def test_a_hidden_printer_is_not_found(browser, printer):
    printer.is_enabled = False
    printer.save(update_fields=["is_enabled"])

    assert browser.get(ADDRESS).status_code == 404


def test_a_serial_may_hold_whatever_a_client_sends(browser):
    make_printer("room 2/left <b>?#%", name="Odd one")

    html = text_of(browser.get(LIST))

    address = f"{LIST}printers/room%202/left%20%3Cb%3E%3F%23%25/"
    assert f'href="{address}"' in html
    assert "room 2/left &lt;b&gt;?#%" in text_of(browser.get(address))


def test_who_may_not_change_printers_is_offered_nothing(browser, printer):
    assert "printer-edit" not in text_of(browser.get(ADDRESS))


def test_who_may_is_led_to_the_form(client, printer):
    client.force_login(make_staff(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")

    assert f'href="{ADDRESS}edit/"' in text_of(client.get(ADDRESS))
    assert page.MAY_EDIT == "printqueue.change_printer"
