"""The hint between processes: it may get lost, for a moment or for good."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction

from printqueue.models import PrintQueue
from tests.conftest import ENVIRONMENT
from tests.environment import ROOT
from tests.factories import make_job
from tests.faults.networks import Network
from tests.faults.reports import sum_of_answers
from tests.faults.wire import SOCKET, Wire
from tests.live.changes import report_progress
from tests.processes import wait_for

logger = logging.getLogger(__name__)

LIMIT = 1.5
"""Seconds after which a page knows of a write that came without a hint: promised."""

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"


def write_without_a_hint(job: PrintQueue, percent: float) -> None:
    """Write as a process does whose hint gets lost."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE printqueue_revisioncounter SET value = value + 1 RETURNING value")
        [revision] = cursor.fetchone()
        cursor.execute(
            "UPDATE printqueue_printqueue SET progress = %s, revision = %s WHERE id = %s", [percent, revision, job.pk]
        )


def listeners() -> set[int]:
    """Return the backends of PostgreSQL on which servers listen for hints."""
    with connection.cursor() as cursor:
        cursor.execute(LISTENERS)
        return {pid for (pid,) in cursor.fetchall()}


def end_listeners() -> set[int]:
    """Cut all connections on which servers listen for hints; return what they were."""
    with connection.cursor() as cursor:
        cursor.execute(LISTENERS)
        found = {pid for (pid,) in cursor.fetchall()}
        for pid in found:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        return found


def are_back(cut: set[int], count: int) -> bool:
    """Whether so many servers listen again, on other connections than those that were cut."""
    return len(listeners() - cut) == count


def test_a_write_whose_hint_was_lost_is_seen_soon(server, audience):
    """Row 5: the hint lost."""
    job = make_job()
    audience.open(server, 5)
    audience.wait_until_open()

    for percent in range(1, 4):
        write_without_a_hint(job, percent)

        audience.wait_until_right(LIMIT)


@pytest.mark.slow
@pytest.mark.postgres_only
def test_reports_are_taken_and_seen_while_the_connections_for_hints_are_cut(servers, audience, reporters):
    """Row 5: the listening connections killed, five times."""
    for server in servers:
        audience.open(server, 3)
    audience.wait_until_open()
    two = reporters(servers, jobs=1, printers=1)
    for _ in range(5):
        cut = wait_for(end_listeners, what="somebody listens")
        for reporter in two:
            reporter.tell(10)

        audience.wait_until_right(LIMIT)

        wait_for(partial(are_back, cut, len(servers)), 30, "all listen again")
    assert sum_of_answers(two) == {200: 10}
    logger.info(f"while hints were cut a report took at most {max(max(r.seconds) for r in two):.3f} s (limit 0.5)")


@contextmanager
def postgres_on(network: Network) -> Iterator[subprocess.Popen[bytes]]:
    """The PostgreSQL of the tests as one at the other end of a cable."""
    program = [sys.executable, "-m", "tests.faults.far_postgres", network.there, "5432"]
    target = str(ENVIRONMENT.postgres.folder / SOCKET)
    process = subprocess.Popen([*network.within, *program, target], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"listening\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.postgres_only
def test_hints_come_again_after_the_machine_of_postgresql_was_gone_without_a_word(start_server, audience, reporters):
    """Row 5: a connection that only listens would wait for two hours for one that is no more."""
    others = listeners()
    with Network() as network:
        with postgres_on(network):
            server = start_server(
                DATABASE_URL=f"postgresql://postgres@{network.there}/{connection.settings_dict['NAME']}"
            )
            wait_for(lambda: listeners() - others, what="the server listens")
            network.cut()
        wait_for(lambda: not listeners() - others, what="PostgreSQL has forgotten it")
        network.mend()
        began = time.monotonic()

        with postgres_on(network):
            wait_for(lambda: listeners() - others, 60, "the server listens again")

            logger.info(f"it listened again {time.monotonic() - began:.0f} s after the cable was mended (limit 20)")
            audience.open(server, 3)
            [reporter] = reporters([server], jobs=1)
            reporter.tell(10)
            audience.wait_until_right()
            server.stop()


def test_a_report_to_one_process_is_seen_soon_by_the_pages_of_another(servers, audience):
    """Row 7: two processes, and on SQLite no hint between them: there the other is the one that runs these tests."""
    job = make_job()
    audience.open(servers[-1], 3)
    audience.wait_until_open()
    for percent in range(1, 4):
        report_progress(job, percent)

        audience.wait_until_right(LIMIT)


@pytest.mark.postgres_only
def test_two_servers_that_lose_every_hint_keep_each_others_pages_right(start_server, audience, reporters):
    """Row 7: two servers on one PostgreSQL, and never a hint."""
    with Wire(ENVIRONMENT.postgres.folder) as wire:
        wire.loses_hints = True
        url = wire.url(connection.settings_dict["NAME"])
        two = [start_server(DATABASE_URL=url), start_server(DATABASE_URL=url)]
        for server in two:
            audience.open(server, 3)
        audience.wait_until_open()
        one, other = reporters(two, jobs=1, printers=1)

        for percent in range(1, 4):
            one.tell(percent)
            other.tell(percent)

            audience.wait_until_right(LIMIT)

        assert wire.lost > 0
