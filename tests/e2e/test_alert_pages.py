"""The pages of alerts in a browser: buttons answer in place, and nothing needs JavaScript."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from printqueue.models import AlertState
from tests.e2e.alerted import inform
from tests.e2e.conftest import QUEUE
from tests.e2e.shop import open_shop
from tests.factories import make_alert, make_rule, make_target

ALERTS = f"{QUEUE}alerts/"


@pytest.fixture
def phone(staff):
    """A place where staff is told everything."""
    phone = make_target(staff, name="Phone")
    make_rule(phone)
    return phone


def test_a_place_is_switched_off_in_place_and_on_again_by_undo(phone, server, page):
    page.goto(ALERTS)
    page.evaluate("window.isStillTheSame = true")
    row = page.locator(f"#target-{phone.pk}")

    row.get_by_role("button", name="Switch off").click()
    expect(row.locator(".badge")).to_have_text("Off")
    page.get_by_role("button", name="Undo").click()

    expect(row.locator(".badge")).to_have_text("On")
    assert page.evaluate("window.isStillTheSame")


def test_a_rule_is_written_with_the_keyboard_alone(phone, server, page):
    page.goto(ALERTS)
    page.get_by_role("link", name="Change rule 1").focus()
    page.keyboard.press("Enter")

    page.get_by_label("Cancelled at the printer").focus()
    page.keyboard.press("Space")
    page.get_by_label("From", exact=True).fill("22:00")
    page.get_by_label("to", exact=True).fill("07:00")
    page.keyboard.press("Enter")

    expect(page.locator(".rule")).to_contain_text("quiet 22:00–07:00")
    expect(page.locator(".rule h3")).not_to_contain_text("cancelled")


def test_quiet_hours_are_offered_in_the_zone_of_the_browser(phone, open_page):
    page = open_page(timezone_id="Europe/Lisbon")
    page.goto(ALERTS)
    page.goto(f"{ALERTS}rules/new/")

    expect(page.get_by_label("Time of")).to_have_value("Europe/Lisbon")


def test_the_log_narrows_in_place(staff, server, page):
    inform(open_shop(timezone.now(), staff), staff, timezone.now())
    page.goto(f"{ALERTS}log/")
    page.evaluate("window.isStillTheSame = true")

    page.get_by_label("State").select_option(label="Given up")

    expect(page.locator(".log-row")).to_have_count(1)
    expect(page.locator(".log-row")).to_contain_text("Relay access denied")
    assert "state=dead" in page.url
    assert page.evaluate("window.isStillTheSame")


def test_attempts_that_were_opened_stay_open_while_the_log_moves(phone, server, page, staff):
    inform(open_shop(timezone.now(), staff), staff, timezone.now())
    moving = make_alert(phone, state=AlertState.SENDING, sent_at=None, created_at=timezone.now())
    page.goto(f"{ALERTS}log/")
    page.get_by_text("3 attempts").click()

    moving.state = AlertState.SENT
    moving.sent_at = timezone.now()
    moving.save()

    expect(page.locator(f"#alert-{moving.pk} .badge")).to_have_text("Sent")
    expect(page.locator(".log-attempts[open]")).to_have_count(1)


def test_without_javascript_a_place_is_added_and_its_rule_changed(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(ALERTS)
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("Address").fill("https://example.org/hook")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".toast")).to_contain_text("Webhook is added.")

    page.get_by_role("link", name="Change rule 1").click()
    page.get_by_label("Failed").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".rule h3")).not_to_contain_text("failed")

    page.get_by_role("button", name="Switch off Webhook").click()
    expect(page.locator(".toast")).to_contain_text("Webhook is switched off.")
