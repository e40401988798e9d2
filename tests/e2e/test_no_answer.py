"""What does not answer, or no longer may: the page says so, and goes on when it can."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from printqueue.models import Who
from tests.e2e.conftest import QUEUE, go, prints, row_of

AGAIN_MS = 3 * 8_000
SILENT_MS = 3 * 20_000
TURNED_AWAY_MS = 3 * 35_000


def test_a_button_without_an_answer_is_said_to_have_failed(job, page):
    go(page, f"{QUEUE}{job.pk}/")
    job.cancel(by=Who(), now=timezone.now())
    page.route("**/retry/", lambda route: route.abort())

    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_text("The server did not answer.")).to_be_visible()


def test_a_part_of_a_page_that_could_not_be_fetched_is_fetched_again(job, page):
    go(page, f"{QUEUE}{job.pk}/")
    page.route(f"**{QUEUE}{job.pk}/", lambda route: route.abort(), times=1)

    job.cancel(by=Who(), now=timezone.now())

    expect(page.locator("h1 .badge")).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=AGAIN_MS)


def test_a_printer_that_falls_silent_stops_looking_live_by_itself(job, left, page):
    left.now = timezone.now() - timedelta(seconds=54)
    prints(left, 40)
    card = go(page).locator("article.printer")
    row = row_of(page, job, "on-a-printer")
    expect(card.locator(".badge")).to_have_text("Printing")

    expect(card.locator(".badge")).to_have_text("Offline", timeout=SILENT_MS)
    expect(row.locator(".badge")).to_have_text("Offline 40.0%")

    left.now = timezone.now()
    prints(left, 41)
    expect(card.locator(".figure")).to_have_text("41.0%")
    expect(row.locator(".badge")).to_have_text("Printing 41.0%")


@pytest.mark.slow  # the server looks at each session every half a minute
def test_who_is_turned_away_is_offered_to_log_in(job, page, staff):
    go(page, f"{QUEUE}{job.pk}/")

    staff.is_active = False
    staff.save()

    expect(page.get_by_role("link", name="Log in")).to_be_visible(timeout=TURNED_AWAY_MS)
