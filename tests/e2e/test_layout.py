"""At a desk and on the touch screen beside the printers: nothing is cut, nothing overlaps, a finger hits what it aims at."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from printqueue.models import AlertState, FactKind
from tests.e2e.alerted import inform
from tests.e2e.conftest import DESK, QUEUE, TOUCH, go, prints
from tests.e2e.every_page import visit_all
from tests.e2e.layout import layout_faults
from tests.e2e.shop import open_shop, outlive
from tests.factories import make_alert, make_fact, make_job, make_printer, make_rule, make_target

FINGER_PX = 44
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def complaints():
    """What the browser's console said as an error, but for the one page that is not there."""
    return []


@pytest.fixture
def page(page, complaints):
    """A desktop page whose console is heard."""
    page.on("console", lambda message: message.type == "error" and complaints.append(f"{message.text} {page.url}"))
    return page


def faults_at(page, size, finger_px=0):
    """What is wrong at this width, on a screen so high that all of the page is seen at once."""
    page.set_viewport_size(ViewportSize(width=size["width"], height=4000))
    return layout_faults(page, finger_px=finger_px)


def test_every_page_fits_the_desk_and_the_touch_screen(staff, page, complaints):
    shop = open_shop(timezone.now(), staff)

    found = {name: faults_at(page, DESK) + faults_at(page, TOUCH, FINGER_PX) for name in visit_all(page, shop, staff)}

    assert {name: faults for name, faults in found.items() if faults} == {}
    assert [text for text in complaints if "999999" not in text] == []


def test_a_print_that_ends_on_another_day_fits(job, left, page):
    left.says(
        "printing", run_key="1@1", file_name=job.print_file_name, progress=99.94, remaining_seconds=100_000,
        layer=9_998, total_layers=9_999,
    )  # fmt: skip

    go(page)
    expect(page.locator(".q-eta strong")).to_have_text(re.compile(r"\w+ \d\d:\d\d"))

    assert [faults_at(page, DESK), faults_at(page, TOUCH, FINGER_PX), faults_at(page, PHONE)] == 3 * [[]]


def test_the_longest_texts_widen_no_page(server, page):
    make_job(design_name="W" * 200, print_file_name="w" * 250 + ".3mf", customer_id="W" * 20, note="w" * 500, rush=True)

    go(page)
    on_list = [faults_at(page, size) for size in (DESK, TOUCH, PHONE)]
    page.locator(".q-code a").click()
    expect(page.locator("h1")).to_contain_text("WWW")

    assert on_list + [faults_at(page, size) for size in (DESK, TOUCH, PHONE)] == 6 * [[]]


@pytest.mark.parametrize("state", ["live", "reconnecting", "lost", "ended"])
def test_what_is_said_about_the_connection_fits_into_the_header(state, staff, page):
    staff.first_name, staff.last_name = "Wilhelmina", "Hohenstein"
    staff.save()
    go(page)
    three_days_ms = 3 * 86_400_000

    tell(page, state, three_days_ms)

    assert [faults_at(page, size) for size in (DESK, TOUCH, PHONE)] == 3 * [[]]


def tell(page, state, silent_ms):
    detail = {"state": state, "silentMs": silent_ms}
    page.evaluate("detail => document.body.dispatchEvent(new CustomEvent('pf:status', { detail }))", detail)


def test_a_print_that_outlives_its_job_fits(job, left, page):
    outlive(job, left)
    go(page, f"{QUEUE}{job.pk}/")
    expect(page.locator("#going-on")).to_be_visible()
    of_the_job = [faults_at(page, DESK), faults_at(page, TOUCH, FINGER_PX), faults_at(page, PHONE)]
    go(page)
    expect(page.locator(".printer-reason")).to_contain_text("cancelled: stop it")

    assert [*of_the_job, faults_at(page, DESK), faults_at(page, TOUCH, FINGER_PX)] == 5 * [[]]


def test_a_tray_of_the_longest_names_fits(left, page):
    name = "w" * 240 + ".gcode"
    for number in range(4):
        make_job(design_name="W" * 200, print_file_name=name, customer_id=f"{number}{'W' * 19}")
    prints(left, 5, file_name=name)
    go(page)
    expect(page.locator(".likely")).to_have_count(2)

    assert [faults_at(page, DESK), faults_at(page, TOUCH, FINGER_PX), faults_at(page, PHONE)] == 3 * [[]]


def test_an_open_menu_is_whole_on_the_touch_screen(job, open_page):
    page = go(open_page(viewport=TOUCH))
    page.locator(".app-header summary").click()
    expect(page.get_by_role("button", name="Log out")).to_be_in_viewport(ratio=1)

    page.goto(f"{QUEUE}{job.pk}/")
    page.locator("#job-more summary").click()
    expect(page.get_by_role("button", name="Hide")).to_be_in_viewport(ratio=1)


def test_the_alerts_fit_a_phone(staff, page):
    shop = open_shop(timezone.now(), staff)
    found = {}
    page.goto(f"{QUEUE}alerts/")
    found["nothing yet"] = faults_at(page, PHONE)
    told = inform(shop, staff, timezone.now())

    for address in ("", "log/", "rules/new/", f"targets/{told.phone.pk}/edit/"):
        page.goto(f"{QUEUE}alerts/{address}")
        found[address] = faults_at(page, PHONE)

    assert {address: faults for address, faults in found.items() if faults} == {}


def test_the_longest_texts_widen_no_page_of_alerts(staff, server, page):
    place = make_target(staff, name="W" * 80)
    printers = [make_printer(f"{number}", name=f"{number}" + "W" * 79) for number in range(4)]
    rule = make_rule(place, printers=printers, own_jobs_only=True, longer_than_minutes=90)
    job = make_job(design_name="W" * 200)
    fact = make_fact(FactKind.NO_MOVEMENT, job=job, detail="w" * 300)
    make_alert(place, fact, state=AlertState.DEAD, last_error="w" * 300)

    found = {}
    for address in ("alerts/", "alerts/log/", f"alerts/rules/{rule.pk}/edit/", f"{job.pk}/"):
        page.goto(f"{QUEUE}{address}")
        found[address] = [faults_at(page, size) for size in (DESK, TOUCH, PHONE)]

    assert found == dict.fromkeys(found, 3 * [[]])
