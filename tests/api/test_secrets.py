"""A key is seen by nobody but its owner."""

import logging

import pytest
from django.test import override_settings

from printqueue.models import PrinterKey
from tests.api.calls import CALLS
from tests.api.conftest import Caller
from tests.factories import NOW, make_job, make_key, make_printer

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything_logged(caplog):
    """All log lines, of every level."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("is_good", [True, False], ids=["a good key", "a revoked key"])
def test_no_answer_and_no_log_shows_a_key(is_good, everything_logged):
    _key, token = make_key()
    if not is_good:
        PrinterKey.objects.update(revoked_at=NOW)
    secret = token.split("_", 2)[2]
    job, printer = make_job(), make_printer()
    caller = Caller(token)
    for call in CALLS:
        address = call.address.format(job=job.pk, serial=printer.serial)
        if not address.endswith("events"):
            response = caller.call(call.method, address, call.body)
            assert secret not in response.content.decode() + str(response.headers)
            assert secret not in caller.call(call.method, address, {"nonsense": 1}).content.decode()

    assert secret not in everything_logged.text


def test_no_key_is_kept_but_its_hash():
    """Only who has the whole text has the key: the database of a backup is not enough."""
    _key, token = make_key()
    secret = token.split("_", 2)[2]

    row = PrinterKey.objects.values().get()

    assert secret not in str(row)
    assert len(row["secret_hash"]) == 64


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_is_answered_without_its_traceback(debug, caller, monkeypatch, everything_logged):
    """A key must not stand in the traceback that goes into an answer; the log has it, without headers."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the wire came loose")

    monkeypatch.setattr("printqueue.views.api.jobs.jobs_for", fail)
    with override_settings(DEBUG=debug):
        response = caller.get("print-queue")

    assert response.status_code == 500
    assert response.json()["details"] == []
    assert "the wire came loose" not in response.content.decode()
    assert "the wire came loose" in everything_logged.text
