"""A stream is for as long as its log-in: who is logged out is told, and nobody gets another's stream."""

import logging
import re
import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from tests.e2e.away import expect_percent, expect_state
from tests.e2e.conftest import go, log_in, prints
from tests.factories import make_staff

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 35 + 5  # the server's look at the session, and the wait before the page asks again
TOLD_MS = 3 * LIMIT_SECONDS * 1000

pytestmark = pytest.mark.slow  # the server looks at each session every half a minute


def expect_logged_out(page: Page, what: str) -> None:
    began = time.monotonic()
    expect(page.locator("#live")).to_contain_text("You are logged out", timeout=TOLD_MS)
    logger.info(f"{what}: told after {time.monotonic() - began:.1f} s (limit {LIMIT_SECONDS})")


def test_after_a_log_out_the_other_tabs_say_so_and_after_a_log_in_pages_are_live(job, left, page, staff, server):
    """Row 30."""
    prints(left, 1)
    other = go(page.context.new_page())
    go(page).locator("#account summary").click()

    page.get_by_role("button", name="Log out").click()

    expect_logged_out(other, "after a log-out in another tab")
    expect(other.get_by_role("link", name="Log in")).to_have_attribute("href", re.compile(r"/login/\?next="))
    prints(left, 40)
    log_in(page.context, staff, server.url)
    expect_percent(go(page), job, 40)
    # The tab that had ended is asked for again by whoever looks at it.
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect_state(other, "live")
    expect_percent(other, job, 40)


def test_another_log_in_ends_the_tabs_of_the_one_before(page, server):
    """Row 30: the browser would send the new log-in's cookie for the old page's stream."""
    go(page)
    session = page.context.cookies()[0]["value"]
    log_in(page.context, make_staff(), server.url)
    SessionStore(session).delete()  # as Django's log-in does with what was there
    new = go(page.context.new_page())

    expect_logged_out(page, "after another log-in in the same browser")
    expect_state(new, "live")
