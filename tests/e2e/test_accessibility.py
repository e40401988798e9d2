"""Every page is for everybody: axe-core finds nothing serious, light or dark."""

from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import QUEUE, go, prints
from tests.e2e.every_page import visit_all
from tests.e2e.shop import open_shop, outlive
from tests.factories import make_job, make_target


def test_no_page_has_a_serious_fault(staff, open_page, serious_violations):
    page = open_page(bypass_csp=True)
    shop = open_shop(timezone.now(), staff)

    found = {name: serious_violations(page) for name in visit_all(page, shop, staff)}

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_an_empty_shop_has_no_serious_fault(open_page, serious_violations):
    assert serious_violations(go(open_page(bypass_csp=True))) == []


def test_the_log_in_has_no_serious_fault(open_page, serious_violations):
    page = open_page(user=None, bypass_csp=True)
    page.goto(QUEUE)
    expect(page.get_by_label("Name")).to_be_focused()

    assert serious_violations(page) == []


def test_a_form_with_mistakes_has_no_serious_fault(open_page, serious_violations):
    page = open_page(bypass_csp=True)
    page.goto(f"{QUEUE}new/")
    page.get_by_role("button", name="Put into the queue").click()
    expect(page.locator(".field-error").first).to_be_visible()

    assert serious_violations(page) == []


def test_a_print_that_outlives_its_job_has_no_serious_fault(job, left, open_page, serious_violations):
    outlive(job, left)
    page = open_page(bypass_csp=True)
    on_page = serious_violations(go(page, f"{QUEUE}{job.pk}/"))

    assert on_page + serious_violations(go(page)) == []


def test_a_tray_with_suggestions_has_no_serious_fault(left, open_page, serious_violations):
    for _ in range(3):
        make_job(print_file_name="other.gcode")
    prints(left, 5, file_name="other.gcode")
    page = go(open_page(bypass_csp=True))
    expect(page.locator(".likely")).to_have_count(2)

    assert serious_violations(page) == []


def test_the_first_look_at_alerts_has_no_serious_fault(open_page, serious_violations):
    page = open_page(bypass_csp=True)
    page.goto(f"{QUEUE}alerts/")

    assert serious_violations(page) == []


def test_a_rule_with_a_mistake_has_no_serious_fault(staff, open_page, serious_violations):
    make_target(staff)
    page = open_page(bypass_csp=True)
    page.goto(f"{QUEUE}alerts/rules/new/")
    page.get_by_label("From", exact=True).fill("22:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field-error")).to_have_count(1)

    assert serious_violations(page) == []
