"""What every test may ask for. Importing this sets Django up: test modules import models at their top."""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import override_settings

from tests.environment import Environment, cannot_run
from tests.postgres import installed_binaries
from tests.processes import ServeProcess


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgres"], default="sqlite", help="the database to test on")
    parser.addoption("--slow", action="store_true", help="run tests marked slow too")


def chosen_database() -> str:
    """--db, read early: pytest hands options out only after it has imported the first test packages.

    One of several processes that share the tests is told by the first.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return os.environ["TESTED_DATABASE"]
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--db", default="sqlite")
    return os.environ.setdefault("TESTED_DATABASE", str(parser.parse_known_args(sys.argv[1:])[0].db))


ENVIRONMENT = Environment(chosen_database())
ENVIRONMENT.apply()
django.setup()

logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each request of each test says nothing


# Whoever ends the tests by a signal gets the same tidying up as with Ctrl-C: no server and no database stays behind.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_xdist_setupnodes() -> None:
    """Let each of several processes that share the tests choose its own data, before Django reads the settings."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    ENVIRONMENT.remove()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the options do not ask for, and on PostgreSQL what says nothing about it.

    Without --slow PostgreSQL gets the tests in which several connections meet, where it differs most from SQLite.
    """
    on_sqlite, is_quick = config.getoption("--db") == "sqlite", not config.getoption("--slow")
    left_out = {"postgres_only"} if on_sqlite else {"sqlite_only", "browser"}
    if is_quick:
        left_out.add("slow")

    def is_chosen(item: pytest.Item) -> bool:
        marks = {mark.name for mark in item.iter_markers()}
        if left_out & marks:
            return False
        return on_sqlite or (needs_database(item) and (not is_quick or "postgres_only" in marks or commits(item)))

    chosen = [item for item in items if is_chosen(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def needs_database(item: pytest.Item) -> bool:
    """Whether the test, one of its fixtures or one of theirs opens the database."""
    is_marked = item.get_closest_marker("django_db") is not None
    return is_marked or bool({"db", "transactional_db", "django_db_setup"} & fixtures_of(item))


def commits(item: pytest.Item) -> bool:
    """Whether what the test writes is there for other connections."""
    mark = item.get_closest_marker("django_db")
    is_marked = mark is not None and mark.kwargs.get("transaction", False)
    return is_marked or "transactional_db" in fixtures_of(item)


def fixtures_of(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Views rendered inside the test process link static files by plain names; real servers use hashed ones."""
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Have PostgreSQL running before pytest-django makes the test database on it."""
    if ENVIRONMENT.database == "postgres":
        binaries = installed_binaries()
        if binaries is None:
            cannot_run("there is no PostgreSQL: neither the wheel's nor the system's")
        ENVIRONMENT.postgres.start(binaries)
    yield
    ENVIRONMENT.postgres.stop()


def database_url() -> str:
    """DATABASE_URL of the test database, for other processes."""
    name = str(connection.settings_dict["NAME"])
    return ENVIRONMENT.postgres.url(name) if ENVIRONMENT.database == "postgres" else f"sqlite:///{name}"


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords made and checked inside the test process cost no time."""
    with override_settings(PASSWORD_HASHERS=["tests.hashing.QuickHasher"]):
        yield


class Servers:
    """Makes servers on the test database, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[ServeProcess] = []

    def make(self, *arguments: str, environment: dict[str, str] | None = None) -> ServeProcess:
        """A server that is not yet started."""
        log = self.folder / f"serve-{len(self.made)}.log"
        own = {"DATABASE_URL": database_url(), **(environment or {})}
        server = ServeProcess(*arguments, environment=own, log=log)
        self.made.append(server)
        return server

    def start(self, server: ServeProcess) -> ServeProcess:
        """Start `server`, and take back the first member of staff that it makes when it finds none."""
        users = get_user_model().objects
        known = list(users.values_list("pk", flat=True))
        server.start()
        users.exclude(pk__in=known).delete()
        return server

    def stop(self) -> None:
        """End all that still run."""
        for server in self.made:
            if server.is_running:
                server.stop()


@pytest.fixture(scope="session")
def shared_servers(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Holds the one server that tests share."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    servers.stop()


@pytest.fixture
def one_history(transactional_db: None) -> None:
    """Let the revisions of a server that outlives the rows of single tests go on rising, in one epoch.

    Otherwise it would, rightly, tell each page some moment after its opening to read everything again.
    """
    from printqueue.live.revisions import RevisionCounter

    now = {"epoch": "0123abcd", "value": time.time_ns() // 1_000_000}
    RevisionCounter.objects.update_or_create(pk=1, defaults=now)


@pytest.fixture(autouse=True)
def one_history_for_all(request: pytest.FixtureRequest) -> None:
    """The server that tests share watches the database during tests that know nothing of it, too."""
    if commits(request.node):
        request.getfixturevalue("one_history")


@pytest.fixture
def server(one_history: None, shared_servers: Servers) -> ServeProcess:
    """A real server without worker on the test database, shared by all tests that ask for it.

    A test may kill and restart it; it is started again for the next one.
    """
    if not shared_servers.made:
        shared_servers.make("--no-worker")
    [shared] = shared_servers.made
    return shared if shared.is_running else shared_servers.start(shared)


@pytest.fixture
def no_server(transactional_db: None, shared_servers: Servers) -> None:
    """No server is beside the test, as the shared one may be: it says every few seconds that it listens."""
    shared_servers.stop()


@pytest.fixture
def serve(one_history: None, shared_servers: Servers, tmp_path: Path) -> Iterator[Callable[..., ServeProcess]]:
    """`serve("--no-worker", environment={…})`: a server of the test's own, started; several share the database.

    On SQLite one server runs at a time, so the shared one makes way.
    """
    if ENVIRONMENT.database == "sqlite":
        shared_servers.stop()
    servers = Servers(tmp_path)

    def start(*arguments: str, environment: dict[str, str] | None = None) -> ServeProcess:
        return servers.start(servers.make(*arguments, environment=environment))

    yield start
    servers.stop()
