"""The real client and the real server, and one of them is gone for a while: what the history says afterwards."""

import json
import logging
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import pytest

from printqueue.client.spool import Spool
from printqueue.models import PrintQueue, PrintRun, Sample
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES
from tests.client.clocked import FACTOR, RUSHED_SECONDS
from tests.environment import ROOT
from tests.factories import make_job, make_key, make_printer
from tests.processes import wait_for

pytestmark = pytest.mark.slow

logger = logging.getLogger(__name__)

SERIAL = "sim-1"
LIMIT_SECONDS = 90
NEAR = timedelta(seconds=20)  # how long a call may be under way on a busy machine: the server takes it for skew

JOURNAL = """
CREATE TABLE told (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TRIGGER tell AFTER INSERT ON report BEGIN INSERT INTO told (body) VALUES (new.body); END;
"""
"""In the spool itself, so that even a kill leaves no report in one and not in the other."""


class Bench:
    """A client process with one simulated printer, a clock that can be rushed, and all that the client ever reported."""

    def __init__(self, folder, url, token, printer):
        self.rush, self.log, self._spool = folder / "rush", folder / "client.log", folder / "spool.sqlite3"
        self._config = folder / "client.toml"
        self._config.write_text(
            f'server = "{url}"\nkey = "{token}"\npoll_seconds = 0.1\n'
            f'[[printer]]\nserial = "{SERIAL}"\ndriver = "simulated"\nrepeat = false\nfiles = ["part.gcode"]\n{printer}'
        )
        Spool(self._spool).close()
        with closing(sqlite3.connect(self._spool)) as database:
            database.executescript(JOURNAL)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self):
        command = [sys.executable, "-m", "tests.client.clocked", "client", self.rush, "--config", self._config]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def end(self, number):
        """Send the signal `number` and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(LIMIT_SECONDS)

    def assert_runs_for(self, seconds):
        """Return after so many seconds; fail if the client ended meanwhile."""
        assert self.process is not None
        with pytest.raises(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def told(self):
        """Every report that the client ever kept, in order. The client must have ended."""
        with closing(sqlite3.connect(self._spool)) as database:
            return [json.loads(body) for (body,) in database.execute("SELECT body FROM told ORDER BY id")]

    def rush_on(self):
        """Let the client's clock run ahead."""
        self.rush.touch()

    def wait_until_rushed(self):
        """Return when the client's clock goes at its pace again."""
        end = self.rush.stat().st_mtime + RUSHED_SECONDS / (FACTOR - 1)
        wait_for(lambda: time.time() > end, LIMIT_SECONDS, "the client's clock has rushed")


@pytest.fixture
def bench(tmp_path):
    """`bench(server, printer)`: a client for this server; `printer` adds to the simulated printer's configuration."""
    made = []

    def make(server, printer):
        made.append(Bench(tmp_path, server.url, make_key(make_printer(SERIAL))[1], printer))
        return made[0]

    yield make
    for one in made:
        if one.process is not None:
            one.end(signal.SIGKILL)


@pytest.fixture
def job(transactional_db):
    return make_job(print_file_name="part.gcode")


def samples():
    return list(Sample.objects.all())


def last_sequence():
    run = PrintRun.objects.first()
    return run.last_sequence if run else 0


def has_said(sequence):
    return last_sequence() >= sequence


def of_the_print(told):
    """The reports that are the course of the print: up to its first end."""
    end = next(n for n, report in enumerate(told) if report["state"] in ENDED_STATES)
    return [report for report in told[:end] if report["state"] in ACTIVE_STATES] + [told[end]]


def assert_one_print_and_one_end(job):
    [run] = PrintRun.objects.all()
    job = PrintQueue.objects.get(pk=job.pk)

    assert (run.state, run.job_id, job.state, job.copies_done) == ("completed", job.pk, "completed", 1)
    for row in (run, job):
        states = list(row.transitions.values_list("new_state", flat=True))
        assert (states.count("completed"), states[-1]) == (1, "completed")


def assert_samples_are_what_was_told(told):
    """From the first to the last, in this order, and no change of state is missing."""
    said = [(report["state"], report.get("progress", 0)) for report in of_the_print(told)]
    kept = [(sample.state, sample.progress) for sample in samples()]
    left = iter(said)

    assert all(one in left for one in kept)
    assert (kept[0], kept[-1]) == (said[0], said[-1])
    assert [state for state, _ in groupby(kept, lambda one: one[0])] == [
        state for state, _ in groupby(said, lambda one: one[0])
    ]


def test_a_print_that_goes_on_and_ends_while_the_server_is_away_for_a_quarter_of_an_hour(serve, bench, job):
    server = serve("--no-worker")
    client = bench(server, "seconds = 1000\nstart_at_seconds = 250\n")
    client.start()
    wait_for(PrintRun.objects.exists, LIMIT_SECONDS, "the print is on")
    first = last_sequence()
    wait_for(lambda: last_sequence() > first + 2, LIMIT_SECONDS, "the print goes on")
    server.stop()
    known = PrintRun.objects.get().last_report_at
    client.rush_on()
    wait_for(lambda: f"{SERIAL}: idle" in client.log.read_text(), LIMIT_SECONDS, "the print is over")
    client.wait_until_rushed()
    # The client has come a quarter of an hour further; so does the server.
    server.command[1:2] = ["-m", "tests.client.clocked", "server", str(RUSHED_SECONDS)]
    server.start()
    wait_for(lambda: PrintQueue.objects.get(pk=job.pk).state == "completed", LIMIT_SECONDS, "the server knows")
    client.end(signal.SIGTERM)

    assert_one_print_and_one_end(job)
    assert_samples_are_what_was_told(client.told())
    times = {
        (report["state"], report.get("progress", 0)): datetime.fromisoformat(report["measuredAt"])
        for report in of_the_print(client.told())
    }
    away = [(sample.at, times[sample.state, sample.progress]) for sample in samples() if sample.at > known]
    assert all(abs(stored - true) < NEAR for stored, true in away)
    assert away[-1][0] - known > timedelta(minutes=12)
    assert [stored for stored, _ in away] == sorted(stored for stored, _ in away)
    job.refresh_from_db()
    assert abs(job.ended_at - away[-1][1]) < NEAR


def test_a_client_killed_at_ten_random_moments_of_a_print_loses_and_doubles_nothing(server, bench, job):
    seed = random.randrange(10**6)  # noqa: S311 - no secret
    moments = random.Random(seed)  # noqa: S311
    logger.warning("seed %d", seed)  # to repeat a failure
    client = bench(server, "seconds = 400\n")
    for _ in range(10):
        client.start()
        enough = last_sequence() + moments.randrange(12)
        wait_for(partial(has_said, enough), LIMIT_SECONDS, "the client reports")
        client.assert_runs_for(moments.uniform(0, 1.2))
        client.end(signal.SIGKILL)
    client.start()
    client.rush_on()
    wait_for(lambda: PrintQueue.objects.get(pk=job.pk).state == "completed", LIMIT_SECONDS, "the print is over")
    client.end(signal.SIGTERM)

    told = client.told()
    percents = [sample.progress for sample in samples()]
    sequences = [report["sequence"] for report in told]
    assert_one_print_and_one_end(job)
    assert_samples_are_what_was_told(told)
    assert percents == sorted(percents)
    assert sequences == sorted(set(sequences))
    assert last_sequence() >= of_the_print(told)[-1]["sequence"]
    assert len({report["runKey"] for report in told if "runKey" in report}) == 1
