"""`manage.py serve` as people start it: the first time, twice, on a taken port, and how it ends."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from printqueue.models import Listening, PeriodicTask
from tests.conftest import ENVIRONMENT
from tests.environment import ROOT
from tests.processes import ServeProcess, free_port, wait_for

FIRST = re.compile(r"name +(\S+)\n +password +(\S+)")
NewServer = Callable[..., ServeProcess]


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[str]:
    """DATABASE_URL of an empty database."""
    if ENVIRONMENT.database == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.sqlite3'}"
        return
    yield from new_postgres_database()


def new_postgres_database() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS fresh")
        cursor.execute("CREATE DATABASE fresh")
        yield ENVIRONMENT.postgres.url("fresh")
        cursor.execute("DROP DATABASE fresh WITH (FORCE)")


@pytest.fixture
def new_server(transactional_db: None, new_database: str, tmp_path: Path) -> Iterator[NewServer]:
    """`new_server("--no-worker")`: a server on the empty database, not yet started."""
    servers: list[ServeProcess] = []

    def make(*arguments: str) -> ServeProcess:
        log = tmp_path / f"{len(servers)}.log"
        servers.append(ServeProcess(*arguments, environment={"DATABASE_URL": new_database}, log=log))
        return servers[-1]

    yield make
    for server in servers:
        if server.is_running:
            server.kill()


def log_in(server: ServeProcess, name: str, password: str) -> bool:
    """Whether these let somebody in."""
    with server.client() as client:
        client.get("/admin/login/")
        form = {"username": name, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        client.post("/admin/login/", data=form)
        return "sessionid" in client.cookies


def test_the_first_start_shows_a_log_in_that_works_and_no_later_one_does(new_server):
    server = new_server().start()

    [(name, password)] = FIRST.findall(server.output())

    assert log_in(server, name, password)
    server.stop()
    server.start()
    assert len(FIRST.findall(server.output())) == 1


def test_it_says_where_it_is(new_server):
    server = new_server("--no-worker").start()

    assert f"PrintFactory is at {server.url}\n" in server.output()


def test_listening_everywhere_without_a_name_that_it_answers_to_is_warned_of(serve):
    server = serve("--no-worker", "--bind", "0.0.0.0")  # noqa: S104 - the very case

    wait_for(lambda: "only this machine is answered" in server.output(), what="the warning")


@pytest.mark.parametrize(
    "setting", [{"PUBLIC_URL": "http://queue.local:8000"}, {"ALLOWED_HOSTS": "queue.local,127.0.0.1"}]
)
def test_listening_everywhere_under_a_name_is_not_warned_of(serve, setting):
    server = serve("--no-worker", "--bind", "0.0.0.0", environment=setting)  # noqa: S104 - the very case

    wait_for(lambda: "PUBLIC_URL is http:" in server.output(), what="what it says last")
    assert "only this machine" not in server.output()


def refusal(port: int, database_url: str) -> str:
    """What `serve` says, which is refused, after its first log-in."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    environment = {**os.environ, "DATABASE_URL": database_url}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 1
    return answer.stderr.strip().splitlines()[-1]


@pytest.mark.sqlite_only
def test_a_second_server_on_one_sqlite_database_is_refused_with_a_sentence(new_server, new_database):
    first = new_server("--no-worker").start()

    sentence = refusal(free_port(), new_database)

    assert "Another server runs on" in sentence
    assert first.is_running


def test_a_taken_port_is_said_in_a_sentence(transactional_db, new_database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert refusal(port, new_database).startswith(f"CommandError: Cannot listen on 127.0.0.1 port {port}: ")


@pytest.mark.postgres_only
def test_several_servers_may_start_together_on_an_empty_database(new_server):
    servers = [new_server("--no-worker") for _ in range(3)]

    for server in servers:
        server.launch()
    for server in servers:
        server.wait_until_ready()

    assert sum(len(FIRST.findall(server.output())) for server in servers) == 1


def test_it_says_that_it_listens_also_without_a_worker(serve):
    serve("--no-worker")

    wait_for(lambda: Listening.since_when(timezone.now()), what="a beat of the server")


@pytest.mark.parametrize("with_worker", [True, False])
def test_it_does_the_periodic_work_unless_told_not_to(with_worker, serve):
    serve(*([] if with_worker else ["--no-worker"]))

    if with_worker:
        wait_for(PeriodicTask.objects.exists, what="a task was claimed")
    else:
        assert not PeriodicTask.objects.exists()
