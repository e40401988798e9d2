"""One call to the server, and what each answer means."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from printqueue.client.server import (
    MAX_ANSWER_BYTES,
    BatchRefusedError,
    DefectError,
    NeedsMendingError,
    ServerError,
    ServerLink,
)
from tests.client.fake_server import answered, error, wrong
from tests.processes import free_port

pytestmark = pytest.mark.sqlite_only

KEY = "pf_ab_cd"
BODY = '{"printer":"sim-1","sequence":1}'
NOW = 1_700_000_000.25


@pytest.fixture
def link(queue, http):
    return ServerLink(http, queue.url, KEY, "0c7a", now=lambda: NOW)


def test_reports_go_out_with_key_client_and_time(link, queue):
    link.send([BODY, BODY])

    [call] = queue.calls
    assert (call.path, call.headers["authorization"]) == ("/api/printer-reports", f"Bearer {KEY}")
    assert (call.body["client"], call.body["sentAt"]) == ("0c7a", "2023-11-14T22:13:20.250Z")
    assert call.sequences == [1, 1]


def test_the_results_come_back_in_order(link, queue):
    queue.answer = lambda _: answered([{"result": "accepted"}, {"result": "stale"}])

    assert [result["result"] for result in link.send([BODY, BODY])] == ["accepted", "stale"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, NeedsMendingError),
        (400, NeedsMendingError),
        (401, NeedsMendingError),
        (403, NeedsMendingError),
        (404, NeedsMendingError),
        (405, NeedsMendingError),
        (413, BatchRefusedError),
        (409, NeedsMendingError),
        (415, NeedsMendingError),
        (429, ServerError),
        (500, DefectError),
        (502, ServerError),
        (503, ServerError),
    ],
)
def test_each_status_has_its_meaning(link, queue, status, kind):
    queue.answer = lambda _: error(status, location="https://elsewhere.example")

    with pytest.raises(ServerError) as caught:
        link.send([BODY])

    assert type(caught.value) is kind


def test_a_400_that_names_the_reports_refuses_the_batch(link, queue):
    queue.answer = lambda _: wrong("reports.3.state")

    with pytest.raises(BatchRefusedError, match="refuses what we send"):
        link.send([BODY])


NOT_ABOUT_THE_REPORTS = [
    (400, {}, "<h1>Bad Request (400)</h1>"),
    (400, {}, {"details": [{"field": "reports", "message": "Of somebody else."}]}),
    (400, {}, {"success": False, "error": "No.", "details": "reports"}),
    (400, {}, {"success": False, "error": "No.", "details": ["reports", {"field": None}]}),
    wrong("sentAt"),
]


@pytest.mark.parametrize("answer", NOT_ABOUT_THE_REPORTS)
def test_any_other_400_needs_mending(link, queue, answer):
    queue.answer = lambda _: answer

    with pytest.raises(NeedsMendingError, match="ALLOWED_HOSTS"):
        link.send([BODY])


def test_the_servers_own_sentence_is_passed_on_and_the_key_is_not(link, queue):
    queue.answer = lambda _: error(401, "This key was revoked.")

    with pytest.raises(NeedsMendingError, match="does not know the key.*This key was revoked") as caught:
        link.send([BODY])

    assert KEY not in str(caught.value)


def test_a_busy_server_says_how_long_to_wait(link, queue):
    queue.answer = lambda _: error(429, Retry_After="7")

    with pytest.raises(ServerError) as caught:
        link.send([BODY])

    assert caught.value.retry_after_seconds == 7.0


@pytest.mark.parametrize("seconds", ["301", "9" * 12, "9" * 400])
def test_no_server_makes_us_wait_longer_than_five_minutes(link, queue, seconds):
    queue.answer = lambda _: error(503, Retry_After=seconds)

    with pytest.raises(ServerError) as caught:
        link.send([BODY])

    assert caught.value.retry_after_seconds == 300.0


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("Wed, 25 Nov 2026 18:02:00 GMT", 120.0),
        ("Wed, 25 Nov 2026 19:00:00 GMT", 300.0),
        ("Wed, 25 Nov 2026 17:00:00 GMT", 0.0),
        ("tomorrow", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_date_to_wait_for_is_taken_by_the_clock_of_the_server(link, queue, until, seconds):
    queue.answer = lambda _: error(429, Retry_After=until)
    queue.date = "Wed, 25 Nov 2026 18:00:00 GMT"

    with pytest.raises(ServerError) as caught:
        link.send([BODY])

    assert caught.value.retry_after_seconds == seconds


def test_the_results_of_other_reports_are_no_success(link, queue):
    queue.answer = lambda _: answered([{"result": "accepted", "sequence": 2}])

    with pytest.raises(NeedsMendingError, match="not as a print queue"):
        link.send([BODY])


def test_an_answer_that_cannot_be_unpacked_is_an_error_of_the_server(link, queue):
    queue.answer = lambda _: (200, {"Content-Encoding": "gzip"}, "this is not gzip")

    with pytest.raises(ServerError, match="answers what cannot be read"):
        link.send([BODY])


@pytest.mark.parametrize(
    "body",
    ["<html>Log in to the Wi-Fi</html>", "[]", "[" * 100_000, '{"success": true}', '{"success": true, "results": [1]}'],
)
def test_a_200_that_is_not_the_queues_is_no_success(link, queue, body):
    queue.answer = lambda _: (200, {}, body)

    with pytest.raises(NeedsMendingError, match="not as a print queue"):
        link.send([BODY])


def test_fewer_results_than_reports_are_no_success(link, queue):
    queue.answer = lambda _: answered([{"result": "accepted"}])

    with pytest.raises(NeedsMendingError):
        link.send([BODY, BODY])


def test_an_answer_that_is_far_too_long_is_not_read_to_its_end(link, queue):
    queue.answer = lambda _: (200, {}, "x" * (MAX_ANSWER_BYTES + 1))

    with pytest.raises(ServerError, match="answers without end"):
        link.send([BODY])


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(http, monkeypatch):
    monkeypatch.setattr("printqueue.client.server.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        pool.submit(drip, listening)
        link = ServerLink(http, f"http://127.0.0.1:{listening.getsockname()[1]}", KEY, "0c7a")

        with pytest.raises(ServerError, match="answers without end"):
            link.send([BODY])


def drip(listening):
    """Answer one call for as long as anybody listens."""
    connection, _ = listening.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1\r\nx\r\n")
            time.sleep(0.02)


def test_a_server_that_is_not_there_is_said_in_words(http):
    link = ServerLink(http, f"http://127.0.0.1:{free_port()}", KEY, "0c7a")

    with pytest.raises(ServerError, match="cannot be reached"):
        link.send([BODY])


def test_a_refused_empty_call_shows_that_the_key_is_good(link, queue):
    queue.answer = lambda _: wrong("reports")

    assert link.check() is None
    assert queue.calls[0].body["reports"] == []


def test_a_key_that_is_unknown_fails_the_check(link, queue):
    queue.answer = lambda _: error(401)

    assert "does not know the key" in (link.check() or "")


@pytest.mark.parametrize("answer", [*NOT_ABOUT_THE_REPORTS, error(413)])
def test_any_other_refusal_fails_the_check(link, queue, answer):
    queue.answer = lambda _: answer

    assert "refuses what we send" in (link.check() or "")


def test_a_200_to_an_empty_call_fails_the_check(link, queue):
    assert "not as a print queue" in (link.check() or "")
