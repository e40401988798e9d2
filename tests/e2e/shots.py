"""Draws the pictures in docs/images: `./run test` leaves this out; `.venv/bin/python -m pytest tests/e2e/shots.py`."""

from datetime import UTC, datetime

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from printqueue import periodic
from tests.alerts.receivers import WebReceiver
from tests.e2e.alerted import inform
from tests.e2e.conftest import DESK, QUEUE, TOUCH, go
from tests.e2e.printed import COURSES
from tests.e2e.shop import open_shop
from tests.environment import ROOT
from tests.factories import listen

IMAGES = ROOT / "docs" / "images"
AFTERNOON = 15
EASTERNMOST = 14


def zone_where_it_is_afternoon(now: datetime) -> str:
    """A time zone in which the shop's day looks like one, whenever the pictures are drawn."""
    ahead = AFTERNOON - now.hour
    ahead -= 24 if ahead > EASTERNMOST else 0
    return f"Etc/GMT{-ahead:+d}"  # their sign is the other way round


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, TOUCH], ids=["desk", "touch"])
def test_pictures_of_the_list_of_a_job_and_of_a_printer(size, theme, staff, open_page, server):
    staff.first_name, staff.last_name = "M.", "Keller"
    staff.save()
    now = datetime.now(UTC)
    shop = open_shop(now, staff)
    listen(now)
    periodic.notice_stalls(now)
    zone = zone_where_it_is_afternoon(now)
    page = open_page(viewport=size, color_scheme=theme, timezone_id=zone)
    page.context.add_cookies([{"name": "timeZone", "value": zone, "url": server.url}])

    addresses = {"list": QUEUE, "detail": f"{QUEUE}{shop.printing.pk}/", "printer": f"{QUEUE}printers/voron/"}
    for name, address in addresses.items():
        go(page, address)
        page.screenshot(path=IMAGES / f"{name}-{size['width']}x{size['height']}-{theme}.png")


@pytest.mark.parametrize(
    ("course", "size", "theme"),
    [
        ("plain", DESK, "light"),
        ("plain", TOUCH, "light"),
        ("plain", TOUCH, "dark"),
        ("pause-and-gap", DESK, "light"),
        ("pause-and-gap", DESK, "dark"),
        ("72-hours", DESK, "light"),
    ],
)
def test_pictures_of_charts(course, size, theme, open_page, server):
    now = datetime.now(UTC)
    job = COURSES[course](now)
    zone = zone_where_it_is_afternoon(now)
    page = open_page(viewport=size, color_scheme=theme, timezone_id=zone)
    page.context.add_cookies([{"name": "timeZone", "value": zone, "url": server.url}])
    go(page, f"{QUEUE}{job.pk}/")
    chart = page.locator(f"#job-{job.pk}-chart")
    expect(chart.locator("canvas").first).to_be_visible()

    picture = {"path": IMAGES / f"chart-{course}-{size['width']}x{size['height']}-{theme}.png"}
    if size == DESK:
        chart.screenshot(**picture)
    else:
        chart.evaluate("element => element.scrollIntoView()")
        page.screenshot(**picture)


@pytest.fixture
def receiver():
    receiver = WebReceiver()
    yield receiver
    receiver.close()


def test_pictures_of_the_alerts(staff, open_page, serve, receiver):
    now = datetime.now(UTC)
    zone = zone_where_it_is_afternoon(now)
    server = serve("--no-worker", environment={"ALERT_PRIVATE_TARGETS": "true"})
    views = ((DESK, "light"), (TOUCH, "dark"))
    desk, touch = (
        open_page(server=server, viewport=size, color_scheme=theme, timezone_id=zone) for size, theme in views
    )
    for page in (desk, touch):
        page.context.add_cookies([{"name": "timeZone", "value": zone, "url": server.url}])

    desk.goto(f"{QUEUE}alerts/")
    desk.screenshot(path=IMAGES / "alerts-first-1280x800-light.png")

    told = inform(open_shop(now, staff), staff, now)
    with override_settings(ALERT_PRIVATE_TARGETS=True):
        told.phone.edit(name="My phone", url=f"ntfy://127.0.0.1:{receiver.port}/prints")
    desk.goto(f"{QUEUE}alerts/")
    desk.get_by_role("button", name="Send a test").click()
    expect(desk.locator(".alert-answer .notice")).to_be_visible()
    desk.mouse.move(0, 0)
    desk.screenshot(path=IMAGES / "alerts-1280x800-light.png")

    touch.goto(f"{QUEUE}alerts/log/")
    touch.screenshot(path=IMAGES / "alerts-log-800x480-dark.png")
