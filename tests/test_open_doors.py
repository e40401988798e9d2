"""Every address without credentials is closed, unless it is on the list of those that are open, each for a reason."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

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
        return bool(re.match("/admin/(login/|print-queue/$)", response["Location"]))
    return response.status_code in CLOSED


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_address_is_closed_to_strangers(method, client):
    every = set(addresses(get_resolver()))

    opened = {address for address in every if not is_closed(getattr(client, method)(address))}

    assert len(every) > 40
    assert opened <= OPEN.keys()
