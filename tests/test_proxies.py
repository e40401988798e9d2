"""Whom a request comes from, when proxies stand before us."""

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from printqueue.proxies import TrustedProxies, client_address


def test_without_proxies_the_header_proves_nothing():
    assert client_address("192.0.2.1", "203.0.113.9", trusted=0) == "192.0.2.1"


def test_behind_one_proxy_the_client_is_whom_the_proxy_saw():
    assert client_address("10.0.0.1", "203.0.113.9", trusted=1) == "203.0.113.9"


def test_what_a_client_wrote_into_the_header_itself_is_passed_over():
    assert client_address("10.0.0.1", "127.0.0.1, 203.0.113.9", trusted=1) == "203.0.113.9"


def test_behind_two_proxies_the_outer_one_counts():
    assert client_address("10.0.0.1", "127.0.0.1, 203.0.113.9, 10.0.0.2", trusted=2) == "203.0.113.9"


def test_a_request_that_came_past_the_proxies_counts_as_its_own_sender():
    assert client_address("192.0.2.1", "", trusted=1) == "192.0.2.1"


def seen(**headers: str) -> HttpRequest:
    """The request with these headers as the views get it."""
    requests: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse()

    TrustedProxies(view)(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers))
    return requests[0]


def test_without_trusted_proxies_forwarded_headers_vanish(settings: Settings):
    settings.TRUSTED_PROXIES = 0

    request = seen(x_forwarded_for="203.0.113.9", x_forwarded_proto="https", x_forwarded_host="evil.example")

    assert request.META["REMOTE_ADDR"] == "10.0.0.1"
    assert not any(name.startswith("HTTP_X_FORWARDED") for name in request.META)


def test_a_trusted_proxy_tells_the_clients_address(settings: Settings):
    settings.TRUSTED_PROXIES = 1

    assert seen(x_forwarded_for="203.0.113.9").META["REMOTE_ADDR"] == "203.0.113.9"
