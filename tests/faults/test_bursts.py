"""Writes faster than pages take them, and pages that come and go meanwhile."""

import signal
import time
from itertools import count, takewhile
from pathlib import Path

import pytest

from tests.conftest import Servers
from tests.factories import make_job
from tests.faults.audience import rendered
from tests.faults.reports import lost, reporting
from tests.live.changes import report_progress
from tests.processes import wait_for

BLOCKABLE = Path(__file__).with_name("blockable_server.py")


def test_after_200_reports_in_a_burst_the_page_knows_what_the_database_holds(server, audience, reporters):
    """Row 1: 200 PUTs as fast as five clients can, one page."""
    [page] = audience.open(server)
    audience.wait_until_open()

    with reporting(reporters([server], jobs=5), range(40)):
        pass

    audience.wait_until_right()
    assert page.ids_back == 0


@pytest.fixture
def blocked_while(tmp_path):
    """A file: while it is there, the server that got SIGUSR2 does nothing in its event loop."""
    marker = tmp_path / "blocked"
    marker.touch()
    return marker


@pytest.fixture
def blockable(serve, tmp_path, blocked_while):
    servers = Servers(tmp_path)
    server = servers.make("--no-worker", environment={"BLOCKED_WHILE": str(blocked_while)})
    server.command[1] = str(BLOCKABLE)
    yield servers.start(server)
    servers.stop()


def test_a_server_that_stands_still_for_two_seconds_tells_all_that_was_written_meanwhile(
    blockable, blocked_while, audience
):
    """Row 2: the loop blocked for 2 s during 60 writes of another process."""
    jobs = [make_job() for _ in range(3)]
    audience.open(blockable, 5)
    audience.wait_until_open()

    blockable.process.send_signal(signal.SIGUSR2)
    wait_for(lambda: "blocked" in blockable.output(), what="the loop is blocked")
    for percent in range(1, 21):
        for job in jobs:
            report_progress(job, percent)
    blocked_while.unlink()

    wait_for(lambda: "free again" in blockable.output(), what="the loop goes on")
    audience.wait_until_right()


def test_20_pages_that_are_cut_again_and_again_while_reports_flow_miss_nothing(servers, audience, reporters):
    """Row 3: 20 connections resumed under flow."""
    for server in servers:
        audience.open(server, 20 // len(servers), back_after=0.05)
    audience.wait_until_open()

    with reporting(reporters(servers, jobs=4, printers=4), range(18)) as flow:
        for turn in takewhile(lambda _: not flow.is_over, count()):
            audience.cut(audience.pages[turn % 2 :: 2])
            time.sleep(0.4)  # between two cuts

    audience.wait_until_right()
    assert min(page.openings for page in audience.pages) > 1
    assert sum(page.ids_back for page in audience.pages) == 0
    assert lost(flow.reporters) == {}


def test_a_page_that_opens_in_the_midst_of_reports_misses_nothing(server, audience, reporters):
    """Row 4: pages rendered, and subscribed to what happened since, while reports flow."""
    with reporting(reporters([server], jobs=3, printers=2), range(35)) as flow:
        while not flow.is_over and len(audience.pages) < 40:
            audience.open(server)
            audience.open(server, rendered=rendered())
            time.sleep(0.05)  # spread over the time of writing

    audience.wait_until_right()


def test_a_fresh_server_tells_its_first_pages_all_that_was_written_since_they_were_made(
    start_server, audience, reporters
):
    """Row 4, in a fresh process, which followed nothing before the first pages came."""
    server = start_server()
    made_before = rendered()

    with reporting(reporters([server], jobs=3), range(20)) as flow:
        wait_for(lambda: flow.acknowledged > 10, what="reports flow")
        audience.open(server, 4, rendered=made_before)
        audience.open(server, 4)

    audience.wait_until_right()
