"""The live events of all jobs and printers, of one job, or of the printers alone."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponseBase
from django.utils import timezone
from ninja import Router

from printqueue.access import Actor, still_holds, viewer_mark
from printqueue.live.stream import (
    BadStreamRequest,
    Everything,
    NoSeat,
    OneJob,
    Printers,
    Viewer,
    open_stream,
)
from printqueue.live.viewer import Selection
from printqueue.protocol import Scope
from printqueue.views.api.answers import ERRORS, ErrorAnswer
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.errors import Refusal
from printqueue.views.api.jobs import job_named

router = Router(tags=["Live events"])

ANSWERS: Final = {ERRORS: ErrorAnswer}
STREAM: Final = {
    "parameters": [
        {
            "in": "header" if name == "Last-Event-ID" else "query",
            "name": name,
            "required": False,
            "schema": {"type": "string", "pattern": "^pf-[0-9a-f]{8}:[0-9]{1,18}$"},
            "description": "The id of the last event seen; the stream goes on from there.",
        }
        for name in ("Last-Event-ID", "lastEventId")
    ],
    "responses": {200: {"description": "OK", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
}


@router.get("/print-queue/events", auth=gates(Scope.EVENTS_READ), response=ANSWERS, openapi_extra=STREAM)
def all_events(request: ApiRequest) -> HttpResponseBase:
    """Stream what changes, of jobs and printers."""
    return _stream(request, Everything())


@router.get("/print-queue/{job_id}/events", auth=gates(Scope.EVENTS_READ), response=ANSWERS, openapi_extra=STREAM)
def job_events(request: ApiRequest, job_id: str) -> HttpResponseBase:
    """Stream what changes of one job."""
    return _stream(request, OneJob(job_named(request.auth, job_id).pk))


@router.get("/printers/events", auth=gates(Scope.EVENTS_READ), response=ANSWERS, openapi_extra=STREAM)
def printer_events(request: ApiRequest) -> HttpResponseBase:
    """Stream what changes of the printers."""
    return _stream(request, Printers())


def _stream(request: ApiRequest, selection: Selection) -> HttpResponseBase:
    _require_own_page(request)
    try:
        return open_stream(request, viewer_for(request.auth), selection)
    except BadStreamRequest as problem:
        raise Refusal(400, str(problem), [{"field": problem.field, "message": str(problem)}]) from problem
    except NoSeat as problem:
        wait = {"Retry-After": str(problem.retry_after_seconds)}
        raise Refusal(problem.status, str(problem), headers=wait) from problem


def _require_own_page(request: ApiRequest) -> None:
    """Raise Refusal (403) for a page of somebody else: a browser sends its newest log-in from all its tabs."""
    mark = request.GET.get("viewer")
    if mark is not None and (request.auth.user is None or mark != viewer_mark(request.auth.user)):
        raise Refusal(403, "Somebody else has logged in in this browser since this page was opened. Load it again.")


def viewer_for(actor: Actor) -> Viewer:
    """Return `actor` as the live layer knows somebody who watches."""
    return Viewer(
        name=f"key {actor.key.pk}" if actor.key else f"user {actor.user.pk if actor.user else ''}",
        still_allowed=lambda: still_holds(actor, Scope.EVENTS_READ, timezone.now()),
        printer_ids=actor.printer_ids,
        credential=actor,
    )
