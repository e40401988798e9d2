"""What a viewer does on a page that moves by itself: nothing half done is taken away."""

from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import QUEUE, go, prints
from tests.factories import make_job


def test_a_half_typed_search_stays_when_a_job_joins_the_list(server, page):
    go(page).locator("#q").focus()
    page.keyboard.type("Ri")

    made = make_job(design_name="Ringlet", now=timezone.now())

    expect(page.locator(f"#job-{made.pk}")).to_be_visible()
    expect(page.locator("#q")).to_have_value("Ri")
    expect(page.locator("#q")).to_be_focused()


def test_search_narrows_the_list_while_one_types_and_events_do_not_widen_it(job, page):
    go(page)
    page.locator("#q").press_sequentially("spira")
    expect(page.locator(".q-row")).to_have_count(0)

    make_job(now=timezone.now())
    found = make_job(design_name="Spiral", now=timezone.now())

    expect(page.locator(".q-row .q-code")).to_have_text([found.code])
    assert "q=spira" in page.url


def test_a_choice_made_in_the_tray_stays_when_jobs_come(job, left, page):
    prints(left, 1, file_name="other.gcode")
    choice = go(page).get_by_label("Job of other.gcode")
    choice.select_option(str(job.pk))

    make_job(now=timezone.now(), rush=True)

    expect(choice.locator("option")).to_have_count(3)
    expect(choice).to_have_value(str(job.pk))


def test_an_open_menu_stays_open_while_the_page_moves(job, left, page):
    prints(left, 40)
    go(page, f"{QUEUE}{job.pk}/").locator("#job-more summary").click()

    prints(left, 41, state="paused")

    expect(page.locator("h1 .badge")).to_have_text("Paused 41.0%")
    expect(page.get_by_role("link", name="Print again")).to_be_visible()


def test_a_button_keeps_the_focus_when_its_row_moves(server, stay):
    first, second, _third = (make_job(now=timezone.now()) for _ in range(3))
    page = stay(QUEUE)
    down = page.get_by_label(f"Move {first.code} down")

    down.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".q-row .q-code").first).to_have_text(second.code)
    expect(page.get_by_role("status").get_by_text(f"{first.code} moved down.")).to_be_visible()
    expect(down).to_be_focused()
