"""Pages that are open while something happens elsewhere: they follow, and nobody loads them again."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from printqueue.estimating import estimate_active_runs
from tests.e2e.conftest import QUEUE, SPLINT, prints, row_of
from tests.factories import Client, make_printer


def test_percent_bar_and_time_of_a_row_move(job, left, stay):
    prints(left, 12.5)
    row = row_of(stay(QUEUE), job, "on-a-printer")
    expect(row.locator("[data-show=badge]")).to_have_text("Printing 12.5%")

    prints(left, 40)

    expect(row.locator("[data-show=badge]")).to_have_text("Printing 40.0%")
    expect(row.locator("progress")).to_have_js_property("value", 40)
    expect(row.locator("[data-show=remaining-left]")).to_have_text("1 h left")
    expect(row.locator(".fresh")).to_have_text("Updated just now")


def test_percent_bar_time_and_layer_of_a_jobs_page_move(job, left, stay):
    prints(left, 12.5)
    page = stay(f"{QUEUE}{job.pk}/")

    prints(left, 40)

    expect(page.locator("[data-show=figure]")).to_have_text("40.0%")
    expect(page.locator("[data-show=badge]")).to_have_text("Printing 40.0%")
    expect(page.locator("[data-show=bar] progress")).to_have_js_property("value", 40)
    expect(page.locator("[data-show=remaining]")).to_have_text("1 h")
    expect(page.locator("[data-show=layers]")).to_have_text("40/100")
    expect(page.locator(".hero .fresh")).to_have_text("(just now)")
    expect(page.locator(".hero")).not_to_contain_text("12.5")


def test_an_estimate_reaches_the_open_page(job, left, stay):
    left.now -= timedelta(minutes=50)
    for percent in range(0, 50, 2):
        prints(left, percent)
        left.now += timedelta(minutes=2)
    prints(left, 50)
    page = stay(f"{QUEUE}{job.pk}/")
    expect(page.locator("[data-show=sure]")).to_have_text("by the printer")

    estimate_active_runs(left.now)

    expect(page.locator("[data-show=sure]")).to_contain_text("±")
    expect(page.locator("[data-show=done] time")).to_be_visible()


def test_a_print_at_100_percent_that_goes_on_is_finishing(job, left, stay):
    prints(left, 99)
    page = stay(f"{QUEUE}{job.pk}/")

    prints(left, 100)

    expect(page.locator("[data-show=figure]")).to_have_text("Finishing")
    assert "100" not in page.locator(".hero").inner_text().replace("100/100", "")


def test_a_change_of_state_moves_a_row_to_another_group(job, left, stay):
    page = stay(QUEUE)
    expect(row_of(page, job, "ready")).to_be_visible()

    prints(left, 1)
    expect(row_of(page, job, "on-a-printer")).to_be_visible()
    expect(row_of(page, job, "ready")).to_have_count(0)

    left.says("failed", after_seconds=0, run_key="1@1")
    expect(row_of(page, job, "needs-a-person").locator("[data-show=badge]")).to_have_text("Failed 1.0%")


def test_the_end_shows_on_the_jobs_page_with_its_reason_and_time(job, left, stay):
    prints(left, 99)
    page = stay(f"{QUEUE}{job.pk}/")

    prints(left, 99, state="completed")

    expect(page.locator("[data-show=figure]")).to_have_text("Print Successful")
    expect(page.locator(".timeline li").first).to_contain_text("Completed")
    expect(page.locator("[data-show=bar] progress")).to_have_js_property("value", 100)


def test_a_print_nobody_asked_for_waits_in_the_tray_until_it_is_linked(job, left, stay):
    page = stay(QUEUE)
    expect(page.locator(".tray")).to_have_count(0)

    prints(left, 5, file_name="other.gcode")
    run = page.locator(".tray-run")
    expect(run).to_contain_text("other.gcode")
    run.locator("select").select_option(label=f"{job.code} Infinity Splint")
    run.get_by_role("button", name="Link").click()

    expect(page.locator(".toasts")).to_contain_text(f"belongs to {job.code}")
    expect(page.locator(".tray")).to_have_count(0)
    expect(row_of(page, job, "on-a-printer").locator("[data-show=badge]")).to_have_text("Printing 5.0%")


def test_an_edit_in_the_django_admin_reaches_the_open_page(job, stay, open_page):
    page = stay(QUEUE)
    admin = open_page()
    admin.goto(f"/admin/printqueue/printqueue/{job.pk}/change/")
    admin.get_by_label("Design:").fill("Resting Pan")
    admin.get_by_role("button", name="Save", exact=True).click()

    expect(row_of(page, job, "ready")).to_contain_text("Resting Pan")


def test_the_card_of_a_printer_follows_it(left, stay):
    page = stay(QUEUE)
    card = page.locator(".printer")
    expect(card.locator(".badge")).to_have_text("Offline")

    left.says("idle", after_seconds=0)
    expect(card.locator("[data-show=figure]")).to_have_text("Free")

    prints(left, 40)
    expect(card.locator("[data-show=figure]")).to_have_text("40.0%")
    expect(card).to_contain_text(SPLINT)
    expect(card).to_contain_text("By Test client")

    prints(left, 41.5)
    expect(card.locator("[data-show=figure]")).to_have_text("41.5%")
    expect(card.locator("[data-show=layers]")).to_have_text("42/100")

    left.says("offline", after_seconds=0)
    expect(card.locator(".badge")).to_have_text("Offline")
    expect(card).to_contain_text("last known")


def test_a_printer_that_reports_for_the_first_time_gets_a_card(server, stay):
    page = stay(QUEUE)
    expect(page.locator("#printers")).to_contain_text("No printer has reported yet")

    Client(make_printer("new", name="New One"), now=timezone.now()).says("idle", after_seconds=0)

    expect(page.locator(".printer")).to_contain_text("New One")
