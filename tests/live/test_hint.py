"""The hint: where the connection for it is lost, another is tried for after a time, however much is written."""

import pytest
from django.db import OperationalError

from printqueue.live import hint
from printqueue.live.hint import PostgresEar, committed


@pytest.fixture
def attempts(monkeypatch):
    """The attempts to connect, all in vain."""
    made: list[str] = []

    def refuse(alias: str) -> None:
        made.append(alias)
        raise OperationalError("away")

    monkeypatch.setattr("django.db.connections.create_connection", refuse)
    return made


def wait_under_flow(ear: PostgresEar, times: int) -> None:
    for _ in range(times):
        committed.set()  # somebody commits all the time, so that no wait lasts
        ear.wait(60)
    committed.clear()


def test_another_connection_is_not_tried_for_more_often_when_much_is_written(attempts):
    wait_under_flow(PostgresEar(), 100)

    assert len(attempts) == 1


def test_another_connection_is_tried_for_when_it_is_time(attempts, monkeypatch):
    monkeypatch.setattr(hint, "RECONNECT_AFTER", 0)

    wait_under_flow(PostgresEar(), 3)

    assert len(attempts) == 3
