"""All tabs of a browser share one stream, which outlives any of them."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.e2e.away import expect_percent, expect_state
from tests.e2e.conftest import QUEUE, go, prints
from tests.e2e.proxy import Proxy
from tests.processes import wait_for

logger = logging.getLogger(__name__)

TABS = 10
REPLACED_SECONDS = 8

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def page(open_page, proxy):
    """A page behind the proxy."""
    return open_page(server=proxy)


def another(page: Page) -> Page:
    """One more live tab of the same browser."""
    return go(page.context.new_page())


@contextmanager
def rendered(page: Page) -> Iterator[Callable[[], None]]:
    """With the list rendered, and its live scripts on their way until the block calls what it got."""
    held: list[Route] = []
    page.route("**/live-page*.js", lambda route: held.append(route))

    def let_go() -> None:
        for route in held:
            route.continue_()

    page.goto(QUEUE, wait_until="commit")  # its other events wait for the scripts
    yield let_go


def crash(page: Page) -> None:
    with pytest.raises(Error):
        page.goto("chrome://crash")


def end_worker(page: Page) -> None:
    """End the shared workers of the browser, as when there is no memory left for them."""
    assert page.context.browser
    devtools = page.context.browser.new_browser_cdp_session()
    targets = devtools.send("Target.getTargets", {"filter": [{}]})["targetInfos"]
    for target in targets:
        if target["type"] == "shared_worker":
            devtools.send("Target.closeTarget", {"targetId": target["targetId"]})
    devtools.detach()


def test_ten_tabs_have_one_stream_and_all_follow_also_when_the_first_is_closed(job, left, page, proxy):
    """Row 25: more tabs than a browser opens connections to one server."""
    prints(left, 1)
    tabs = [go(page), *(another(page) for _ in range(TABS - 1))]
    logger.info(f"{TABS} tabs: {proxy.streams} stream (limit 1)")
    assert proxy.streams == 1

    prints(left, 40)
    for tab in tabs:
        expect_percent(tab, job, 40)

    tabs.pop(0).close()
    prints(left, 60)
    for tab in tabs:
        expect_percent(tab, job, 60)
    assert len(proxy.openings) == 1


def test_a_tab_that_crashes_takes_nothing_from_the_others(job, left, page, proxy):
    """Row 25: the browser may run the shared worker in the process of that very tab."""
    prints(left, 1)
    first, other = go(page), another(page)

    crash(first)
    prints(left, 40)

    expect_percent(other, job, 40, timeout=3 * REPLACED_SECONDS * 1000)
    wait_for(lambda: proxy.streams == 1, what="one stream")


def test_the_stream_ends_with_the_last_tab(page, proxy):
    """Row 15: a browser that has gone is no listener."""
    go(page)

    page.goto("about:blank")

    wait_for(lambda: proxy.streams == 0, 15, "the stream is closed")


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_nothing_is_missed(job, left, page, proxy):
    prints(left, 1)
    tabs = [go(page), another(page)]

    end_worker(page)
    began = time.monotonic()
    prints(left, 40)
    wait_for(lambda: proxy.streams, 3 * REPLACED_SECONDS, "there is a stream again")

    logger.info(f"worker replaced after {time.monotonic() - began:.1f} s (limit {REPLACED_SECONDS})")
    for tab in tabs:
        expect_percent(tab, job, 40, timeout=3 * REPLACED_SECONDS * 1000)
    wait_for(lambda: proxy.streams == 1, what="one stream")


def test_without_shared_workers_a_tab_has_a_stream_while_somebody_looks(job, left, page, proxy):
    page.context.add_init_script("delete window.SharedWorker")
    prints(left, 1)
    go(page)
    other = another(page)
    assert proxy.streams == 2
    prints(left, 20)
    expect_percent(other, job, 20)

    other.evaluate(HIDE, True)
    wait_for(lambda: proxy.streams == 1, what="the hidden tab has closed its stream")
    prints(left, 40)
    expect_percent(page, job, 40)
    with other.expect_request("**/events?*") as asked:
        other.evaluate(HIDE, False)

    expect_percent(other, job, 40)
    expect_state(other, "live")
    # From where it was, not from where its page was rendered.
    rendered_at = other.locator("body").get_attribute("data-live-from") or ""
    assert rendered_at.partition(":")[2] not in asked.value.url


def test_a_page_that_opens_late_hears_what_changed_since_it_was_rendered(job, left, page):
    """Row 4: the first page of a browser, whose stream is not open yet."""
    prints(left, 1)
    with rendered(page) as let_go:
        expect_percent(page, job, 1)
        prints(left, 40)
        let_go()

        expect_percent(page, job, 40)


def test_a_later_page_hears_from_the_shared_stream_what_it_missed(job, left, page, proxy):
    """Row 4: a page that comes to a stream which has told it already."""
    prints(left, 1)
    first, late = go(page), page.context.new_page()
    with rendered(late) as let_go:
        expect_percent(late, job, 1)
        prints(left, 40)
        expect_percent(first, job, 40)
        let_go()

        expect_percent(late, job, 40)
    assert len(proxy.openings) == 1


def test_a_page_from_the_browsers_history_catches_up(job, left, page):
    """Row 4: Chromium loads such a page anew; others thaw it."""
    prints(left, 1)
    go(page).goto(f"{QUEUE}{job.pk}/")
    prints(left, 40)

    page.go_back()

    expect_percent(page, job, 40)
    expect_state(page, "live")


def test_a_page_that_was_put_away_and_thawed_catches_up(job, left, page, proxy):
    """Row 4: what a browser does with a page that it keeps for its back button."""
    prints(left, 1)
    kept, other = go(page), another(page)
    kept.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    prints(left, 40)
    expect_percent(other, job, 40)
    expect(kept.locator(f"tr[data-job='{job.pk}']")).to_contain_text("1.0%")

    kept.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    expect_percent(kept, job, 40)
    expect_state(kept, "live")
