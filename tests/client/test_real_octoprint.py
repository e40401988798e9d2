"""A real OctoPrint prints, the real client reports it, the real server stores it: all three agree."""

import pytest

from printqueue.models import PrintQueue, PrintRun
from tests.client.real_octoprint import real_octoprint
from tests.e2e.printer_client import running_client
from tests.factories import make_job, make_key, make_printer
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

SERIAL = "ender-1"
LIMIT_SECONDS = 60


class Bench:
    """OctoPrint, the client and the server together."""

    def __init__(self, octoprint, api):
        self.octoprint, self.api = octoprint, api

    def begin(self, file_name):
        """Start a print that a job wants, and return the job once the queue shows it moving."""
        job = make_job(print_file_name=file_name)
        self.octoprint.print_file(file_name)
        wait_for(lambda: (self.stored(job).progress or 0) > 10, LIMIT_SECONDS, f"progress of {file_name}")
        assert self.octoprint.shown()["job"]["file"]["name"] == file_name
        assert self.told(job)["progress"] <= self.octoprint.shown()["progress"]["completion"]
        return job

    def told(self, job):
        """The job as the API tells it."""
        return self.api.get(f"/api/print-queue/{job.pk}").raise_for_status().json()

    def stored(self, job):
        """The job as the database holds it. Waited on, since a key may ask the API only so often."""
        return PrintQueue.objects.get(pk=job.pk)

    def agree(self, job, state, shown):
        """Wait until the database says `state`; the API then says it too, and OctoPrint shows `shown`."""
        wait_for(lambda: self.stored(job).state == state, LIMIT_SECONDS, f"{job.print_file_name} is {state}")
        assert (self.told(job)["state"], self.octoprint.shown()["state"]) == (state, shown)


@pytest.fixture
def bench(server, tmp_path):
    token = make_key(make_printer(SERIAL))[1]
    home = tmp_path / "octoprint"
    home.mkdir()
    api = server.client(headers={"X-Api-Key": token})
    with real_octoprint(home) as octoprint:
        octoprint.connect()
        entry = f'[[printer]]\nserial = "{SERIAL}"\ndriver = "octoprint"\nurl = "{octoprint.url}"\n'
        with running_client(tmp_path, server.url, token, entry + f'api_key = "{octoprint.key}"\n'):
            yield Bench(octoprint, api)


def test_pause_resume_finish_cancel_and_a_dropped_line_are_told_as_they_were(bench):
    finished = bench.begin("finished.gcode")
    bench.octoprint.say("/api/job", command="pause", action="pause")
    bench.agree(finished, "paused", "Paused")
    bench.octoprint.say("/api/job", command="pause", action="resume")
    bench.agree(finished, "printing", "Printing")
    bench.agree(finished, "completed", "Operational")

    cancelled = bench.begin("cancelled.gcode")
    bench.octoprint.say("/api/job", command="cancel")
    bench.agree(cancelled, "cancelled", "Operational")

    dropped = bench.begin("dropped.gcode")
    bench.octoprint.say("/api/printer/command", command="!!DEBUG:drop_connection")
    bench.agree(dropped, "failed", "Offline after error")

    runs = PrintRun.objects.order_by("pk")
    assert [(run.job, run.state) for run in runs] == [
        (finished, "completed"),
        (cancelled, "cancelled"),
        (dropped, "failed"),
    ]
    assert runs[0].progress == 100.0
