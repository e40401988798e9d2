"""Everything at once."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.conftest import ENVIRONMENT
from tests.factories import make_job
from tests.faults.audience import Audience
from tests.faults.reports import lost, reporting, sum_of_answers
from tests.faults.wire import Wire
from tests.live.changes import report_progress
from tests.processes import wait_for

logger = logging.getLogger(__name__)

PAGES = 12
PERCENTS = range(4, 101, 4)
"""25 reports of each of 20 jobs; the last completes a job that is told of by PUT."""

FLOWING = 120
"""Seconds within which the next few reports must have been acknowledged."""


@pytest.fixture
def wire(transactional_db):
    """What the servers' hints can be lost on; None on SQLite, where another process's writes come without one."""
    if ENVIRONMENT.database == "sqlite":
        yield None
        return
    with Wire(ENVIRONMENT.postgres.folder) as wire:
        yield wire


@pytest.fixture
def chaos_servers(wire, start_server):
    """One server on SQLite, two on PostgreSQL."""
    if wire is None:
        return [start_server()]
    return [start_server(DATABASE_URL=wire.url(connection.settings_dict["NAME"])) for _ in range(2)]


@contextmanager
def cut_every_5_seconds(audience: Audience) -> Iterator[None]:
    """Cut all pages again and again; they come back as the server told them to."""
    over = threading.Event()

    def cut() -> None:
        while not over.wait(5):
            audience.cut()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        yield
    finally:
        over.set()
        cutting.join()


@pytest.mark.slow
@pytest.mark.parametrize("run", [1, 2, 3])
def test_no_page_is_wrong_after_everything_at_once(run, wire, chaos_servers, audience, reporters):
    """Chaos: 500 reports to 20 jobs, three kill -9, hints lost twice, streams cut every 5 s, 12 pages."""
    for server in chaos_servers:
        audience.open(server, PAGES // len(chaos_servers))
    audience.wait_until_open()
    job_of_another_process = make_job()

    def reports_flow(count: int) -> None:
        goal = min(flow.acknowledged + count, 499)
        wait_for(lambda: flow.acknowledged >= goal, FLOWING, "reports flow")

    def lose_hints(percent: int) -> None:
        if wire is None:
            report_progress(job_of_another_process, percent)
            return
        wire.loses_hints = True
        reports_flow(30)
        wire.loses_hints = False

    def kill(number: int) -> None:
        victim = chaos_servers[number % len(chaos_servers)]
        victim.kill()
        assert lost(flow.reporters) == {}
        victim.start()

    with (
        reporting(reporters(chaos_servers, jobs=10, printers=10), PERCENTS, pause=0.8) as flow,
        cut_every_5_seconds(audience),
    ):
        for turn in range(3):
            reports_flow(60)
            kill(turn)
            if turn < 2:
                reports_flow(40)
                lose_hints(percent=10 + turn)
        flow.wait()

    audience.wait_until_right()
    assert lost(flow.reporters) == {}
    assert {reporter.subject.last_stored() for reporter in flow.reporters} == {(25, 100)}
    assert flow.acknowledged == 500
    assert wire is None or wire.lost > 0
    openings = sum(page.openings for page in audience.pages)
    logger.info(f"chaos {run}: 0 of 240 states wrong; answers {sum_of_answers(flow.reporters)}, {openings} openings")
