"""A real OctoPrint prints, the real client reports it to the real server, and a page stands open: all of them agree."""

import logging
import re

import pytest

from printqueue.models import PrintQueue, PrintRun
from tests.client.real_octoprint import real_octoprint
from tests.e2e.conftest import QUEUE
from tests.e2e.printer_client import running_client
from tests.factories import make_job, make_key, make_printer
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

logger = logging.getLogger(__name__)

SERIAL = "ender-1"
LIMIT_SECONDS = 60
ROUNDED = 0.051
"""By how much a percent with one decimal may differ from the percent."""


class Bench:
    """OctoPrint, the client, the server and a browser together, and the job whose page is open."""

    def __init__(self, octoprint, api, stay):
        self.octoprint, self.api, self.stay = octoprint, api, stay

    def begin(self, file_name):
        """Open the page of a job, start its print at the printer and return the job once the page moves."""
        self.job = make_job(print_file_name=file_name)
        self.page = self.stay(f"{QUEUE}{self.job.pk}/")
        self.octoprint.print_file(file_name)
        self.moves(f"{file_name} starts")
        return self.job

    def moves(self, point, *, beyond=0.1):
        """Wait for so many percent on the page. It has what OctoPrint had before, the database at least as much as the
        page, and OctoPrint now at least as much as the database.
        """
        wait_for(lambda: (self.on_page() or 0) > beyond, LIMIT_SECONDS, f"{beyond} % on the page")
        before = self.at_octoprint()
        wait_for(lambda: (self.on_page() or 0) > before - ROUNDED, LIMIT_SECONDS, f"{before} % on the page")
        on_page, stored, now = self.on_page(), self.stored().progress, self.at_octoprint()
        self.log(point, now, on_page, stored)
        assert before - ROUNDED <= on_page <= stored + ROUNDED
        assert stored <= now + ROUNDED
        assert self.says("Printing", "printing") == ("Printing", "printing", "printing", "Printing")

    def stands(self, point, shown, state, badge, figure):
        """Wait until OctoPrint shows this, database and API say `state`, the page has this badge and in its large text
        these words, and the percent is the same everywhere.
        """
        wait_for(lambda: self.says(badge, state) == (shown, state, state, badge), LIMIT_SECONDS, f"{point}: {badge}")
        wait_for(lambda: figure in self.figure(), LIMIT_SECONDS, f"{point}: {figure}")
        wait_for(self.same_percent, LIMIT_SECONDS, f"{point}: the same percent everywhere")
        self.log(point, self.at_octoprint(), self.on_page(), self.stored().progress)

    def says(self, badge, state):
        """The state as OctoPrint shows it, as database and API hold it, and as the page does.

        A key may ask the API only so often: it is asked once the database and the page say what is waited for.
        """
        stored = self.stored().state
        on_page = self.page.locator("h1 [data-show=badge]").inner_text().split()[0]
        told = self.told()["state"] if (stored, on_page) == (state, badge) else None
        return self.octoprint.shown()["state"], stored, told, on_page

    def same_percent(self):
        """Whether the page shows the stored percent, and OctoPrint too while it shows any."""
        stored, shown = self.stored().progress, self.at_octoprint()
        everywhere = [percent for percent in (self.on_page(), shown) if percent is not None]
        return all(abs(percent - stored) < ROUNDED for percent in everywhere)

    def at_octoprint(self):
        """The percent in OctoPrint's API, None where it shows none."""
        return self.octoprint.shown()["progress"]["completion"]

    def on_page(self):
        """The percent in the text of the page, None where it shows none."""
        words = self.page.locator(".hero").inner_text() + self.page.locator("h1").inner_text()
        found = re.search(r"([\d.]+)\s*%", words)
        return float(found[1]) if found else None

    def figure(self):
        """The large text of the page."""
        return self.page.locator("[data-show=figure]").inner_text().strip()

    def stored(self):
        """The job as the database holds it."""
        return PrintQueue.objects.get(pk=self.job.pk)

    def told(self):
        """The job as the API tells it."""
        return self.api.get(f"/api/print-queue/{self.job.pk}").raise_for_status().json()

    def log(self, point, at_octoprint, on_page, stored):
        badge = self.page.locator("h1 [data-show=badge]").inner_text().strip()
        at_printer, in_database = self.octoprint.shown()["state"], self.stored().state
        logger.info("%s: OctoPrint %s %s %%", point, at_printer, at_octoprint)
        logger.info("%s: page %r, %r, %s %%", point, badge, self.figure(), on_page)
        logger.info("%s: database %s %s %%", point, in_database, stored)


@pytest.fixture
def bench(server, stay, tmp_path):
    token = make_key(make_printer(SERIAL))[1]
    home = tmp_path / "octoprint"
    home.mkdir()
    api = server.client(headers={"X-Api-Key": token})
    with real_octoprint(home) as octoprint:
        octoprint.connect()
        entry = f'[[printer]]\nserial = "{SERIAL}"\ndriver = "octoprint"\nurl = "{octoprint.url}"\n'
        with running_client(tmp_path, server.url, token, entry + f'api_key = "{octoprint.key}"\n'):
            yield Bench(octoprint, api, stay)


@pytest.mark.timeout(600)
def test_octoprint_the_page_and_the_database_agree_from_the_start_to_every_end(bench):
    finished = bench.begin("finished.gcode")
    bench.moves("halfway", beyond=45)
    bench.octoprint.say("/api/job", command="pause", action="pause")
    bench.stands("paused", "Paused", "paused", "Paused", "%")
    bench.octoprint.say("/api/job", command="pause", action="resume")
    bench.moves("resumed", beyond=bench.stored().progress + 1)
    bench.stands("finished", "Operational", "completed", "Completed", "Print Successful")

    cancelled = bench.begin("cancelled.gcode")
    bench.octoprint.say("/api/job", command="cancel")
    bench.stands("cancelled", "Operational", "cancelled", "Cancelled", "Cancelled")

    dropped = bench.begin("dropped.gcode")
    bench.octoprint.say("/api/printer/command", command="!!DEBUG:drop_connection")
    bench.stands("serial line dropped", "Offline after error", "failed", "Failed", "Failed")

    runs = PrintRun.objects.order_by("pk")
    assert [(run.job, run.state) for run in runs] == [
        (finished, "completed"),
        (cancelled, "cancelled"),
        (dropped, "failed"),
    ]
    assert runs[0].progress == 100.0
