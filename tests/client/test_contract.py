"""The client's own parts against the real server."""

import json
import time
from itertools import pairwise

import pytest

from printqueue.client.sender import Sender
from printqueue.client.server import ServerLink
from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Poll, Spool
from printqueue.models import PrintQueue, PrintRun
from printqueue.protocol import ReportState, Scope
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.program import client
from tests.client.replay import POLL_SECONDS, told
from tests.factories import make_job, make_key


@pytest.fixture
def spool():
    spool = Spool(":memory:")
    yield spool
    spool.close()


@pytest.fixture
def link(server, http, spool):
    """`link(token)`: the way to the real server with this key."""
    return lambda token: ServerLink(http, server.url, token, spool.client)


def test_a_recorded_print_becomes_one_run_and_completes_its_job(link, spool):
    job = make_job(print_file_name="bracket_left.gcode.3mf")
    snapshots = told(load_recording(A1_LOCAL_PRINT))
    began = time.time() - POLL_SECONDS * len(snapshots)
    for n, snapshot in enumerate(snapshots):
        spool.save([Poll("01P00A000000000", "Left P1S", [snapshot], None)], began + POLL_SECONDS * n)
    sender = Sender(spool, link(make_key()[1]))

    while sender.step() is not None:
        pass

    assert (sender.trouble, spool.waiting(1)) == (None, [])
    assert [run.state for run in PrintRun.objects.all()] == ["completed"]
    assert PrintQueue.objects.get(pk=job.pk).state == "completed"


def test_a_print_told_by_a_clock_that_was_set_years_ahead_in_its_course_has_its_true_times(link, tmp_path):
    """A Raspberry Pi that is switched on without a network: it believes in 1970 until it gets one."""
    since_boot, ahead = 30.0, 0.0
    spool = Spool(tmp_path / "spool.sqlite3", wall=lambda: since_boot + ahead, uptime=lambda: since_boot)
    for n in range(4):
        printing = Snapshot(ReportState.PRINTING, "1@30", "part.gcode", progress=10.0 * n * n, started_at=spool.now())
        spool.save([Poll("sim-1", None, [printing], None)], spool.now())
        since_boot += 60
    booted = time.time() - since_boot
    ahead = booted - 3600  # an hour slow even now
    Sender(spool, link(make_key()[1])).step()
    spool.close()

    [run] = PrintRun.objects.all()
    times = [sample.at.timestamp() - booted for sample in run.samples.all()]
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [60, 60, 60]
    assert abs(times[0] - 30) < 20  # how long a call may be under way on a busy machine
    assert abs(run.started_at.timestamp() - booted - 30) < 20


def test_the_lines_of_a_dry_run_are_what_the_api_takes(server, http, configure):
    outcomes = ("completed", "failed", "cancelled")
    printers = [
        f'[[printer]]\nserial = "sim-{outcome}-{place}"\nname = "Ä \\"{outcome}\\""\ndriver = "simulated"\n'
        f'seconds = 100\noutcome = "{outcome}"\nstart_at_seconds = {place}\npause_at_percent = 50\nrest_seconds = 300\n'
        for outcome in outcomes
        for place in (0, 30, 55, 200, 300)
    ]
    lines = client("--config", configure("".join(printers)), "--once", "--dry-run").stdout.splitlines()

    answer = http.post(
        f"{server.url}/api/printer-reports",
        json={"reports": [json.loads(line) for line in lines]},
        headers={"Authorization": f"Bearer {make_key()[1]}"},
    )
    assert {json.loads(line)["state"] for line in lines} >= {"preparing", "printing", "paused", "idle", *outcomes}
    assert [result["error"] for result in answer.json()["results"]] == [None] * len(printers)


def test_the_check_is_content_with_a_key_that_may_report(link):
    assert link(make_key(scopes=(Scope.REPORTS_WRITE,))[1]).check() is None


def test_a_name_that_the_server_does_not_answer_to_fails_the_check_and_keeps_the_reports(link, http, spool):
    http.headers["Host"] = "queue.local"
    elsewhere = link(make_key()[1])
    spool.save([Poll("sim-1", None, [Snapshot(ReportState.IDLE)], None)], time.time())
    Sender(spool, elsewhere).step()

    assert "ALLOWED_HOSTS" in (elsewhere.check() or "")
    assert len(spool.waiting(2)) == 1


def test_the_check_names_a_key_that_is_unknown(link):
    assert "does not know the key" in (link("pf_nobody_knows").check() or "")


def test_the_check_names_a_key_without_the_scope(link):
    assert "it needs the scope reports:write" in (link(make_key(scopes=(Scope.JOBS_READ,))[1]).check() or "")
