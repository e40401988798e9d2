"""When the jobs that wait will be done, on the list and on their pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from printqueue.models import Printer, PrintQueue, PrintRun
from printqueue.templatetags import display
from printqueue.views.pages.foreseen import ahead, foreseen
from tests.factories import Client, make_printer
from tests.pages.conftest import LIST, ready_job, text_of, words_in

HOUR = 3600.0


def printed_before(file_key: str, seconds: float = HOUR, printer: Printer | None = None, days_ago: float = 1) -> None:
    """A completed run of the file, as it was measured."""
    ended_at = timezone.now() - timedelta(days=days_ago)
    PrintRun.objects.create(
        run_key=f"{file_key}{PrintRun.objects.count()}", state="completed", printer=printer, is_measured=True,
        started_at=ended_at, ended_at=ended_at, file_key=file_key, worked_seconds=seconds,
        marks="[null, null, null, null]", worth="{}",
    )  # fmt: skip


def hours_until_done(job: PrintQueue) -> float | None:
    now = timezone.now()
    done = foreseen(ahead(), Printer.objects.in_use(), now).get(job.pk)
    return None if done is None else (done.at - now).total_seconds() / HOUR


def cell(html: str, job: PrintQueue) -> str:
    """What the job's row says of its time."""
    found = re.search(rf'id="job-{job.pk}".*?<td class="q-eta"[^>]*>(.*?)</td>', html, re.DOTALL)
    assert found is not None
    return words_in(found[1])


@pytest.fixture
def idle(beside: Client) -> Client:
    """The client of a printer that is free."""
    beside.says("idle")
    return beside


CLOCK = r"(\w+ )?\d\d:\d\d"


def test_a_job_whose_file_was_printed_before_says_about_when_it_will_be_done(browser, idle):
    printed_before("ring")
    job = ready_job(print_file_name="ring.gcode")

    assert hours_until_done(job) == pytest.approx(1 + 5 / 60, abs=0.01)
    assert re.fullmatch(f"about {CLOCK}", cell(text_of(browser.get(LIST)), job))
    assert re.search(f"Done about {CLOCK}", words_in(text_of(browser.get(f"{LIST}{job.pk}/"))))


def test_the_slicers_figure_does_when_it_was_never_printed(idle):
    assert hours_until_done(ready_job(print_file_name="ring_PLA_2h0m.gcode")) == pytest.approx(2 + 5 / 60, abs=0.01)


def test_what_prints_usually_take_here_is_called_a_guess(browser, idle):
    for hours in (1, 2, 9):
        printed_before("other", hours * HOUR)
    job = ready_job(print_file_name="ring.gcode")

    assert hours_until_done(job) == pytest.approx(2 + 5 / 60, abs=0.01)
    assert cell(text_of(browser.get(LIST)), job).startswith("perhaps ")


def test_what_prints_usually_take_on_the_printer_that_is_wanted_says_more(idle):
    other = make_printer()
    for _ in range(3):
        printed_before("other", 9 * HOUR, other)
        printed_before("other", HOUR, idle.printer)

    assert hours_until_done(ready_job(wanted_printer=idle.printer)) == pytest.approx(1 + 5 / 60, abs=0.01)


def test_nothing_is_said_while_nothing_is_known(browser, idle):
    job = ready_job()

    assert hours_until_done(job) is None
    assert cell(text_of(browser.get(LIST)), job) == ""
    assert "Done about" not in text_of(browser.get(f"{LIST}{job.pk}/"))


def test_nothing_is_said_while_no_printer_is_heard(printer):
    printed_before("ring")

    assert hours_until_done(ready_job(print_file_name="ring.gcode")) is None


def test_a_job_waits_for_the_print_on_its_printer_and_its_further_copies(beside):
    printed_before("ring")
    first = ready_job(print_file_name="ring.gcode", copies=3, wanted_printer=beside.printer)
    beside.says("printing", run_key="1@0", file_name="ring.gcode", progress=10.0, remaining_seconds=1800)
    second = ready_job(print_file_name="ring.gcode", wanted_printer=beside.printer)

    first.refresh_from_db()
    assert first.is_active
    assert hours_until_done(second) == pytest.approx(0.5 + 3 * (1 + 5 / 60), abs=0.02)


def test_a_job_that_will_be_done_after_it_is_due_says_by_how_much(browser, idle):
    printed_before("ring", 5 * HOUR)
    job = ready_job(print_file_name="ring.gcode", due_at=timezone.now() + timedelta(hours=2))

    assert re.fullmatch(f"about {CLOCK} due {CLOCK} late by 3 h", cell(text_of(browser.get(LIST)), job))
    assert "late by 3 h" in text_of(browser.get(f"{LIST}{job.pk}/"))


def test_a_search_says_what_the_whole_queue_lets_expect(browser, idle):
    printed_before("ring")
    first, second = (ready_job(print_file_name="ring.gcode", design_name=name) for name in ("One", "Two"))

    whole, found = text_of(browser.get(LIST)), text_of(browser.get(LIST, {"q": "Two"}))

    assert first.code not in found
    assert cell(found, second) == cell(whole, second) != cell(whole, first)


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, 0), (1, 5), (5, 5), (59, 60), (61, 70), (70, 70), (71, 80)],
)
def test_a_finish_is_said_no_more_exactly_than_it_is_known(minutes, shown):
    now = datetime(2026, 11, 25, 12, tzinfo=timezone.get_default_timezone())

    assert display.roughly(now + timedelta(minutes=minutes), now) == now + timedelta(minutes=shown)
