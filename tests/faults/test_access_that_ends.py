"""Who sees what: nobody without credentials, and nobody for long after they have ended."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from printqueue.live.position import Position
from printqueue.models import PrinterKey
from printqueue.protocol import Scope
from tests.factories import make_job, make_key, make_printer, make_staff
from tests.faults.lines import Line, get
from tests.faults.staff_browser import PASSWORD, StaffBrowser
from tests.live.changes import report_progress
from tests.live.conftest import key_headers, staff_headers
from tests.live.sse_client import SseClient
from tests.processes import wait_for

logger = logging.getLogger(__name__)

STREAMS = ["/api/print-queue/events", "/api/print-queue/{id}/events", "/api/printers/events"]


# ---------------------------------------------------------------------- nobody gets in

HISTORY = "(where the history began)"


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize(
    ("query", "event_id"), [({}, None), ({"channel": "secret"}, None), ({"lastEventId": HISTORY}, None), ({}, HISTORY)]
)
def test_an_anonymous_request_gets_no_byte_of_any_stream(path, query, event_id, server, transactional_db):
    """Row 28: not the stream, not another channel, and not what was before."""
    job = make_job(design_name="Secret design")
    report_progress(job, 45.3)
    begin = f"{Position.current().channel}:0"
    query = {name: value.replace(HISTORY, begin) for name, value in query.items()}

    with SseClient(server.url + path.format(id=job.pk), query=query, last_event_id=event_id and begin) as client:
        assert client.status == 401
        assert client.events == []
        assert not re.search(rb"stream-open|Secret|45\.3", client.body)


def a_guest() -> dict[str, str]:
    return staff_headers(make_staff(is_staff=False))


def a_session_that_ended() -> dict[str, str]:
    headers = staff_headers()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    return headers


def a_key_that_was_revoked() -> dict[str, str]:
    headers = key_headers()
    PrinterKey.objects.update(revoked_at=timezone.now())
    return headers


def a_key_that_may_not_watch() -> dict[str, str]:
    return key_headers(scopes=tuple(set(Scope) - {Scope.EVENTS_READ}))


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (a_guest, 401),
        (a_session_that_ended, 401),
        (a_key_that_was_revoked, 401),
        (a_key_that_may_not_watch, 403),
        (lambda: {"Authorization": "Bearer pf_12345678_wrong"}, 401),
        (lambda: {"Authorization": "Basic YWRtaW46YWRtaW4="}, 401),
        (lambda: {"Cookie": "sessionid=../../etc/passwd"}, 401),
    ],
)
def test_who_may_not_watch_gets_no_byte_of_any_stream(who, status, server, transactional_db):
    """Row 28: nor with credentials that are wrong, have ended, or are for something else."""
    with SseClient(server.url + STREAMS[0], headers=who()) as client:
        assert client.status == status
        assert client.events == []


OPEN = {
    "/healthz": "a watcher of the server has no log-in; it says ok or not ok",
    "/readyz": "the same",
    "/api/docs": "what the API is, nothing of what it holds",
    "/api/openapi.json": "the same",
    "/admin/login/": "where one logs in",
}
CLOSED = {401, 403, 404, 405}


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Each address that leads to a view, with something in the place of its parameters."""
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, pattern)
        elif isinstance(entry, URLPattern):
            yield "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "printqueue", re.sub(r"<\w+:?\w+>", "1", pattern)).strip("^$")


def is_closed(response: Any) -> bool:
    """Whether the door stayed shut, or leads to where one logs in."""
    if response.status_code == 302:
        return bool(re.match("/admin/(login/|print-queue/$)", response.headers["Location"]))
    return response.status_code in CLOSED


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_address_is_closed_to_strangers(method, server, transactional_db):
    """Row 29: unless it is on the list of those that are open, each for a reason."""
    every = set(addresses(get_resolver()))

    with server.client() as client:
        client.get("/admin/login/")
        # With the token that a page has, so that no door is shut for want of it alone.
        token = {"X-CSRFToken": client.cookies["csrftoken"]}
        opened = {address for address in every if not is_closed(client.request(method, address, headers=token))}

    assert len(every) > 40
    assert opened <= OPEN.keys()


def test_every_address_is_closed_to_websockets(server, transactional_db):
    """Row 29: there are none, whoever asks."""
    upgrade = {
        **staff_headers(),
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    statuses = {}
    for address in {*addresses(get_resolver()), "/ws"}:
        with Line(server, get(address, upgrade)) as line:
            statuses[address] = line.status()

    assert set(statuses.values()) == {403}, statuses


# ---------------------------------------------------------------------- nobody stays


def log_out(browser: StaffBrowser) -> None:
    browser.post("/admin/logout/")


def change_password(browser: StaffBrowser) -> None:
    """In another browser, as who fears that somebody knows the old one."""
    new = "quite-another-workshop"
    other = StaffBrowser(browser.server, browser.user)
    answer = other.post("/admin/password_change/", old_password=PASSWORD, new_password1=new, new_password2=new)
    assert answer.status_code == 302, answer.text


def session_of(browser: StaffBrowser) -> Any:
    return Session.objects.filter(pk=browser.session_key)


def user_of(browser: StaffBrowser) -> Any:
    return User.objects.filter(pk=browser.user.pk)


STAFF: dict[str, Callable[[StaffBrowser], object]] = {
    "logged out": log_out,
    "changed the password": change_password,
    "session expired": lambda browser: session_of(browser).update(expire_date=timezone.now() - timedelta(seconds=1)),
    "session deleted": lambda browser: session_of(browser).delete(),
    "deactivated": lambda browser: user_of(browser).update(is_active=False),
    "no longer staff": lambda browser: user_of(browser).update(is_staff=False),
    "deleted": lambda browser: user_of(browser).delete(),
}


def key_of(key: PrinterKey) -> Any:
    return PrinterKey.objects.filter(pk=key.pk)


KEYS: dict[str, Callable[[PrinterKey], object]] = {
    "key revoked": lambda key: key.revoke(timezone.now()),
    "key expired": lambda key: key_of(key).update(expires_at=timezone.now() - timedelta(seconds=1)),
    "key without the scope": lambda key: key_of(key).update(scopes=[Scope.JOBS_READ]),
    "key without the printer": lambda key: key.printers.clear(),
    "key with another printer": lambda key: key.printers.set([make_printer()]),
    "key deleted": lambda key: key_of(key).delete(),
}


@pytest.mark.slow
def test_every_stream_ends_soon_after_its_viewer_may_watch_no_longer(servers, open_stream):
    """Row 30: whatever the cause, in every server, and nobody else's with it."""
    browsers = {name: StaffBrowser(servers[0]) for name in [*STAFF, "stays"]}
    keys = {name: make_key(make_printer()) for name in [*KEYS, "key stays"]}
    headers = {name: browser.headers for name, browser in browsers.items()}
    headers |= {name: {"Authorization": f"Bearer {token}"} for name, (_, token) in keys.items()}
    streams = {
        (name, number): open_stream(server, headers=header).wait_until_open()
        for name, header in headers.items()
        for number, server in enumerate(servers)
    }
    began = time.monotonic()

    for name, end in STAFF.items():
        end(browsers[name])
    for name, end_key in KEYS.items():
        end_key(keys[name][0])

    ended = all_ended({who: stream for who, stream in streams.items() if "stays" not in who[0]}, 105)
    logger.info(f"the last of {len(ended)} streams ended after {max(ended.values()) - began:.1f} s (limit 35)")
    logger.info(", ".join(f"{name} at {number}: {at - began:.0f} s" for (name, number), at in ended.items()))
    job = make_job()
    for name, number in streams:
        if "stays" in name:
            streams[name, number].wait_for_message(id=str(job.pk))


def all_ended(streams: dict[tuple[str, int], SseClient], seconds: float) -> dict[tuple[str, int], float]:
    """Return when each of them ended, once all have."""
    ended: dict[tuple[str, int], float] = {}

    def look() -> bool:
        now = time.monotonic()
        ended.update({who: now for who, stream in streams.items() if stream.has_ended and who not in ended})
        return len(ended) == len(streams)

    try:
        wait_for(look, seconds)
    except AssertionError:
        raise AssertionError(f"not ended within {seconds} s: {streams.keys() - ended.keys()}") from None
    return ended


def test_who_logged_out_is_not_let_in_again_with_the_old_cookie(server, open_stream):
    """Row 30: nor told what was missed."""
    browser = StaffBrowser(server)
    headers = browser.headers
    stream = open_stream(server, headers=headers).wait_until_open()
    log_out(browser)
    make_job(design_name="Secret design")

    again = open_stream(server, headers=headers, last_event_id=stream.last_event_id)

    assert again.status == 401
    assert again.events == []
