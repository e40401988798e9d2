"""Times on a page: by the server's clock, in the viewer's zone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.clocks import set_clock, shift_clock
from tests.e2e.conftest import QUEUE, go, prints
from tests.factories import Client

AN_HOUR = pytest.mark.parametrize("hours", [1, -1], ids=["an hour fast", "an hour slow"])
A_MINUTE_MS = 3 * 10_000


def reported_seconds_ago(left: Client, seconds: float) -> None:
    left.now = timezone.now() - timedelta(seconds=seconds)
    prints(left, 40)


def test_ages_tick_by_the_servers_clock_when_the_browsers_is_an_hour_wrong(job, left, open_page):
    fast, slow = open_page(bypass_csp=True), open_page(bypass_csp=True)
    shift_clock(fast, 1)
    shift_clock(slow, -1)
    reported_seconds_ago(left, 52)

    ages = [go(page).locator(".q-row .fresh") for page in (fast, slow)]
    for age in ages:
        expect(age).to_have_text("Updated just now")

    for age in ages:
        expect(age).to_have_text("Updated 1m ago", timeout=A_MINUTE_MS)


@AN_HOUR
def test_ages_stay_right_when_the_browsers_clock_is_set_while_the_page_is_open(hours, job, left, open_page):
    page = open_page(bypass_csp=True)
    shift_clock(page, 0)
    reported_seconds_ago(left, 130)
    fresh = go(page).locator(".q-row .fresh")
    expect(fresh).to_have_text("Updated 2m ago")

    set_clock(page, hours)
    prints(left, 41)  # what comes over the stream after that has been drawn by the new clock

    expect(page.locator(".q-row [data-show=badge]")).to_have_text("Printing 41.0%")
    expect(page.locator("#live")).to_have_attribute("data-live", "live")
    expect(fresh).to_have_text("Updated 2m ago")


def test_the_time_of_the_last_report_moves_with_it(job, left, page):
    reported_seconds_ago(left, 300)
    go(page, f"{QUEUE}{job.pk}/")

    left.now = timezone.now()
    prints(left, 41)

    now = timezone.localtime(left.now, timezone.get_fixed_timezone(0))
    expect(page.locator(".hero-under")).to_contain_text(f"Updated {now:%H:%M} (just now)")


def test_times_are_the_viewers_from_the_first_page_on(job, left, open_page):
    prints(left, 40)
    job.refresh_from_db()
    started = timezone.localtime(job.started_at, timezone.get_fixed_timezone(330))
    page = open_page(timezone_id="Asia/Kolkata")

    for _visit in ("without the cookie", "with it"):
        page.goto(f"{QUEUE}{job.pk}/")
        expect(page.locator(".hero-under")).to_contain_text(f"since {started:%H:%M}")
