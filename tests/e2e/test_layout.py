"""At a desk and on the touch screen beside the printers: nothing is cut, nothing overlaps, a finger hits what it aims at."""

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from tests.e2e.conftest import DESK, QUEUE, TOUCH, go
from tests.e2e.every_page import visit_all
from tests.e2e.layout import layout_faults
from tests.e2e.shop import open_shop
from tests.factories import make_job

FINGER_PX = 44


@pytest.fixture
def complaints():
    """What the browser's console said as an error."""
    return []


@pytest.fixture
def page_of_size(open_page, complaints):
    """`page_of_size(TOUCH)`: a page so wide, and so high that all of it is seen at once."""

    def opened(size):
        page = open_page(viewport=ViewportSize(width=size["width"], height=4000))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        return page

    return opened


@pytest.mark.parametrize(("size", "finger"), [(DESK, 0), (TOUCH, FINGER_PX)], ids=["desk", "touch"])
def test_every_page_fits(size, finger, staff, page_of_size, complaints):
    page = page_of_size(size)
    shop = open_shop(timezone.now(), staff)

    found = {name: layout_faults(page, finger_px=finger) for name in visit_all(page, shop)}

    assert {name: faults for name, faults in found.items() if faults} == {}
    assert [text for text in complaints if "404" not in text] == []


@pytest.mark.parametrize("size", [DESK, TOUCH, {"width": 390}], ids=["desk", "touch", "phone"])
def test_the_longest_texts_do_not_break_the_list(size, server, page_of_size):
    make_job(design_name="W" * 200, print_file_name="w" * 250 + ".3mf", customer_id="W" * 20, note="w" * 500, rush=True)

    page = go(page_of_size(size))

    assert layout_faults(page) == []
    page.locator(".q-code a").click()
    expect(page.locator("h1")).to_contain_text("WWW")
    assert layout_faults(page) == []


def test_an_open_menu_is_whole_on_the_touch_screen(server, open_page):
    page = go(open_page(viewport=TOUCH))
    page.locator(".app-header summary").click()
    expect(page.get_by_role("button", name="Log out")).to_be_in_viewport(ratio=1)

    job = make_job()
    page.goto(f"{QUEUE}{job.pk}/")
    page.locator("#job-more summary").click()
    expect(page.get_by_role("button", name="Hide")).to_be_in_viewport(ratio=1)
