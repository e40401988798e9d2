"""Pages that lose their server and get it back: how, and how soon."""

import logging
import time

from playwright.sync_api import Page, expect

from printqueue.models import PrintQueue

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 8
HEALED_MS = 3 * LIMIT_SECONDS * 1000


def expect_state(page: Page, state: str, *, timeout: float = HEALED_MS) -> None:
    """Wait until the page says that it is live, reconnecting or lost."""
    expect(page.locator("#live")).to_have_attribute("data-live", state, timeout=timeout)


def healed(page: Page, what: str) -> None:
    """Wait until the page is live again, from now, when the server answers; log how long that took."""
    began = time.monotonic()
    expect_state(page, "live")
    logger.info(f"{what}: live after {time.monotonic() - began:.1f} s (limit {LIMIT_SECONDS})")


def expect_percent(page: Page, job: PrintQueue, percent: float, *, timeout: float | None = None) -> None:
    """Wait until the row of the job shows so many percent."""
    badge = page.locator(f"tr[data-job='{job.pk}'] [data-show=badge]")
    expect(badge).to_have_text(f"Printing {percent:.1f}%", timeout=timeout)
