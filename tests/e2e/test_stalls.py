"""A print that hangs: open pages learn of it, say why, and see it go on."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from printqueue import periodic
from printqueue.models import PrintQueue
from tests.e2e.conftest import DESK, QUEUE, TOUCH, go
from tests.e2e.layout import layout_faults
from tests.factories import Client, listen, make_job, make_printer

NUMBERS = {"layer": 41, "total_layers": 160, "remaining_seconds": 3120}
FINGER_PX = 44


@pytest.fixture
def stuck(server):
    """The client of a print that has not moved for half an hour, and that nobody looked at yet."""
    make_job(design_name="Thumb ring", print_file_name="ring.gcode")
    client = Client(make_printer("left", name="Left P1S"), now=timezone.now() - timedelta(minutes=31))
    for progress in (45.0, *[45.3] * 60):
        client.says("printing", after_seconds=30, run_key="1@0", file_name="ring.gcode", progress=progress, **NUMBERS)
    return client


def look():
    """Do the worker's work; the server has listened for long."""
    now = timezone.now()
    listen(now)
    periodic.notice_stalls(now)


def test_a_stall_comes_and_goes_on_every_open_page(stuck, open_page):
    queue = go(open_page())
    queue.locator(".printer-name a").click()
    printer = queue.context.new_page()
    go(printer, f"{QUEUE}printers/left/")
    queue.go_back()
    job = queue.context.new_page()
    go(job, f"{QUEUE}{PrintQueue.objects.get().pk}/")
    expect(job.locator("h1 .badge")).to_have_text("Printing 45.3%")

    look()

    expect(queue.locator(".q-row .badge")).to_have_text("Stalled 45.3%")
    expect(queue.locator(".q-stall")).to_contain_text("no movement for")
    expect(queue.locator("article .badge")).to_have_text("Stalled")
    expect(job.locator("h1 .badge")).to_have_text("Stalled 45.3%")
    expect(job.locator("#stall")).to_contain_text("Stalled: no movement for")
    expect(printer.locator("#stall")).to_contain_text("Stalled: no movement for")
    expect(printer.locator(".runs .badge")).to_have_text("Stalled 45.3%")

    stuck.says("printing", run_key="1@0", file_name="ring.gcode", progress=46.0, **NUMBERS)

    expect(queue.locator(".q-row .badge")).to_have_text("Printing 46.0%")
    expect(queue.locator("article .badge")).to_have_text("Printing")
    for page in (job, printer):
        expect(page.locator("#stall")).to_have_count(0)
        expect(page.locator(".figure")).to_have_text("46.0%")


def test_a_page_of_a_stalled_print_is_not_fetched_again_with_each_report(stuck, open_page):
    look()
    page = go(open_page(), f"{QUEUE}printers/left/")
    expect(page.locator("h1 .badge")).to_have_text("Stalled")
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if request.headers.get("hx-request") else None)

    for nozzle_c in (200, 201, 202):
        stuck.says("printing", run_key="1@0", file_name="ring.gcode", progress=45.3, nozzle_c=nozzle_c, **NUMBERS)
        page.wait_for_function(
            "revision => document.querySelector('article').dataset.revision === revision",
            arg=str(stuck.printer.revision),
        )

    assert fetched == []


def test_what_hangs_fits_the_desk_and_the_touch_screen(stuck, staff, open_page):
    stuck.printer.edit(name="W" * 80)
    look()
    page = open_page()
    faults = []

    for address in (QUEUE, f"{QUEUE}printers/left/", f"{QUEUE}printers/left/edit/"):
        page.goto(address)
        for size, finger_px in ((DESK, 0), (TOUCH, FINGER_PX)):
            page.set_viewport_size({"width": size["width"], "height": 4000})
            faults += layout_faults(page, finger_px=finger_px)

    assert "\n".join(faults) == ""
