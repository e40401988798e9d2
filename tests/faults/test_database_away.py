"""PostgreSQL frozen, restarted, or shut down: nobody is let in that cannot be checked, and everything comes back."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.conftest import Servers
from tests.factories import make_job, make_staff
from tests.faults.audience import EVENTS
from tests.faults.conftest import GENEROUS
from tests.faults.lines import connections
from tests.faults.measure import descriptors
from tests.faults.own_postgres import models_on, running_postgres
from tests.faults.reports import lost, reporting, sum_of_answers
from tests.live.conftest import key_headers, staff_headers
from tests.processes import wait_for

logger = logging.getLogger(__name__)

pytestmark = pytest.mark.postgres_only

FROZEN_SECONDS = 10
END_LIMIT = 6
"""Seconds after which a server that was told to end has ended: promised."""

ANSWER_LIMIT = 20
"""Seconds after which the server gives a request up that the database does not answer: promised."""


@pytest.fixture(scope="module")
def module_postgres(django_db_setup):
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def postgres(transactional_db, module_postgres):
    """A PostgreSQL of this module's own; the models of this process are on it."""
    with models_on(module_postgres):
        yield module_postgres
        if not module_postgres.is_up:
            module_postgres.up()


@pytest.fixture
def own_server(postgres, tmp_path):
    """A server on it, which made the tables if nobody had."""
    servers = Servers(tmp_path)
    server = servers.make("--no-worker", environment={"DATABASE_URL": postgres.database_url, **GENEROUS})
    yield server.start()
    servers.stop()


@pytest.mark.slow
def test_a_frozen_database_cuts_no_page_and_loses_no_report(own_server, postgres, audience, reporters):
    """Row 6: PostgreSQL with all its processes stopped for 10 s."""
    audience.open(own_server, 20)
    audience.wait_until_open()
    some = reporters([own_server], jobs=3, printers=3)
    for reporter in some:
        reporter.tell(10)
    alive = []

    with own_server.client(timeout=3) as client, reporting(some, [20, 30, 40], pause=1) as flow:
        with postgres.frozen():
            thaw_at = time.monotonic() + FROZEN_SECONDS
            while (began := time.monotonic()) < thaw_at:
                assert client.get("/healthz").status_code == 200
                alive.append(time.monotonic() - began)
                time.sleep(0.1)  # asked ten times a second
            known = flow.acknowledged
        wait_for(lambda: flow.is_past(known), 3 * ANSWER_LIMIT, "reports are taken again")

    audience.wait_until_right()
    assert lost(some) == {}
    assert {reporter.subject.last_stored() for reporter in some} == {(4, 40)}
    answers = sum_of_answers(some)
    assert answers.keys() <= {200, 503}, answers
    assert {page.openings for page in audience.pages} == {1}
    logger.info(f"frozen for {FROZEN_SECONDS} s: /healthz took at most {max(alive):.3f} s; reports: {answers}")


def test_a_server_ends_soon_also_while_its_database_is_frozen(postgres, tmp_path, audience):
    """Row 21, with row 6: SIGTERM while requests, the pump and the periodic work wait for a frozen PostgreSQL."""
    servers = Servers(tmp_path)
    server = servers.make(environment={"DATABASE_URL": postgres.database_url, **GENEROUS}).start()
    audience.open(server, 20)
    audience.wait_until_open()
    by_key = key_headers()

    def ask() -> int | None:
        with httpx2.Client(base_url=server.url, timeout=60) as client:
            try:
                return client.get("/api/printers", headers=by_key).status_code
            except httpx2.TransportError:
                return None

    with ThreadPoolExecutor(6) as clients, postgres.frozen():
        answers = [clients.submit(ask) for _ in range(6)]
        wait_for(lambda: connections(server) >= 26, what="the requests are there")
        assert server.process
        began = time.monotonic()

        server.process.terminate()
        # Nearly all of it is waiting for what does not come: three times as long would be one wait after the other.
        code = server.process.wait(1.5 * END_LIMIT)

        seconds = time.monotonic() - began
    logger.info(f"with a frozen database a server ended after {seconds:.1f} s (limit {END_LIMIT})")
    assert code == 0
    assert {answer.result() for answer in answers} == {None}


def test_150_pages_outlive_a_restart_of_the_database(own_server, postgres, audience, reporters):
    """Row 9: PostgreSQL restarted with 150 streams; they stay, and nothing of the server's stays behind."""
    audience.open(own_server, 150)
    audience.wait_until_open(20)
    [reporter] = reporters([own_server], jobs=1)
    reporter.tell(10)
    audience.wait_until_right()
    before = descriptors(own_server.pid)

    postgres.down()
    postgres.up()
    reporter.tell(20)

    audience.wait_until_right()
    assert {page.openings for page in audience.pages} == {1}
    with own_server.client() as client:
        for _ in range(100):
            client.get("/", headers={"Connection": "close"})
    wait_for(lambda: descriptors(own_server.pid) <= before + 8, what="what requests held is given back")


def test_while_the_database_is_down_nobody_gets_in_and_nothing_is_said_to_be_stored(
    own_server, postgres, audience, reporters
):
    """Row 10: PostgreSQL down: PUT, new stream, log-in; then it is there again."""
    audience.open(own_server, 5)
    audience.wait_until_open()
    job, staff, by_key = make_job(), staff_headers(), key_headers()
    make_staff(username="kim")

    def put(client):
        return client.put(f"/api/print-queue/{job.pk}/progress", json={"progress": 5}, headers=by_key)

    def log_in(client):
        fields = {"username": "kim", "password": "tidy-workshop", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        return client.post("/admin/login/", data=fields)

    attempts = {
        "PUT": put,
        "log-in": log_in,
        "stream of staff": lambda client: client.get(EVENTS, headers=staff),
        "stream of a key": lambda client: client.get(EVENTS, headers=by_key),
        "page": lambda client: client.get("/admin/print-queue/", headers=staff),
        "readyz": lambda client: client.get("/readyz"),
    }
    with own_server.client(timeout=30) as client:
        client.get("/admin/login/").raise_for_status()

        postgres.down()
        for name, attempt in attempts.items():
            began = time.monotonic()
            status = attempt(client).status_code
            logger.info(f"database down: {name} answered {status} in {time.monotonic() - began:.2f} s")
            assert status == 503, name
        assert client.get("/healthz").status_code == 200
        postgres.up()

        wait_for(lambda: client.get("/readyz").status_code == 200, 30, "ready again")
        assert put(client).status_code == 200
        assert log_in(client).status_code == 302
    audience.wait_until_right()
