"""The API put together: its calls, its document, and an answer in JSON for everything else below /api."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader
from django.urls import URLPattern, URLResolver, path, re_path
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.operation import Operation

from printqueue.protocol import Scope
from printqueue.views.api import events, history, jobs, printer_reports, printers, progress, verbs
from printqueue.views.api.auth import gates
from printqueue.views.api.errors import HANDLERS, defect_answer, error_answer
from printqueue.views.api.fields import pk_of
from printqueue.views.api.parser import StrictParser

View = Callable[..., Any]


def no_such_call(request: HttpRequest, **parts: str) -> HttpResponseBase:
    """Answer an address below /api that leads nowhere."""
    return error_answer(404, "There is no such call. See /api/docs.")


no_such_call.csrf_exempt = True  # type: ignore[attr-defined]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what Django refuses before any view: in JSON below /api, else with its page."""
    if _is_ours(request):
        return error_answer(400, "The request is malformed.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer a defect outside any view, or a database that is away: in JSON below /api, else with its page."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        sentence = "The database does not answer. Try again in a moment."
        if _is_ours(request):
            return error_answer(503, sentence, headers={"Retry-After": "3"})
        # Without the request: who asks stands in the database.
        page = loader.render_to_string("503.html", {"text": sentence})
        return HttpResponse(page, status=503, headers={"Retry-After": "3"})
    return defect_answer() if _is_ours(request) else defaults.server_error(request)


def _is_ours(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


class Api(NinjaAPI):
    """Ninja, but what it answers by itself has our shape too."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, application, namespace = super().urls
        # The last is ninja's root, which answers 404 in HTML.
        *calls, _root = patterns
        for call in calls:
            if isinstance(call, URLPattern):
                is_document = call.name in {"openapi-json", "openapi-view"}
                call.callback = _finished(require_safe(call.callback) if is_document else call.callback)
        # The root only gives the document its addresses, and must be found by name.
        return [*calls, path("", no_such_call, name="api-root"), re_path("", no_such_call)], application, namespace

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def _finished(view: View) -> View:
    """Let `view` answer a wrong method in our shape, and no cache keep any answer."""

    @never_cache
    def answer(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        response: HttpResponseBase = view(request, **parts)
        if response.status_code != 405:
            return response
        return _wrong_method(request, response["Allow"]) if _may_exist(parts) else no_such_call(request)

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def _may_exist(parts: Mapping[str, str]) -> bool:
    """Whether the address can be that of something: not when a word stands where only a number or a serial may."""
    return pk_of(parts.get("job_id", "1")) is not None and "/" not in parts.get("serial", "")


def _wrong_method(request: HttpRequest, allow: str) -> HttpResponseBase:
    allowed = ", ".join(sorted(method.strip() for method in allow.split(",")))
    return error_answer(405, f"{request.method} is not a call here.", headers={"Allow": allowed})


def _build() -> Api:
    built = Api(
        title="PrintFactory",
        version="1",
        description="A live print queue for a room of 3D printers. Errors are `{success, error, details}`.",
        urls_namespace="api",
        parser=StrictParser(),
        auth=gates(Scope.JOBS_WRITE),  # what forgets to say whom it lets in, lets in few
    )
    for problem, handler in HANDLERS.items():
        built.add_exception_handler(problem, handler)
    # In this order: Django tries them one after the other (what is called most stands first) and takes the first that
    # fits.
    for part in (printer_reports, progress, events, jobs, verbs, history, printers):
        built.add_router("", part.router)
    return built


api: Final = _build()
