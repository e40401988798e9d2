"""GET /healthz, GET /readyz"""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from printqueue.live import pump
from printqueue.views.api import health
from tests.processes import wait_for


@pytest.fixture
def running_pump(transactional_db):
    """This process follows the database, as a server does."""
    pump.start()
    yield
    pump.stop()


@pytest.fixture(autouse=True)
def not_remembered():
    """What an earlier test found out about the migrations."""
    health._require_migrated.cache_clear()
    yield
    health._require_migrated.cache_clear()


def said(response):
    return response.status_code, response.content.decode().strip()


def test_a_process_that_answers_is_healthy(client):
    assert said(client.get("/healthz")) == (200, "ok")


def test_healthy_needs_no_database(client):
    """pytest-django lets no test near the database that did not ask for it."""
    assert client.get("/healthz").status_code == 200


def test_ready_with_database_and_pump(client, running_pump):
    assert said(client.get("/readyz")) == (200, "ok")


def test_not_ready_without_pump(client, db):
    assert said(client.get("/readyz")) == (503, "not ok")


def test_not_ready_without_database(client, running_pump, monkeypatch):
    def fail() -> None:
        raise OperationalError("secret host name")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        answer = said(client.get("/readyz"))

    assert answer == (503, "not ok")


def test_not_ready_before_the_migrations(client, running_pump, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["0002_more"])

    assert said(client.get("/readyz")) == (503, "not ok")


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_no_cache_keeps_the_answer(address, client, db):
    assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_it_is_only_asked(address, client, db):
    assert client.post(address).status_code == 405


def test_a_real_server_is_ready(server):
    client = server.client()

    assert wait_for(lambda: client.get("/readyz").status_code == 200)
