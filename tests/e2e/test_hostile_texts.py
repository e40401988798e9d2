"""Whatever a file, a design or an error is called: it is shown as it is, and does nothing."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import QUEUE, prints
from tests.factories import make_job

EVIL = "\"><img src=x onerror=window.isBroken=1></script><script>window.isBroken=1</script>{{ 7*7 }}'"

EVIL_FILE = "<img src=x onerror=window.isBroken=1>.gcode"


@pytest.fixture
def evil_job(server):
    return make_job(design_name=EVIL, print_file_name=f"{EVIL}.gcode", customer_id="<b>me</b>", note=EVIL)


def assert_inert(page):
    assert page.evaluate("[window.isBroken ?? 0, document.querySelectorAll('main img, main script').length]") == [0, 0]


def test_on_the_list_in_the_tray_and_on_a_card(evil_job, left, stay):
    page = stay(QUEUE)

    prints(left, 1, file_name=EVIL_FILE)
    left.says("paused", after_seconds=0, run_key="1@1", progress=1, error_message=EVIL)

    expect(page.locator(".q-row .q-name")).to_have_text(EVIL)
    expect(page.locator(".tray-run .q-name")).to_have_text(EVIL_FILE)
    expect(page.locator(".printer-reason")).to_have_text(EVIL)
    page.locator(".tray-run select").select_option(label=f"{evil_job.code} {EVIL} · <b>me</b>")
    page.get_by_role("button", name="Link").click()
    expect(page.locator(".toasts")).to_contain_text(EVIL_FILE)
    assert_inert(page)


def test_on_the_page_of_a_job(evil_job, left, stay):
    page = stay(f"{QUEUE}{evil_job.pk}/")

    prints(left, 1, file_name=evil_job.print_file_name)
    left.says("failed", after_seconds=0, run_key="1@1", error_message=EVIL)

    expect(page.locator("h1")).to_contain_text(EVIL)
    expect(page.locator(".timeline .why").first).to_contain_text(EVIL)
    assert_inert(page)
