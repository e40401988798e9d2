"""A browser without JavaScript: nothing moves by itself, and everything can be done."""

from playwright.sync_api import expect

from tests.e2e.conftest import QUEUE


def test_without_javascript_a_job_is_made_started_and_cancelled(left, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(QUEUE)
    page.get_by_role("link", name="New job").first.click()
    page.get_by_label("Design").fill("Buddy Ring")
    page.get_by_label("Print file").fill("ring.gcode")
    page.get_by_role("button", name="Put into the queue").click()
    expect(page.locator("h1")).to_contain_text("Ready")

    page.get_by_role("link", name="Start…").click()
    page.get_by_label("Printer").select_option(label="Left P1S")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("h1")).to_contain_text("Printing")

    page.get_by_role("link", name="Cancel…").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1")).to_contain_text("Cancelled")
    expect(page.locator(".timeline")).to_contain_text("staff")
