"""Draws the pictures in docs/images: `./run test` leaves this out; `.venv/bin/python -m pytest tests/e2e/shots.py`."""

from datetime import UTC, datetime, timedelta

import pytest

from printqueue import periodic
from printqueue.models import Listening
from tests.e2e.conftest import DESK, QUEUE, TOUCH, go
from tests.e2e.shop import open_shop
from tests.environment import ROOT

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
    Listening.objects.update_or_create(pk=1, defaults={"since": now - timedelta(days=1), "seen_at": now})
    periodic.notice_stalls(now)
    zone = zone_where_it_is_afternoon(now)
    page = open_page(viewport=size, color_scheme=theme, timezone_id=zone)
    page.context.add_cookies([{"name": "timeZone", "value": zone, "url": server.url}])

    addresses = {"list": QUEUE, "detail": f"{QUEUE}{shop.printing.pk}/", "printer": f"{QUEUE}printers/voron/"}
    for name, address in addresses.items():
        go(page, address)
        page.screenshot(path=IMAGES / f"{name}-{size['width']}x{size['height']}-{theme}.png")
