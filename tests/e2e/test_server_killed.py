"""The server dies in the middle of a print: the print, its job and the open page survive it."""

import logging
import time

import pytest
from playwright.sync_api import expect

from printqueue.models import PrintRun
from tests.e2e.conftest import QUEUE
from tests.e2e.printer_client import running_client, simulated
from tests.e2e.witness import sights, watch
from tests.factories import make_job, make_key, make_printer
from tests.processes import wait_for

logger = logging.getLogger(__name__)

FILE = "splint_s6.gcode"
HEALED_MS = 3 * 8_000  # promised within 8 s of the server's answering


@pytest.fixture
def job(server):
    return make_job(print_file_name=FILE)


@pytest.fixture
def printing(server, job, tmp_path):
    """A simulated printer at work on the job, watched by the real client."""
    token = make_key(make_printer("sim-1", name="Left P1S"))[1]
    with running_client(tmp_path, server.url, token, simulated("sim-1", seconds=120, file_name=FILE)):
        wait_for(lambda: job.runs.filter(progress__gt=3).exists(), 30, "the print is under way")
        yield


def percent_on(page):
    return sights(page)[-1].percent or 0


def test_after_a_kill_the_same_print_goes_on_and_the_page_heals_by_itself(server, job, printing, page, stay):
    watch(page, job.pk)
    stay(f"{QUEUE}{job.pk}/")
    live = page.locator("#live")

    server.kill()
    expect(live).to_have_attribute("data-live", "lost")
    expect(live).to_contain_text("Live updates lost since")
    before = percent_on(page)
    server.start()
    began = time.monotonic()
    expect(live).to_have_attribute("data-live", "live", timeout=HEALED_MS)

    logger.info(f"live {time.monotonic() - began:.1f} s after the server answered (limit 8)")
    wait_for(lambda: percent_on(page) > before, 15, "the percent moves on")
    percents = [sight.percent for sight in sights(page) if sight.percent is not None]
    [run] = PrintRun.objects.all()
    assert percents == sorted(percents)
    assert (run.job, run.state) == (job, "printing")
    assert list(job.transitions.values_list("new_state", flat=True)) == ["ready", "printing"]
