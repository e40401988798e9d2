"""Programs with a key, and staff in a browser, that call the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from printqueue.models import Printer
from printqueue.protocol import Scope
from printqueue.views.api.throttle import BUCKETS
from tests.factories import make_key, make_staff


@pytest.fixture(autouse=True)
def full_buckets() -> Iterator[None]:
    """No test has to pay for the requests of another."""
    BUCKETS.clear()
    yield
    BUCKETS.clear()


class Caller:
    """Calls the API with JSON."""

    def __init__(self, token: str = "", *, client: Client | None = None) -> None:
        self.client = client or Client(headers={"Authorization": f"Bearer {token}"} if token else {})

    def call(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        """The answer to `method` on /api/`address` with `body` as JSON."""
        content = (
            {}
            if method in ("GET", "TRACE")
            else {"data": "" if body is None else body, "content_type": "application/json"}
        )
        return getattr(self.client, method.lower())(f"/api/{address}", **content, headers=headers)

    def get(self, address: str, **headers: str) -> Any:
        return self.call("GET", address, **headers)

    def post(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", address, body, **headers)

    def put(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", address, body, **headers)

    def patch(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", address, body, **headers)


@pytest.fixture
def caller(db: None) -> Caller:
    """A program whose key may do everything with every printer."""
    return Caller(make_key()[1])


@pytest.fixture
def anonymous() -> Caller:
    """Somebody without a key and without a session."""
    return Caller()


@pytest.fixture
def caller_for(db: None) -> Callable[..., Caller]:
    """`caller_for(printer, …, scopes=(…))`: a program whose key is for these printers alone."""

    def make(*printers: Printer, scopes: tuple[Scope, ...] = tuple(Scope)) -> Caller:
        return Caller(make_key(*printers, scopes=scopes)[1])

    return make


@pytest.fixture
def staff(db: None) -> Caller:
    """A member of staff in a browser, which sends no CSRF token unless told to."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    return Caller(client=client)


def assert_error(response: Any, status: int, *, field: str | None = None) -> dict[str, Any]:
    """Check that `response` is an error in the one shape, of this status and about this field; return its body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    body: dict[str, Any] = response.json()
    assert body.keys() == {"success", "error", "details"}
    assert body["success"] is False
    assert body["error"]
    assert all(detail.keys() == {"field", "message"} for detail in body["details"])
    if field is not None:
        assert field in [detail["field"] for detail in body["details"]]
    return body
