"""What travels compressed, and what must not."""

import gzip
from collections.abc import Iterator

import pytest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from printqueue.compression import CompressedAnswers
from tests.live.conftest import staff_headers
from tests.live.sse_client import SseClient

PAGE = "<p>A row of the queue.</p>" * 100
TAKES_GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def answered(response: HttpResponseBase, method: str = "GET", **headers: str) -> HttpResponseBase:
    """Return `response` as the middleware lets it out."""
    request = RequestFactory().generic(method, "/", headers=headers or TAKES_GZIP)
    return CompressedAnswers(lambda _: response).process_response(request, response)


def test_a_page_is_compressed_and_caches_are_told():
    answer = answered(HttpResponse(PAGE))

    assert answer["Content-Encoding"] == "gzip"
    assert answer["Vary"] == "Accept-Encoding"
    assert isinstance(answer, HttpResponse)
    assert gzip.decompress(answer.content).decode() == PAGE
    assert int(answer["Content-Length"]) == len(answer.content) < len(PAGE) / 5


def test_a_list_in_json_is_compressed():
    assert answered(JsonResponse({"items": [PAGE]}))["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("short"),
        HttpResponse(PAGE, content_type="image/svg+xml"),
        HttpResponse(PAGE, headers={"Content-Encoding": "br"}),
    ],
    ids=["short", "no page", "compressed already"],
)
def test_what_is_not_worth_it_stays_as_it_is(response):
    encoding = response.get("Content-Encoding")

    assert answered(response).get("Content-Encoding") == encoding


def test_a_client_that_takes_no_gzip_gets_none():
    answer = answered(HttpResponse(PAGE), **{"Accept-Encoding": "identity"})

    assert not answer.has_header("Content-Encoding")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_answer_to_a_change_is_not_worth_the_time(method):
    assert not answered(JsonResponse({"results": [PAGE]}), method).has_header("Content-Encoding")


def test_a_strong_etag_becomes_a_weak_one():
    assert answered(HttpResponse(PAGE, headers={"ETag": '"1"'}))["ETag"] == 'W/"1"'


@pytest.mark.parametrize("kind", ["text/event-stream", "text/html", "application/json"])
def test_a_stream_is_let_through_untouched(kind):
    def pieces() -> Iterator[bytes]:
        yield PAGE.encode()

    stream = StreamingHttpResponse(pieces(), content_type=kind)

    answer = answered(stream)

    assert answer is stream
    assert not answer.has_header("Content-Encoding")
    assert b"".join(stream) == PAGE.encode()


def test_on_a_real_server_a_page_is_compressed_and_a_stream_is_not(server):
    cookie = staff_headers()

    page = server.client(headers={**cookie, **TAKES_GZIP}).get("/admin/print-queue/")
    with SseClient(f"{server.url}/api/print-queue/events", headers={**cookie, **TAKES_GZIP}) as stream:
        stream.wait_until_open()

    assert page.headers["Content-Encoding"] == "gzip"
    assert "<h1" in page.text
    assert stream.headers["Content-Encoding"] is None


def test_a_static_file_is_compressed_once(server):
    client = server.client(headers={**staff_headers(), **TAKES_GZIP})
    script = client.get("/admin/print-queue/").text.split('<script src="')[1].split('"')[0]

    answer = client.get(script)

    assert answer.headers.get_list("Content-Encoding") == ["gzip"]
    assert answer.text.isprintable() or "\n" in answer.text
