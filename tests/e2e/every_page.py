"""Every page that staff see, in every state that changes its look."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from printqueue.models import PrintRun
from tests.e2e.alerted import Told, inform
from tests.e2e.conftest import QUEUE
from tests.e2e.shop import SET, Shop


def addresses(shop: Shop, told: Told) -> dict[str, str]:
    """Address by name."""
    details = {f"job, {state}": f"{QUEUE}{job.pk}/" for state, job in shop.by_state().items()}
    return {
        "list": QUEUE,
        "history": f"{QUEUE}?tab=history",
        "nothing found": f"{QUEUE}?q=nothing+is+called+so",
        "new job": f"{QUEUE}new/",
        "edit": f"{QUEUE}{shop.printing.pk}/edit/",
        "start": f"{QUEUE}{shop.ready.pk}/start/",
        "cancel": f"{QUEUE}{shop.printing.pk}/cancel/",
        "which job": f"{QUEUE}runs/{PrintRun.objects.get(job=None, file_name=SET).pk}/link/",
        "naming": f"{QUEUE}naming/",
        **{f"printer {serial}": f"{QUEUE}printers/{serial}/" for serial in ("left", "right", "bench", "voron")},
        "edit printer": f"{QUEUE}printers/left/edit/",
        "estimates": f"{QUEUE}estimates/",
        "new place of the shop": f"{QUEUE}alerts/shop/targets/new/?channel=sms",
        "my alerts": f"{QUEUE}alerts/",
        "shop alerts": f"{QUEUE}alerts/shop/",
        "alert log": f"{QUEUE}alerts/log/",
        "new place": f"{QUEUE}alerts/targets/new/",
        "edit place": f"{QUEUE}alerts/targets/{told.phone.pk}/edit/",
        "remove place": f"{QUEUE}alerts/targets/{told.phone.pk}/remove/",
        "edit rule": f"{QUEUE}alerts/rules/{told.rule.pk}/edit/",
        "remove rule": f"{QUEUE}alerts/rules/{told.rule.pk}/remove/",
        "password": "/admin/password_change/",
        "not found": f"{QUEUE}999999/",
        **details,
    }


def visit_all(page: Page, shop: Shop, staff: User) -> Iterator[str]:
    """Open one page after the other, with `staff` told of what happens; yields its name while it is open."""
    told = inform(shop, staff, timezone.now())
    for name, address in addresses(shop, told).items():
        page.goto(address)
        live = page.locator("#live")
        if live.count():
            expect(live).to_have_attribute("data-live", "live")
        yield name
