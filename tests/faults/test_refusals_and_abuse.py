"""What no good client sends, and what goes wrong in the midst of a stream: refused, forgotten, and nobody else notices."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from printqueue.live.revisions import RevisionCounter
from tests.factories import make_job
from tests.faults.audience import EVENTS
from tests.faults.lines import Line, connections, get, many_lines
from tests.faults.measure import descriptors, resident_mb, threads
from tests.live.changes import report_progress
from tests.live.conftest import key_headers, staff_headers
from tests.live.sse_client import SseClient
from tests.processes import ServeProcess, wait_for

logger = logging.getLogger(__name__)

MOST_LEAKED_MB = 5
"""A thousand requests that are never cleaned up leave 10 MB behind, and the next thousand as much again."""

MOST_KEPT_MB = 10
"""What Python keeps at most, once, of what it needed in between; a body of 40 MB is more."""

ROUNDS = 3
"""How often a thousand requests are measured at most: memory grows by itself now and then, but not each time."""

MOST_FILES_MORE = 10
"""Threads that last open the database when they are first asked; a thousand leaks are more."""


def ask(server: ServeProcess, count: int) -> None:
    """Make so many ordinary requests, each of which must be answered as ever."""
    with server.client(headers=key_headers(), timeout=30) as client:
        for number in range(count):
            path = ("/healthz", "/api/printers")[number % 2]
            assert client.get(path).status_code == 200


def growth(server: ServeProcess, since_mb: float) -> float:
    """Make a thousand requests; return by how much the server is larger than it was, in MB."""
    ask(server, 1000)
    return resident_mb(server.pid) - since_mb


@contextmanager
def nothing_stays(server: ServeProcess, open_stream: Callable[..., SseClient]) -> Iterator[None]:
    """What happens in the block leaves no trace: a thousand requests and a stream are served as before, without a leak.

    The server's keys may ask without end.
    """
    ask(server, 300)  # what is made once is made now
    memory, files, at_work = resident_mb(server.pid), descriptors(server.pid), threads(server.pid)
    yield
    grown = [growth(server, memory)]
    while grown[-1] >= MOST_LEAKED_MB and len(grown) < ROUNDS:
        grown.append(growth(server, resident_mb(server.pid)))
    job = make_job()
    with open_stream(server).wait_until_open() as stream:
        report_progress(job, 45.3)
        stream.wait_for_message(id=str(job.pk), progress=45.3)
    most = files + MOST_FILES_MORE
    wait_for(lambda: descriptors(server.pid) <= most, 30, f"{descriptors(server.pid)} files, {files} before")
    kept = resident_mb(server.pid) - memory
    logger.info(
        f"1,000 more requests each took {', '.join(f'{mb:+.1f}' for mb in grown)} MB (limit {MOST_LEAKED_MB}), all "
        f"{kept:+.1f} MB (limit {MOST_KEPT_MB}), files {files} → {descriptors(server.pid)}, "
        f"threads {at_work} → {threads(server.pid)}"
    )
    assert grown[-1] < MOST_LEAKED_MB
    assert kept < MOST_KEPT_MB
    assert threads(server.pid) <= at_work


# ---------------------------------------------------------------------- malformed requests


@pytest.mark.parametrize("way", ["header", "query"])
@pytest.mark.parametrize(
    "event_id",
    [
        "error",
        "pf-1234567:1",
        "pf-ABCDEF12:1",
        "pf-12345678:",
        "pf-12345678:-1",
        "pf-12345678:1,pf-12345678:2",
        "x" * 4000,
        "pf-12345678:1234567890123456789",
        "c:abc",
    ],
)
def test_an_id_of_another_form_is_refused(way, event_id, server, transactional_db):
    """Row 31: 400, before the stream begins."""
    at = {"last_event_id": event_id} if way == "header" else {"query": {"lastEventId": event_id}}
    with SseClient(server.url + EVENTS, headers=staff_headers(), **at) as client:
        assert client.status == 400
        assert client.headers.get_content_type() == "application/json"


@pytest.mark.parametrize("event_id", ["pf-12345678:1٣", " "])
def test_an_id_that_no_header_holds_is_refused(event_id, server, transactional_db):
    """Row 31: these come by the address alone."""
    with SseClient(server.url + EVENTS, headers=staff_headers(), query={"lastEventId": event_id}) as client:
        assert client.status == 400


@pytest.mark.parametrize("name", ["es-meta", "recover", "link", "channel"])
def test_parameters_of_the_library_are_refused(name, server, transactional_db):
    """Row 31: they mean something to django-eventstream."""
    with SseClient(server.url + EVENTS, headers=staff_headers(), query={name: "true"}) as client:
        assert client.status == 400


@pytest.mark.slow
def test_300_bad_requests_for_streams_leave_nothing_behind(start_server, open_stream):
    """Row 31: the thousand after them neither."""
    server, headers = start_server(), staff_headers()
    bad = [
        get(EVENTS, {**headers, "Last-Event-ID": "c:abc"}),
        *(get(f"{EVENTS}?{q}=x", headers) for q in ("es-meta", "recover")),
    ]

    with nothing_stays(server, open_stream):
        for number in range(300):
            with Line(server, bad[number % 3]) as line:
                assert line.status() == 400

    assert "Traceback" not in server.output()


MALFORMED: dict[str, bytes] = {
    "no colon": b"GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n",
    "no name": b"GET /healthz HTTP/1.1\r\n: localhost\r\n\r\n",
    "a space in the name": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX y: 1\r\n\r\n",
    "NUL": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "a bare return": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\rb\r\n\r\n",
    "a name in bytes": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-\xff\xfe: 1\r\n\r\n",
    "a host with a slash": b"GET /healthz HTTP/1.1\r\nHost: a/../b\r\n\r\n",
    "a strange host": b"GET /healthz HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    "an id in bytes": b"GET " + EVENTS.encode() + b" HTTP/1.1\r\nHost: localhost\r\n@Last-Event-ID: \xff\xfe\r\n\r\n",
    "a long header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: 1\r\n" * 2000 + b"\r\n",
    "a long address": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an address in bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a question in bytes": b"GET " + EVENTS.encode() + b"?lastEventId=\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a cookie in bytes": b"GET /admin/print-queue/ HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid=\xff\xfe\r\n\r\n",
    "a length of words": b"POST /api/printer-reports HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n",
    "a length below nothing": b"POST /api/printer-reports HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of words": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nten\r\n",
    "an unknown encoding": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    "no version": b"GET /healthz\r\n\r\n",
    "a version to come": b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "two words": b"\r\n\r\nGET /healthz\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a websocket without a key": get(EVENTS, {"Upgrade": "websocket", "Connection": "Upgrade"}),
    "a websocket of words": get(EVENTS, {"Upgrade": "websocket", "Sec-WebSocket-Version": "x", "Sec-WebSocket-Key": "x"}),
}  # fmt: skip


@pytest.mark.slow
def test_malformed_requests_are_refused_and_leave_nothing_behind(start_server, open_stream):
    """Row 31: each is refused, sent to the log-in, or cut, and none is a 5xx; the next is served as before."""
    server, headers = start_server(), staff_headers()
    cookie = f"Cookie: {headers['Cookie']}".encode()

    def answer(request: bytes) -> int | None:
        with Line(server, request.replace(b"@", cookie + b"\r\n")) as line:
            return line.status()

    with nothing_stays(server, open_stream):
        answers = {name: answer(request) for name, request in MALFORMED.items()}
        for _ in range(10):
            for request in MALFORMED.values():
                answer(request)

    logger.info(f"malformed requests: {Counter(answers.values())}; {answers}")
    assert {name: status for name, status in answers.items() if status and not 300 <= status < 500} == {}
    # Django tells of each strange host at length, for whoever has set ALLOWED_HOSTS wrongly.
    strange_hosts = server.output().count("\ndjango.core.exceptions.DisallowedHost: ")
    assert server.output().count("Traceback (most recent call last)") == strange_hosts


# ---------------------------------------------------------------------- an exception in the midst


@contextmanager
def a_column_has_another_name() -> Iterator[None]:
    """As after an upgrade gone wrong: the database raises."""

    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE printqueue_printqueue RENAME COLUMN {old} TO {new}")

    rename("total_layers", "total_layers_away")
    try:
        yield
    finally:
        rename("total_layers_away", "total_layers")


@contextmanager
def a_row_holds_no_date() -> Iterator[None]:
    """As after a mending by hand gone wrong: the reading of the row raises. PostgreSQL keeps dates alone."""

    def set_time(text: str | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE printqueue_printqueue SET progress_last_report_time = %s", [text])

    set_time("2026-13-32 25:61:61")
    try:
        yield
    finally:
        set_time(None)


TROUBLES = [a_column_has_another_name, pytest.param(a_row_holds_no_date, marks=pytest.mark.sqlite_only)]


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_exception_in_the_midst_of_a_stream_ends_that_stream_alone(trouble, start_server, open_stream):
    """Row 32: it is logged once, and requests are still cleaned up afterwards."""
    server = start_server()
    make_job()

    with nothing_stays(server, open_stream):
        stream = open_stream(server).wait_until_open()
        with Line(server) as idle, trouble():
            # Another epoch: every open page has to read everything again.
            RevisionCounter.objects.update(epoch="89abcdef")
            stream.wait_for_end(30)
            idle.socket.sendall(get("/healthz"))
            assert idle.status() == 200

    assert server.output().count("ended early") == 1
    assert server.output().count(" ERROR ") <= 1


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_stream_that_cannot_begin_is_ended(trouble, start_server, open_stream):
    """Row 32: and the next one, when rows can be read again, begins."""
    server = start_server()
    make_job()

    with trouble():
        broken = open_stream(server)
        broken.wait_for_end(30)

    assert broken.messages == []
    assert len(open_stream(server).wait_until_open().messages) == 1


# ---------------------------------------------------------------------- too much, and never all of it

PIECE = b"x" * 65_536
PIECES = 640
"""40 MB."""


def with_length(pieces: int) -> Iterable[bytes]:
    yield f"Content-Length: {pieces * len(PIECE)}\r\n\r\n".encode()
    yield from [PIECE] * pieces


def in_chunks(pieces: int) -> Iterable[bytes]:
    yield b"Transfer-Encoding: chunked\r\n\r\n"
    yield from [b"%x\r\n%s\r\n" % (len(PIECE), PIECE)] * pieces
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("body", [with_length, in_chunks])
def test_a_body_of_40_mb_is_refused_and_not_kept(body, start_server):
    """The last line of the issue: 413 or 400, and no more than 10 MB of memory, not even for a moment."""
    server = start_server()
    ask(server, 50)
    before = most = resident_mb(server.pid)
    head = "PUT /api/print-queue/1/progress HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    token = key_headers()["Authorization"]

    with Line(server, f"{head}Authorization: {token}\r\n".encode()) as line:
        for piece in body(PIECES):
            line.drip(piece)
            most = max(most, resident_mb(server.pid))
        status = line.status()

    logger.info(f"40 MB {body.__name__}: {status}, {most - before:+.1f} MB at most (limit 10)")
    assert status in (413, 400)
    assert most - before < 10
    ask(server, 10)


@pytest.mark.slow
def test_bodies_of_40_mb_leave_nothing_behind(start_server, open_stream):
    """The last line of the issue: a thousand requests after them neither."""
    server = start_server()

    with nothing_stays(server, open_stream):
        for body in (with_length, in_chunks):
            with Line(server, b"POST /api/printer-reports HTTP/1.1\r\nHost: localhost\r\n") as line:
                for piece in body(PIECES):
                    line.drip(piece)
                assert line.status() in (413, 400)


HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: "
HALF_BODY = b"POST /api/printer-reports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
HALF_CHUNK = b"POST /api/printer-reports HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"
HALF = {"no word": b"", "half a head": HALF_HEAD, "half a body": HALF_BODY, "half a chunk": HALF_CHUNK}


@pytest.mark.slow
def test_300_half_open_requests_hold_nobody_up_and_are_dropped(start_server, open_stream):
    """Row 48: every other one in silence, the rest with a byte every few seconds; others are answered as ever."""
    server, halves = start_server(), list(HALF.values())

    with (
        nothing_stays(server, open_stream),
        many_lines(300, lambda number: Line(server, halves[number // 2 % len(halves)])) as lines,
    ):
        wait_for(lambda: connections(server) >= 300, 30, "all are there")
        began = dripped = time.monotonic()
        slowest = 0.0
        while not all(line.is_cut for line in lines):
            asked = time.monotonic()
            assert asked - began < 180, f"{connections(server)} are not dropped"
            ask(server, 2)
            slowest = max(slowest, time.monotonic() - asked)
            if asked - dripped > 4:
                dripped = asked
                for line in lines[::2]:
                    line.drip(b"a")
            time.sleep(0.1)  # so as to ask a few times a second
        logger.info(
            f"300 half-open requests were dropped after {time.monotonic() - began:.0f} s (limit 60); "
            f"two others took {1000 * slowest:.0f} ms at most"
        )
