"""Pages that move by themselves, in a real browser on a real server."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from printqueue.models import Printer, PrintQueue, Who
from tests.e2e.conftest import TOUCH
from tests.factories import Client, make_job, make_printer

MOVED_MS = 6_000
"""Three times what is promised: two seconds."""

LOST_MS = 20_000
FOUND_MS = 24_000

LIST = "/admin/print-queue/"

# A checkbox has its label for a target; what is for screen readers alone nobody has to hit.
TOO_SMALL = """() => [...document.querySelectorAll("a, button, select, summary, input:not([type=hidden], [type=checkbox])")]
  .filter((element) => !element.closest(".sr-only, .skip-link") && element.checkVisibility())
  .filter((element) => { const box = element.getBoundingClientRect(); return box.width < 44 || box.height < 44; })
  .map((element) => element.outerHTML)"""


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


def test_the_percent_moves_without_a_reload(page, printing, client_beside):
    open_live(page, f"{LIST}{printing.pk}/")
    page.evaluate("window.isSamePage = true")

    client_beside.says("printing", run_key="r1", progress=45.34, remaining_seconds=500, layer=2, total_layers=9)

    hero = page.locator(".hero")
    expect(hero.locator(".figure")).to_have_text("45.3%", timeout=MOVED_MS)
    expect(hero.get_by_text("2/9")).to_be_visible()
    expect(hero.get_by_text("9 min")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_the_end_of_a_print_shows_by_itself(page, printing, client_beside):
    open_live(page, f"{LIST}{printing.pk}/")

    client_beside.says("completed", run_key="r1", progress=100.0)

    expect(page.get_by_text("Print Successful")).to_be_visible(timeout=MOVED_MS)


def test_finishing_never_shows_one_hundred_percent(page, printing, client_beside):
    open_live(page, f"{LIST}{printing.pk}/")

    client_beside.says("printing", run_key="r1", progress=100.0)

    expect(page.locator(".hero .figure")).to_have_text("Finishing", timeout=MOVED_MS)
    assert "100" not in page.locator("main").inner_text()


def test_the_card_of_the_printer_moves(page, printing, client_beside):
    open_live(page, LIST)

    client_beside.says("printing", run_key="r1", progress=45.3, remaining_seconds=500, layer=2)

    card = page.locator("article.printer")
    expect(card.locator(".figure")).to_have_text("45.3%", timeout=MOVED_MS)
    expect(page.locator(f"#job-{printing.pk} .badge")).to_have_text("Printing 45.3%", timeout=MOVED_MS)


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


@pytest.mark.parametrize("path", ["", "?tab=history", "{job}/", "{job}/edit/", "{job}/cancel/", "new/"])
def test_a_page_fits_the_touch_screen_and_a_finger(path, open_page, printing):
    make_job(now=timezone.now(), design_name="A long name " * 12, print_file_name="x" * 250)
    page = open_page(viewport=TOUCH)

    page.goto(LIST + path.format(job=printing.pk))

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TOO_SMALL) == []


def test_a_second_tab_shares_the_stream_and_misses_nothing(page, printing, client_beside):
    open_live(page, f"{LIST}{printing.pk}/")
    second = page.context.new_page()
    open_live(second, LIST)

    client_beside.says("printing", run_key="r1", progress=45.3)

    for tab in (page, second):
        expect(tab.get_by_text("Printing 45.3%").first).to_be_visible(timeout=MOVED_MS)


def test_a_server_that_was_killed_is_said_to_be_lost_and_the_page_heals(page, printing, client_beside, server):
    open_live(page, f"{LIST}{printing.pk}/")

    server.kill()
    expect(page.locator("body")).to_have_attribute("data-live", "lost", timeout=LOST_MS)
    expect(page.locator("#live")).to_contain_text("Live updates lost since")
    client_beside.says("printing", run_key="r1", progress=77.7)
    server.start()

    expect(page.locator("body")).to_have_attribute("data-live", "live", timeout=FOUND_MS)
    expect(page.locator(".hero .figure")).to_have_text("77.7%", timeout=MOVED_MS)


def test_a_fragment_that_could_not_be_fetched_is_fetched_once_the_server_answers(page, printing):
    open_live(page, f"{LIST}{printing.pk}/")
    page.route(f"**{LIST}{printing.pk}/", lambda route: route.abort(), times=1)

    printing.cancel(by=Who(), now=timezone.now())

    expect(page.locator("h1 .badge")).to_have_text("Cancelled", timeout=MOVED_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=FOUND_MS)


def test_ages_are_right_in_a_browser_whose_clock_is_an_hour_ahead(page, printing):
    page.add_init_script("{ const now = Date.now; Date.now = () => now() + 3_600_000; }")

    open_live(page, f"{LIST}{printing.pk}/")

    page.wait_for_function("document.querySelector('.hero .fresh').dataset.age !== 'hours'")
    expect(page.locator(".hero .fresh")).to_have_text("(just now)")


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


def test_times_are_the_viewers_from_the_first_page_on(open_page, printing):
    page = open_page(timezone_id="Asia/Kolkata")

    page.goto(f"{LIST}{printing.pk}/")

    started = timezone.localtime(printing.started_at, timezone.get_fixed_timezone(330))
    expect(page.locator(".hero-under")).to_contain_text(f"since {started:%H:%M}")
    page.reload()
    expect(page.locator(".hero-under")).to_contain_text(f"since {started:%H:%M}")


def test_whoever_logs_out_elsewhere_is_offered_to_log_in(page, printing, staff):
    open_live(page, f"{LIST}{printing.pk}/")

    staff.is_active = False
    staff.save()

    expect(page.get_by_role("link", name="Log in")).to_be_visible(timeout=3 * 35_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_for_people_who_cannot_see_it(open_page, printing, serious_violations, scheme):
    ready, ended = make_job(now=timezone.now(), rush=True), make_job(now=timezone.now())
    ended.cancel(by=Who(), now=timezone.now())
    # axe-core writes inline styles, which our policy stops.
    page = open_page(color_scheme=scheme, bypass_csp=True)
    jobs = [f"{LIST}{job.pk}/" for job in (printing, ready, ended)]
    forms = [f"{LIST}new/", f"{LIST}{ready.pk}/start/", f"{LIST}{ready.pk}/cancel/", "/admin/password_change/"]

    for address in (LIST, f"{LIST}?tab=history", f"{LIST}?q=nothing", *jobs, *forms, f"{LIST}99999999/"):
        page.goto(address)
        assert serious_violations(page) == [], address
