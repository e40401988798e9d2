"""Somebody new is told of a print: from an empty page to the message at their receiver."""

import logging
import time

import pytest
from playwright.sync_api import expect

from tests.alerts.receivers import WebReceiver
from tests.e2e.conftest import QUEUE, prints
from tests.processes import wait_for

logger = logging.getLogger(__name__)

PROMISED_SECONDS = 60  # from a fresh start to a place that is told
LIMIT_SECONDS = 60


@pytest.fixture
def receiver():
    receiver = WebReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def page(open_page, serve):
    """A page of a server that sends alerts, also to this machine, as the demonstration does."""
    return open_page(server=serve(environment={"ALERT_PRIVATE_TARGETS": "true"}))


def test_somebody_new_is_told_of_a_print(job, left, page, receiver):
    began = time.monotonic()
    page.goto(QUEUE)
    page.get_by_role("link", name="Alerts").click()
    page.get_by_label("Topic").fill("prints")
    page.get_by_label("Server").fill(f"http://127.0.0.1:{receiver.port}")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Send a test to My phone").click()
    expect(page.locator(".alert-answer .notice")).to_have_attribute("data-state", "completed", timeout=90_000)
    assert len(receiver.messages) == 1
    logger.info(
        f"told of a test {time.monotonic() - began:.1f} s after the first look (promised: {PROMISED_SECONDS} s)"
    )

    prints(left, 41)
    prints(left, 100, state="completed")
    happened = time.monotonic()

    [_test, told] = wait_for(lambda: receiver.messages[1:] and receiver.messages, LIMIT_SECONDS, "the receiver is told")
    logger.info(f"told of the print {time.monotonic() - happened:.1f} s after it was completed")
    assert told["topic"] == "prints"
    assert job.code in f"{told['title']} {told['message']}"

    page.get_by_role("link", name="Delivery log").click()
    row = page.locator(".log-row")
    expect(row).to_contain_text("Completed")
    expect(row).to_contain_text("My phone (ntfy)")
    expect(row.locator(".badge")).to_have_text("Sent", timeout=3 * 15_000)
    row.get_by_role("link", name=job.code).click()
    expect(page.locator(".timeline .told")).to_contain_text("Told: My phone (ntfy)")


def test_a_test_that_fails_says_why(left, page, receiver):
    receiver.moods = [403]
    page.goto(f"{QUEUE}alerts/?channel=webhook")
    page.get_by_label("Address").fill(f"http://127.0.0.1:{receiver.port}/hook")
    page.get_by_role("button", name="Add").click()

    page.get_by_role("button", name="Send a test to Webhook").click()

    answer = page.locator(".alert-answer .notice")
    expect(answer).to_have_attribute("data-state", "failed", timeout=90_000)
    expect(answer).to_contain_text("403")
