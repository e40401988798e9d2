"""The one shape of every error answer, and which exception becomes which answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, SuspiciousOperation, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError
from ninja.errors import ValidationError as InvalidRequest
from pydantic.alias_generators import to_camel

from printqueue import reports
from printqueue.access import NotAllowed, NotLoggedIn
from printqueue.models import Busy, InvalidTransition, RevisionConflict
from printqueue.protocol import ErrorAnswer, FieldError, safe_text

logger = logging.getLogger(__name__)

MAX_DETAILS: Final = 20
"""A body of 256 KiB can have thousands of wrong fields; nobody reads more than the first few."""


class Refusal(Exception):
    """An answer that says no: the status, one sentence, what is wrong with which field, and further headers."""

    def __init__(
        self,
        status: int,
        sentence: str,
        details: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.details = details
        self.headers = headers


def error_answer(
    status: int, sentence: str, details: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """Return the answer that says `sentence`."""
    body: ErrorAnswer = {"success": False, "error": sentence, "details": list(details[:MAX_DETAILS])}
    return JsonResponse(body, status=status, headers=headers)


def defect_answer() -> JsonResponse:
    """Return the answer to what should not have happened; what it was is for the log alone."""
    return error_answer(500, "The server met a defect of its own. It is in the server's log.")


def wrong_fields(details: Sequence[FieldError]) -> JsonResponse:
    """Return the answer that names the fields that are wrong."""
    first = details[0]
    sentence = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return error_answer(400, sentence + more, details)


def field_error(problem: Mapping[str, Any], *, skip: int = 0) -> FieldError:
    """Return one problem that pydantic found, as the wire names it; `skip` leading parts are no part of the body."""
    path = ".".join(str(part) for part in problem["loc"][skip:])
    return {"field": safe_text(path, 200), "message": _message(problem)}


_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "Is missing.",
    "extra_forbidden": "Is not known here.",
    "float_type": "Expected a number.",
    "finite_number": "Expected a finite number.",
    "int_type": "Expected a whole number.",
    "int_parsing": "Expected a whole number.",
    "int_from_float": "Expected a whole number.",
    "bool_type": "Expected true or false.",
    "string_type": "Expected a text.",
    "string_unicode": "Expected a text without lone surrogates.",
    "string_too_short": "Expected a text that is not empty.",
    "string_too_long": "Expected at most {max_length} characters.",
    "greater_than_equal": "Expected at least {ge}.",
    "less_than_equal": "Expected at most {le}.",
    "enum": "Expected {expected}.",
    "literal_error": "Expected {expected}.",
    "list_type": "Expected a list.",
    "too_short": "Expected at least {min_length}.",
    "too_long": "Expected at most {max_length}.",
    "model_type": "Expected a JSON object.",
    "model_attributes_type": "Expected a JSON object.",
    "value_error": "{error}",
}


def _message(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "missing" and problem["loc"] == ("body", "body"):
        return "The body is missing."
    template = _MESSAGES.get(problem["type"])
    facts = {name: _plain(fact) for name, fact in problem.get("ctx", {}).items()}
    return template.format(**facts) if template else str(problem["msg"])


def _plain(fact: object) -> object:
    """Return 100 for the bound 100.0."""
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact


def _invalid_request(request: HttpRequest, problem: InvalidRequest) -> HttpResponse:
    # ("body", "body", member, …): where ninja looked and our parameter of the same name, which it leaves out at times.
    return wrong_fields(
        [field_error(error, skip=2 if error["loc"][:1] == error["loc"][1:2] else 1) for error in problem.errors]
    )


def _invalid_value(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    if not hasattr(problem, "error_dict"):
        return wrong_fields([{"field": "", "message": message} for message in problem.messages])
    wire_names = {"wanted_printer": "printer", NON_FIELD_ERRORS: ""}
    return wrong_fields(
        [
            {"field": wire_names.get(name, to_camel(name)), "message": message}
            for name, messages in problem.message_dict.items()
            for message in messages
        ]
    )


def _http_error(request: HttpRequest, problem: HttpError) -> HttpResponse:
    # ninja hides what the parser raised behind "Cannot parse request body".
    if isinstance(problem.__cause__, Refusal):
        return _refusal(request, problem.__cause__)
    return error_answer(problem.status_code, str(problem))


def _refusal(request: HttpRequest, problem: Refusal) -> HttpResponse:
    return error_answer(problem.status, problem.sentence, problem.details, problem.headers)


def _no_database(request: HttpRequest, problem: Exception) -> HttpResponse:
    logger.error("The database did not answer.", exc_info=problem)
    return error_answer(503, "The database does not answer. Try again in a moment.", headers={"Retry-After": "3"})


def _defect(request: HttpRequest, problem: Exception) -> HttpResponse:
    logger.error("A request met a defect: %s %s", request.method, request.path, exc_info=problem)
    return defect_answer()


Handler = Callable[[HttpRequest, Any], HttpResponse]

HANDLERS: Final[Mapping[type[Exception], Handler]] = {
    Refusal: _refusal,
    InvalidRequest: _invalid_request,
    ValidationError: _invalid_value,
    reports.Invalid: lambda _, problem: wrong_fields([{"field": problem.field, "message": problem.message}]),
    SuspiciousOperation: lambda _, problem: error_answer(400, "The request is malformed."),
    MultiPartParserError: lambda _, problem: error_answer(400, "The body is malformed."),
    NotLoggedIn: lambda _, problem: error_answer(401, str(problem), headers={"WWW-Authenticate": "Bearer"}),
    NotAllowed: lambda _, problem: error_answer(403, str(problem)),
    ObjectDoesNotExist: lambda _, problem: error_answer(404, "There is no such thing here."),
    Http404: lambda _, problem: error_answer(404, "There is no such thing here."),
    InvalidTransition: lambda _, problem: error_answer(409, str(problem)),
    RevisionConflict: lambda _, problem: error_answer(409, str(problem)),
    reports.Conflict: lambda _, problem: error_answer(409, str(problem)),
    Busy: lambda _, problem: error_answer(503, str(problem), headers={"Retry-After": "1"}),
    OperationalError: _no_database,
    InterfaceError: _no_database,
    HttpError: _http_error,
    Exception: _defect,
}
"""The answer to each exception; the nearest class counts."""
