"""Times on a page: by the server's clock, in the viewer's zone."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import QUEUE, go, prints


def test_ages_tick_by_the_servers_clock_when_the_browsers_is_an_hour_fast(job, left, page):
    prints(left, 40)
    page.clock.install(time=timezone.now() + timedelta(hours=1))
    fresh = go(page).locator(".q-row .fresh")
    page.clock.run_for(1_500)
    expect(fresh).to_have_text("Updated just now")

    page.clock.run_for(61_000)

    expect(fresh).to_have_text("Updated 1m ago")


def test_times_are_the_viewers_from_the_first_page_on(job, left, open_page):
    prints(left, 40)
    job.refresh_from_db()
    started = timezone.localtime(job.started_at, timezone.get_fixed_timezone(330))
    page = open_page(timezone_id="Asia/Kolkata")

    for _visit in ("without the cookie", "with it"):
        page.goto(f"{QUEUE}{job.pk}/")
        expect(page.locator(".hero-under")).to_contain_text(f"since {started:%H:%M}")
