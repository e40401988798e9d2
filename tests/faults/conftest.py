"""What the tests of faults share: servers that count no requests, and pages that are held to the database."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ENVIRONMENT
from tests.factories import make_job, make_key, make_printer
from tests.faults.audience import Audience
from tests.faults.reports import OfJob, OfPrinter, Reporter, Subject
from tests.live.conftest import open_stream as open_stream  # a fixture here too
from tests.processes import ServeProcess

GENEROUS = {"KEY_RATE": "100000", "KEY_BURST": "1000000"}
"""Limits of a key that no test reaches."""


@pytest.fixture
def audience(transactional_db: None) -> Iterator[Audience]:
    """Open pages; closed at the end."""
    with Audience() as pages:
        yield pages


@pytest.fixture
def start_server(serve: Callable[..., ServeProcess]) -> Callable[..., ServeProcess]:
    """`start_server(NAME="value", …)`: a server of the test's own, without worker, whose keys may ask without end."""

    def start(**environment: str) -> ServeProcess:
        return serve("--no-worker", environment={**GENEROUS, **environment})

    return start


@pytest.fixture
def servers(server: ServeProcess, request: pytest.FixtureRequest) -> list[ServeProcess]:
    """As many servers as the database bears: two on PostgreSQL, one on SQLite."""
    if ENVIRONMENT.database == "sqlite":
        return [server]
    return [server, request.getfixturevalue("serve")("--no-worker")]


@pytest.fixture
def reporters(transactional_db: None) -> Iterator[Callable[..., list[Reporter]]]:
    """`reporters(servers, jobs=2, printers=1)`: that many reporters, of jobs and of printers at work on jobs.

    Each has a key of its own, so that 40 reports at once are let in.
    """

    made: list[Reporter] = []

    def make(servers: list[ServeProcess], *, jobs: int = 0, printers: int = 0) -> list[Reporter]:
        subjects: list[Subject] = [OfJob(make_job()) for _ in range(jobs)]
        subjects += [OfPrinter(make_printer(), make_job()) for _ in range(printers)]
        # Not all of them begin with the same server.
        turns = [servers[n % len(servers) :] + servers[: n % len(servers)] for n in range(len(subjects))]
        new = [Reporter(turn, make_key()[1], subject) for turn, subject in zip(turns, subjects, strict=True)]
        made.extend(new)
        return new

    yield make
    for reporter in made:
        reporter.close()
