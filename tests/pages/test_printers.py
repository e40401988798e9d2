"""The banner: GET /admin/print-queue/printers/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.models import Printer
from printqueue.views.pages.shown_printer import ShownPrinter
from tests.factories import Client, make_printer
from tests.pages.conftest import LIST, ready_job, text_of

PRINTERS = f"{LIST}printers/"


def test_a_card_tells_all_that_is_known_of_a_print(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    details = {"progress": 45.3, "remaining_seconds": 3120, "layer": 41, "total_layers": 160}
    beside.says("printing", run_key="a", file_name="ring.gcode", **details)

    html = text_of(browser.get(PRINTERS))

    for text in ("Left P1S", "45.3", "52 min", "41/160", job.code, "ring.gcode", "By Test client", "Printing"):
        assert text in html


def test_a_room_without_printers_says_how_they_come(browser):
    assert "No printer has reported yet" in text_of(browser.get(PRINTERS))


def test_a_hidden_printer_has_no_card(browser):
    make_printer(name="Old one", is_enabled=False)

    assert "Old one" not in text_of(browser.get(PRINTERS))


def test_a_printer_not_heard_for_a_minute_does_not_look_live(browser, printer):
    Client(printer, now=timezone.now() - timedelta(seconds=90)).says("printing", run_key="a", progress=71.8)

    html = text_of(browser.get(PRINTERS))

    assert "Offline" in html
    assert "not heard for" in html
    assert "last known" in html


def test_an_offline_printer_says_since_when(browser, beside):
    beside.says("offline")

    html = text_of(browser.get(PRINTERS))

    assert "Offline" in html
    assert "since" in html
    assert "data-off" in html


@pytest.mark.parametrize(
    ("state", "figure"),
    [("idle", "Free"), ("preparing", "Heating"), ("completed", "Done"), ("cancelled", "Stopped"), ("failed", "Failed")],
)
def test_a_printer_without_a_percent_shows_a_word(state, figure, beside):
    beside.says("printing", run_key="a", progress=30.0)
    beside.says(state, run_key="a", progress=100.0)

    assert ShownPrinter(beside.printer, timezone.now()).figure == figure


def test_one_hundred_percent_while_printing_is_finishing(beside):
    beside.says("printing", run_key="a", progress=100.0)

    assert ShownPrinter(beside.printer, timezone.now()).figure == "Finishing"


def test_a_print_that_stands_still_says_why(browser, beside):
    beside.says("paused", run_key="a", progress=62.0, error_code="0700", error_message="Filament ran out, slot 2")

    assert "Filament ran out, slot 2" in text_of(browser.get(PRINTERS))


def test_a_plain_step_of_progress_leaves_the_signature_as_it_was(beside):
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=30.0)
    before = signature(beside.printer)

    beside.says("printing", run_key="a", file_name="ring.gcode", progress=31.0)

    assert signature(beside.printer) == before
    beside.says("paused", run_key="a", file_name="ring.gcode", progress=31.0)
    assert signature(beside.printer) != before


def signature(printer: Printer) -> str:
    return ShownPrinter(printer, timezone.now()).signature
