"""GET /api/print-queue/events and its filtered parts: who is let in. What is streamed: tests/live."""

import pytest
from django.test import Client
from django.utils import timezone

from printqueue.access import Actor, still_holds, viewer_mark
from printqueue.models import PrinterKey
from printqueue.protocol import Scope
from tests.api.conftest import assert_error
from tests.factories import make_key, make_printer, make_staff

WATCH = Scope.EVENTS_READ


@pytest.mark.parametrize("address", ["print-queue/events", "printers/events"])
@pytest.mark.parametrize("query", ["lastEventId=1", "es-meta=x", "recover=true", "channel=x", "link=next"])
def test_what_no_stream_can_give_is_refused_by_name(address, query, caller):
    assert_error(caller.get(f"{address}?{query}"), 400, field=query.partition("=")[0])


@pytest.mark.parametrize(
    "event_id", ["secret:0", "c:abc", "pf-0000000g:1", "pf-00000000:-1", "pf-00000000:" + "9" * 19]
)
def test_an_event_id_of_another_form_is_refused(event_id, caller):
    assert_error(caller.get("print-queue/events", **{"Last-Event-ID": event_id}), 400, field="Last-Event-ID")


def test_a_stream_is_opened(server):
    client = server.client(headers={"X-Api-Key": make_key()[1]})

    with client.stream("GET", "/api/print-queue/events") as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert b"stream-open" in next(response.iter_bytes())


@pytest.mark.parametrize("address", ["print-queue/events", "print-queue/1/events", "printers/events"])
def test_nobody_gets_a_byte_of_the_stream_without_credentials(address, server):
    response = server.client(timeout=5).get(f"/api/{address}")

    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/json"


def test_a_key_watches_on_while_nothing_changed(db):
    printer = make_printer()
    key, _token = make_key(printer)

    assert still_holds(Actor(key=key, printer_ids=frozenset({printer.pk})), WATCH, timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now()},
        {"scopes": ["jobs:read"]},
        {"all_printers": True},
    ],
    ids=["revoked", "expired", "without the scope", "for other printers"],
)
def test_a_key_that_changed_watches_no_longer(change, db):
    printer = make_printer()
    key, _token = make_key(printer)
    PrinterKey.objects.update(**change)

    assert not still_holds(Actor(key=key, printer_ids=frozenset({printer.pk})), WATCH, timezone.now())


@pytest.fixture
def logged_in(client, db):
    """A member of staff in a browser."""
    user = make_staff()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Actor(user=user, session_key=client.session.session_key)


def test_staff_watch_on_while_logged_in(logged_in):
    assert still_holds(logged_in, WATCH, timezone.now())


def test_staff_watch_no_longer_after_logging_out(logged_in, client):
    client.logout()

    assert not still_holds(logged_in, WATCH, timezone.now())


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}, {"password": "another"}], ids=str)
def test_staff_who_lost_their_rights_watch_no_longer(change, logged_in):
    for name, value in change.items():
        setattr(logged_in.user, name, value)
    logged_in.user.save()

    assert not still_holds(logged_in, WATCH, timezone.now())


def test_staff_watch_no_longer_with_an_expired_session(logged_in, client):
    session = client.session
    session.set_expiry(-1)
    session.save()

    assert not still_holds(logged_in, WATCH, timezone.now())


def test_a_page_of_somebody_else_gets_no_stream(db):
    me, other = make_staff(), make_staff()
    browser = Client()
    browser.force_login(me, backend="django.contrib.auth.backends.ModelBackend")

    assert browser.get("/api/print-queue/events", {"viewer": viewer_mark(other)}).status_code == 403
    assert browser.get("/api/print-queue/events", {"viewer": ""}).status_code == 403
    # Let in, and then told that this is no event id.
    assert browser.get(f"/api/print-queue/events?viewer={viewer_mark(me)}&lastEventId=x").status_code == 400
