"""How many pages a server bears, what they cost, and what it says to those that are too many."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import connection

from tests.conftest import database_url
from tests.factories import make_job
from tests.faults.audience import EVENTS
from tests.faults.lines import Line, connections, get, many_lines
from tests.faults.measure import database_connections, descriptors, threads
from tests.live.conftest import key_headers, staff_headers
from tests.processes import ServeProcess, wait_for

logger = logging.getLogger(__name__)


def put_progress(server: ServeProcess, percent: float) -> int:
    """Report the progress of a new job; return the status of the answer."""
    with server.client(headers=key_headers(), timeout=30) as client:
        return client.put(f"/api/print-queue/{make_job().pk}/progress", json={"progress": percent}).status_code


def test_pages_cost_no_file_but_their_own_line_and_no_thread_and_no_connection(server, audience):
    """Row 19: file descriptors and database connections do not grow with streams."""

    def held() -> tuple[int, int, int]:
        return descriptors(server.pid) - connections(server), threads(server.pid), database_connections(server.pid)

    audience.open(server, 5)
    audience.wait_until_open()
    few = held()
    audience.open(server, 195)
    audience.wait_until_open()

    # One of the lasting threads may not have opened the database before: on SQLite a file and its log.
    wait_for(lambda: all(now <= then + 2 for now, then in zip(held(), few, strict=True)), 30, f"{held()}, not {few}")
    logger.info(f"(files but lines, threads, database connections) with 5 pages {few}, with 200 {held()}")


FEW_CONNECTIONS = "server_of_few_connections"
"""A role of PostgreSQL."""


@contextmanager
def few_connections(most: int) -> Iterator[str]:
    """A user of PostgreSQL, who has at most so many connections to the test database; the DATABASE_URL of theirs."""
    name = FEW_CONNECTIONS
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {most}")
        for kind in ("TABLES", "SEQUENCES"):
            cursor.execute(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {name}")
    try:
        yield database_url().replace("//postgres@", f"//{quote(name)}@")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name])
            cursor.execute(f"DROP OWNED BY {name}")
            cursor.execute(f"DROP ROLE {name}")


@pytest.mark.postgres_only
def test_200_pages_open_at_once_on_a_postgresql_of_10_connections(start_server, audience):
    """Row 19: all of them open, and a report is taken and told."""
    with few_connections(10) as url:
        server = start_server(DATABASE_URL=url)
        audience.open(server, 200)
        seconds = audience.wait_until_open(15)
        refused = [page.refusals for page in audience.pages if page.refusals]

        assert put_progress(server, 45.3) == 200

        audience.wait_until_right()
        logger.info(f"200 pages were open after {seconds:.1f} s, with {connections_in_use()} connections (limit 10)")
        server.stop()
        assert refused == []


def connections_in_use() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [FEW_CONNECTIONS])
        return int(cursor.fetchone()[0])


@pytest.fixture
def server_of_few_files(
    start_server: Callable[..., ServeProcess], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ServeProcess]:
    """`server_of_few_files(1024, NAME="value", …)`: a server that may open so many files, hard limit and soft."""

    def start(most: int, **environment: str) -> ServeProcess:
        launch = ServeProcess.launch

        def limited(server: ServeProcess) -> ServeProcess:
            server.command = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", *server.command]
            return launch(server)

        with monkeypatch.context() as patch:
            patch.setattr(ServeProcess, "launch", limited)
            return start_server(**environment)

    return start


@pytest.mark.slow
def test_500_pages_are_within_the_usual_limit_of_1024_files(server_of_few_files, audience):
    """Row 20: all of them open, and every one hears of a report."""
    server = server_of_few_files(1024)

    audience.open(server, 500)
    seconds = audience.wait_until_open(15)

    assert put_progress(server, 45.3) == 200
    audience.wait_until_right()
    logger.info(f"500 pages were open after {seconds:.1f} s with {descriptors(server.pid)} files (limit 1024)")


@pytest.mark.slow
def test_a_server_that_may_open_few_files_refuses_pages_before_it_runs_out_of_them(server_of_few_files, open_stream):
    """Row 20: at the cap a clean 503, and whoever is no stream is served as before."""
    server = server_of_few_files(256)
    headers = [staff_headers() for _ in range(6)]
    statuses: Counter[int] = Counter()

    for number in range(300):
        stream = open_stream(server, headers=headers[number // 50])
        statuses[stream.status] += 1
        if stream.status != 200:
            stream.close()

    assert put_progress(server, 45.3) == 200
    logger.info(f"of 300 pages that wanted in, with 256 files, {statuses[200]} got in and {statuses[503]} a 503")
    assert statuses == {200: 156, 503: 144}


def opened_together(server: ServeProcess, headers: list[dict[str, str]]) -> tuple[Counter[int | None], list[bytes]]:
    """Ask for that many streams at once; count the statuses, and return the heads of the refusals."""

    with many_lines(len(headers), lambda _: Line(server)) as lines, ThreadPoolExecutor(len(lines)) as threads:

        def ask(number: int) -> bytes:
            lines[number].socket.sendall(get(EVENTS, headers[number]))
            return lines[number].answer()

        heads = list(threads.map(ask, range(len(lines))))
    return Counter(int(head.split()[1]) for head in heads), [head for head in heads if b" 200 " not in head[:20]]


def test_exactly_as_many_pages_of_one_user_as_may_be_open_get_in(server, transactional_db):
    """Row 33: sixty ask in parallel, fifty are let in, ten are told to come back later: 429."""
    statuses, refusals = opened_together(server, [staff_headers()] * 60)

    assert statuses == {200: 50, 429: 10}
    assert all(b"\r\nretry-after: 10\r\n" in head.lower() for head in refusals)


def test_exactly_as_many_pages_as_the_server_has_room_for_get_in(start_server):
    """Row 33: sixty users ask in parallel, twenty are let in, forty are told to come back later: 503."""
    statuses, refusals = opened_together(start_server(STREAMS="20"), [staff_headers() for _ in range(60)])

    assert statuses == {200: 20, 503: 40}
    assert all(b"\r\nretry-after: 10\r\n" in head.lower() for head in refusals)
