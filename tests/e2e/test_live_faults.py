"""What a page does while its server, or the way to it, is away; and how soon it is itself again."""

import os
import signal
import time
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from printqueue.models import RevisionCounter
from tests.e2e.away import HEALED_MS, expect_percent, expect_state, healed, logger
from tests.e2e.clocks import set_clock, shift_clock
from tests.e2e.conftest import QUEUE, go, prints, row_of
from tests.e2e.proxy import Proxy
from tests.factories import make_job
from tests.processes import wait_for

BAD_GATEWAY_SECONDS = 8
SILENT_MS = 3 * 33_000
ASLEEP_SECONDS = 40


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def page(open_page, proxy, job, left):
    """A page behind the proxy, live, with a print at 1 %."""
    prints(left, 1)
    page = go(open_page(server=proxy))
    page.evaluate("window.isStillTheSame = true")
    yield page
    assert page.evaluate("window.isStillTheSame"), "the page was loaded again"


@contextmanager
def away(proxy, page):
    """With the server away, as the page has noticed."""
    proxy.answer_502()
    expect_state(page, "lost")
    yield
    proxy.pass_on()


@contextmanager
def stopped(*pids):
    """With these processes neither running nor gone."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.slow
def test_after_8_s_of_bad_gateway_the_page_reconnects_and_has_missed_nothing(job, left, page, proxy):
    """Row 24: where EventSource would have given up for ever."""
    with away(proxy, page):
        since = time.monotonic()
        prints(left, 40)
        later = make_job(now=timezone.now(), design_name="Resting Pan")
        wait_for(lambda: time.monotonic() - since > BAD_GATEWAY_SECONDS, 30)
    assert proxy.refused >= 2

    healed(page, "after 8 s of 502")

    expect_percent(page, job, 40)
    expect(row_of(page, later, "ready")).to_contain_text("Resting Pan")


def test_a_job_hidden_while_the_page_was_cut_off_vanishes(job, page, proxy):
    """Row 14."""
    other = make_job(now=timezone.now(), design_name="Resting Pan")
    expect(row_of(page, other, "ready")).to_be_visible()

    with away(proxy, page):
        other.hide()
    healed(page, "after a cut and a bad gateway")

    expect(row_of(page, other, "ready")).to_have_count(0)


def test_a_cut_in_the_middle_of_an_event_loses_nothing(job, left, page, proxy):
    proxy.cut_stream_after(60)
    for percent in (10, 20, 40):
        prints(left, percent)
    expect_state(page, "reconnecting")
    proxy.cut_stream_after(10**9)

    healed(page, "after a cut in the middle of an event")

    expect_percent(page, job, 40)


@pytest.mark.slow  # a page that heals after a kill: test_server_killed
def test_after_a_restart_the_page_is_live_again(job, left, page, server):
    """Row 23: `./run serve` ended by SIGTERM, and started."""
    server.stop()
    prints(left, 40)
    expect_state(page, "lost")

    server.start()
    healed(page, "after a restart")

    expect_percent(page, job, 40)


def test_after_a_backup_was_restored_the_page_shows_what_is_in_it(job, left, page):
    """Row 13: the revisions start again from lower numbers, in another epoch."""
    prints(left, 40)
    expect_percent(page, job, 40)
    counter = RevisionCounter.objects.get(pk=1)

    RevisionCounter.objects.update(epoch="feedbeef", value=counter.value - 1_000_000)
    prints(left, 41)
    expect_percent(page, job, 41)
    prints(left, 42)

    expect_percent(page, job, 42)


@pytest.mark.slow
def test_a_server_that_hangs_is_lost_since_its_last_byte_and_then_found_again(job, left, page, server):
    """Row 27: no byte for 33 s, and no connection that breaks."""
    live = page.locator("#live")
    with stopped(server.pid):
        frozen_at = timezone.localtime(timezone.now(), timezone.get_fixed_timezone(0))
        began = time.monotonic()
        expect(live).to_contain_text("Live updates lost since", timeout=SILENT_MS)
        logger.info(f"lost {time.monotonic() - began:.1f} s after the server froze (limit 33 after its last byte)")
        said = live.locator("time").get_attribute("datetime")
    last_byte_at = datetime.fromisoformat(said)
    assert frozen_at - timedelta(seconds=20) <= last_byte_at <= frozen_at + timedelta(seconds=2)

    healed(page, "after a frozen server went on")

    prints(left, 40)
    expect_percent(page, job, 40)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1, -1], ids=["an hour fast", "an hour slow"])
def test_lost_since_is_right_with_a_clock_that_is_wrong(hours, open_page, proxy):
    """Rows 24 and 27: the time is the server's, in the viewer's zone."""
    page = open_page(server=proxy, bypass_csp=True, timezone_id="Asia/Kolkata")
    shift_clock(page, hours)
    go(page)
    began = timezone.now()

    proxy.answer_502()
    expect_state(page, "lost")

    set_clock(page, 2 * hours)  # and nobody can change it any more
    ended = timezone.now()
    kolkata = timezone.get_fixed_timezone(330)
    possible = {f"{timezone.localtime(moment, kolkata):%H:%M}" for moment in (began, ended)}
    assert page.locator("#live time").inner_text() in possible


@pytest.mark.slow
def test_after_a_sleep_the_page_knows_what_happened_meanwhile(job, left, page, proxy):
    """The whole browser stands still for longer than the server's patience, and goes on."""
    devtools = page.context.browser.new_browser_cdp_session()
    pids = [process["id"] for process in devtools.send("SystemInfo.getProcessInfo")["processInfo"]]
    devtools.detach()

    with stopped(*pids):
        since = time.monotonic()
        prints(left, 40)
        wait_for(lambda: time.monotonic() - since > ASLEEP_SECONDS, 2 * ASLEEP_SECONDS)
    began = time.monotonic()

    expect_percent(page, job, 40)
    expect_state(page, "live", timeout=HEALED_MS)
    logger.info(f"after a sleep of {ASLEEP_SECONDS} s: right {time.monotonic() - began:.1f} s later (limit 8)")
    wait_for(lambda: proxy.streams == 1, 15, "one stream")


def test_a_page_that_lost_the_server_does_not_look_live(page, proxy):
    drawn = page.locator(".q-row .bar").evaluate_handle("bar => getComputedStyle(bar)")
    live_fill = drawn.evaluate("style => style.getPropertyValue('--fill')")

    with away(proxy, page):
        assert drawn.evaluate("style => style.getPropertyValue('--fill')") != live_fill


def test_the_address_of_a_lost_page_still_leads_somewhere(page, proxy):
    """The link beside "Live updates lost": loads the page again."""
    with away(proxy, page):
        assert page.locator("[data-live-link]").get_attribute("href") == QUEUE
