"""The gate before every call: who it is, how often, how large, from where, and whether it may."""

from __future__ import annotations

import io
from typing import Any, Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from ninja.security.base import AuthBase

from printqueue import access
from printqueue.access import Actor, NotLoggedIn
from printqueue.protocol import Scope
from printqueue.views.api.errors import Refusal
from printqueue.views.api.parser import BODY_BYTES
from printqueue.views.api.throttle import count_request, count_unknown_key

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiRequest(HttpRequest):
    """A request that came through the gate."""

    auth: Actor


class _Gate(AuthBase):
    """One way to show who one is; which, only matters to the OpenAPI document."""

    def __init__(self, scope: Scope, body_bytes: int) -> None:
        super().__init__()
        self.scope = scope
        self.body_bytes = body_bytes

    def is_used_by(self, request: HttpRequest) -> bool:
        """Whether `request` shows itself in this way."""
        raise NotImplementedError

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Return who sends `request`, or None for the next way to be tried. Raises what HANDLERS knows."""
        return admit(request, self.scope, self.body_bytes) if self.is_used_by(request) else None


class Bearer(_Gate):
    """`Authorization: Bearer pf_…`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def is_used_by(self, request: HttpRequest) -> bool:
        return "Authorization" in request.headers


class ApiKey(_Gate):
    """`X-Api-Key: pf_…`."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "X-Api-Key"

    def is_used_by(self, request: HttpRequest) -> bool:
        return "X-Api-Key" in request.headers


class StaffSession(_Gate):
    """The session cookie of a member of staff; with unsafe methods also the CSRF token."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    csrf = True  # so that ninja's page sends the token

    def is_used_by(self, request: HttpRequest) -> bool:
        return True


def gates(scope: Scope, body_bytes: int = BODY_BYTES) -> list[AuthBase]:
    """Return the `auth` of a call that needs `scope` and takes a body of at most `body_bytes`."""
    return [Bearer(scope, body_bytes), ApiKey(scope, body_bytes), StaffSession(scope, body_bytes)]


def admit(request: HttpRequest, scope: Scope, body_bytes: int) -> Actor:
    """Return who sends `request`, its body read. Raises NotLoggedIn, NotAllowed or Refusal."""
    actor = identify(request)
    if request.method not in SAFE_METHODS:
        _read_body(request, body_bytes)
        if actor.key is None:
            _require_csrf_token(request)
        _require_json(request)
    actor.require(scope)
    return actor


def identify(request: HttpRequest) -> Actor:
    """Return who sends `request`, and count it. Raises NotLoggedIn or Refusal (429)."""
    try:
        actor = access.actor_of(request, timezone.now())
    except NotLoggedIn:
        if access.key_of(request) is not None:
            # The address of the real client: printqueue.proxies has seen to it.
            count_unknown_key(request.META.get("REMOTE_ADDR", ""))
        raise
    count_request(actor)
    return actor


def _read_body(request: HttpRequest, most: int) -> None:
    """Read the body into memory, but never more than `most` bytes. Raises Refusal (413)."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    is_announced_too_large = announced.isdecimal() and int(announced[:20]) > most
    body = b"" if is_announced_too_large else request.read(most + 1)
    if is_announced_too_large or len(body) > most:
        raise Refusal(413, f"The body is larger than {most // 1024} KiB.")
    # request.body would read all of a chunked body, however long, before its length can be known. This is what it
    # does itself, after reading.
    cast(Any, request)._body = body
    cast(Any, request)._stream = io.BytesIO(body)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check without its answer, which is a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponseForbidden(reason)


def _require_csrf_token(request: HttpRequest) -> None:
    """Raise Refusal (403) unless the browser page that sends `request` is ours."""

    def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError("Never called: only what it is not exempt from counts.")

    check = _CsrfCheck(view)
    check.process_request(request)
    # Ours are exempt from the check that Django makes on the way here, since keys need none.
    cast(Any, request).csrf_processing_done = False
    refused = check.process_view(request, view, (), {})
    if refused is not None:
        sentence = f"{refused.content.decode().rstrip('.')}. Send the token in the header X-CSRFToken."
        raise Refusal(403, sentence)


def _require_json(request: HttpRequest) -> None:
    if request.body and request.content_type != "application/json":
        raise Refusal(415, "The body must be JSON, with Content-Type: application/json.")
