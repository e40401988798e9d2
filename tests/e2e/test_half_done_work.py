"""What a viewer does on a page that moves by itself: nothing half done is taken away, nothing done goes unanswered."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from printqueue.models import Printer, PrintQueue, Who
from tests.factories import Client, make_job, make_printer

MOVED_MS = 6_000
"""Three times what is promised: two seconds."""

FOUND_MS = 24_000

LIST = "/admin/print-queue/"


@pytest.fixture
def printer(transactional_db: None) -> Printer:
    return make_printer("left", name="Left")


@pytest.fixture
def client_beside(printer: Printer) -> Client:
    """The printer client, whose reports are from now."""
    return Client(printer, now=timezone.now() - timedelta(seconds=30))


@pytest.fixture
def printing(client_beside: Client) -> PrintQueue:
    """A job at 40 % on the printer."""
    job = make_job(print_file_name="ring.gcode", design_name="Ring")
    client_beside.says("printing", run_key="r1", file_name="ring.gcode", progress=40.0, remaining_seconds=600, layer=1)
    job.refresh_from_db()
    return job


def open_live(page: Page, address: str) -> None:
    """Open a page and wait until its stream is open."""
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-live", "live", timeout=MOVED_MS)


def test_a_new_job_joins_the_list_and_half_typed_search_stays(page, printing):
    open_live(page, LIST)
    page.locator("#q").focus()
    page.keyboard.type("Ri")

    made = make_job(design_name="Ringlet", now=timezone.now())

    expect(page.locator(f"#job-{made.pk}")).to_be_visible(timeout=MOVED_MS)
    expect(page.locator("#q")).to_have_value("Ri")
    expect(page.locator("#q")).to_be_focused()


def test_an_unmatched_print_joins_the_tray_and_a_choice_made_there_stays(page, client_beside):
    wanted = make_job(print_file_name="wanted.gcode")
    client_beside.says("printing", run_key="r1", file_name="other.gcode", progress=1.0)
    open_live(page, LIST)
    choice = page.get_by_label("Job of other.gcode")
    choice.select_option(str(wanted.pk))

    make_job(now=timezone.now(), rush=True)

    expect(choice.locator("option")).to_have_count(3, timeout=MOVED_MS)
    expect(choice).to_have_value(str(wanted.pk))
    page.get_by_role("button", name="Link").click()
    expect(page.locator(f"#job-{wanted.pk} .badge")).to_have_text("Printing 1.0%", timeout=MOVED_MS)


def test_an_open_menu_stays_open_while_the_page_moves(page, printing, client_beside):
    open_live(page, f"{LIST}{printing.pk}/")
    page.get_by_text("More").click()

    client_beside.says("paused", run_key="r1", progress=41.0)

    expect(page.locator("h1 .badge")).to_have_text("Paused 41.0%", timeout=MOVED_MS)
    expect(page.get_by_role("link", name="Print again")).to_be_visible()


def test_moving_a_job_keeps_the_page_and_the_focus(page):
    first, second = make_job(now=timezone.now()), make_job(now=timezone.now())
    open_live(page, LIST)
    page.evaluate("window.isSamePage = true")

    page.get_by_label(f"Move {first.code} down").click()

    expect(page.locator(".q-row .q-code").first).to_have_text(second.code, timeout=MOVED_MS)
    expect(page.get_by_role("status").get_by_text(f"{first.code} moved down.")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_focus_stays_on_a_button_whose_row_is_fetched_anew(page):
    jobs = [make_job(now=timezone.now()) for _ in range(3)]
    open_live(page, LIST)
    button = page.get_by_label(f"Move {jobs[0].code} down")

    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".q-row .q-code").nth(1)).to_have_text(jobs[0].code, timeout=MOVED_MS)
    expect(button).to_be_focused()


def test_search_narrows_the_list_while_one_types_and_events_do_not_widen_it(page):
    found, other = make_job(design_name="Spiral", now=timezone.now()), make_job(now=timezone.now())
    open_live(page, LIST)

    page.locator("#q").press_sequentially("spira")

    expect(page.locator(f"#job-{other.pk}")).to_have_count(0)
    second = make_job(design_name="Spiral two", now=timezone.now())
    expect(page.locator(f"#job-{second.pk}")).to_be_visible(timeout=MOVED_MS)
    expect(page.locator(".q-row")).to_have_count(2)
    assert "q=spira" in page.url
    assert page.locator(f"#job-{found.pk}").is_visible()


def test_a_verb_without_an_answer_is_said_to_have_failed(page):
    job = make_job(now=timezone.now())
    other = make_job(now=timezone.now())
    open_live(page, LIST)
    page.route("**/down/", lambda route: route.abort())

    page.get_by_label(f"Move {job.code} down").click()

    expect(page.get_by_text("The server did not answer.")).to_be_visible()
    assert other.is_enabled


def test_a_fragment_that_could_not_be_fetched_is_fetched_once_the_server_answers(page, printing):
    open_live(page, f"{LIST}{printing.pk}/")
    page.route(f"**{LIST}{printing.pk}/", lambda route: route.abort(), times=1)

    printing.cancel(by=Who(), now=timezone.now())

    expect(page.locator("h1 .badge")).to_have_text("Cancelled", timeout=MOVED_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=FOUND_MS)


def test_a_printer_that_falls_silent_stops_looking_live_by_itself(page, client_beside):
    make_job(print_file_name="ring.gcode")
    client_beside.now = timezone.now() - timedelta(seconds=60)
    client_beside.says("printing", run_key="r1", file_name="ring.gcode", progress=40.0)
    open_live(page, LIST)
    card = page.locator("article.printer")
    expect(card.locator(".badge")).to_have_text("Printing")

    expect(card.locator(".badge")).to_have_text("Offline", timeout=3 * 20_000)
    expect(page.locator(".q-row .badge")).to_have_text("Offline 40.0%", timeout=MOVED_MS)

    client_beside.now = timezone.now()
    client_beside.says("printing", run_key="r1", progress=41.0)
    expect(card.locator(".figure")).to_have_text("41.0%", timeout=MOVED_MS)


@pytest.mark.slow  # the server looks at each session every half a minute
def test_whoever_logs_out_elsewhere_is_offered_to_log_in(page, printing, staff):
    open_live(page, f"{LIST}{printing.pk}/")

    staff.is_active = False
    staff.save()

    expect(page.get_by_role("link", name="Log in")).to_be_visible(timeout=3 * 35_000)
