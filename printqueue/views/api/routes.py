"""The API put together: its calls, its document, and an answer in JSON for everything else below /api."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.operation import Operation

from printqueue.views.api import events, history, jobs, printer_reports, printers, progress, verbs
from printqueue.views.api.errors import HANDLERS, error_answer
from printqueue.views.api.parser import StrictParser

View = Callable[..., Any]


def no_such_call(request: HttpRequest, **parts: str) -> HttpResponseBase:
    """Answer an address below /api that leads nowhere."""
    return error_answer(404, "There is no such call. See /api/docs.")


no_such_call.csrf_exempt = True  # type: ignore[attr-defined]


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
                call.callback = _with_json_405(require_safe(call.callback) if is_document else call.callback)
        # The root only gives the document its addresses, and must be found by name.
        return [*calls, path("", no_such_call, name="api-root"), re_path("", no_such_call)], application, namespace

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def _with_json_405(view: View) -> View:
    if inspect.iscoroutinefunction(view):

        async def answer_later(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            response: Awaitable[HttpResponseBase] = view(request, **parts)
            return _json_405(request, await response)

        answer_later.csrf_exempt = True  # type: ignore[attr-defined]
        return answer_later

    def answer(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        return _json_405(request, view(request, **parts))

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def _json_405(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code != 405:
        return response
    allowed = ", ".join(sorted(method.strip() for method in response["Allow"].split(",")))
    return error_answer(405, f"{request.method} is not a call here.", headers={"Allow": allowed})


def _build() -> Api:
    built = Api(
        title="PrintFactory",
        version="1",
        description="A live print queue for a room of 3D printers. Errors are `{success, error, details}`.",
        urls_namespace="api",
        parser=StrictParser(),
    )
    for problem, handler in HANDLERS.items():
        built.add_exception_handler(problem, handler)
    # In this order: Django takes the first address that fits.
    for part in (events, jobs, verbs, progress, history, printer_reports, printers):
        built.add_router("", part.router)
    return built


api: Final = _build()
