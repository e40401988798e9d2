"""The way to the server: one call, its answers, and one tree of errors that says what each means for what was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast, get_args

import httpx2

from printqueue.protocol import ReportResult, ResultWord, wire_time

PATH: Final = "/api/printer-reports"
MAX_BODY_BYTES: Final = 240 * 1024
"""A little below the server's 256 KiB."""

RETRY_AFTER_MAX_SECONDS: Final = 300.0
"""The longest that a server, or a proxy before it, may make us wait; far larger numbers no timer takes."""

TIMEOUT: Final = httpx2.Timeout(20.0, connect=5.0)

ANSWER_SECONDS: Final = 60.0
"""How long an answer may take from its head to its end: a portal's page may come for ever, byte by byte."""

MAX_ANSWER_BYTES: Final = 4_000_000
"""A long answer of ours has a tenth of it."""


class ServerError(Exception):
    """The reports were not taken. Keep them and try again; the message says why in words."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NeedsMendingError(ServerError):
    """Trying again soon will not help: somebody has to change the configuration or the server."""


class BatchRefusedError(ServerError):
    """The server refuses these reports as they are (too large, or one is wrong): send fewer at a time."""


class DefectError(ServerError):
    """The server failed (500): of itself, or because of one of these reports, which only trying tells."""


class ServerLink:
    """Sends reports. `http` is the caller's, and so are its transport and its end."""

    def __init__(self, http: httpx2.Client, server: str, key: str, client: str, now: Callable[[], float] = time.time):
        self._http = http
        self._server = server
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._client = client
        self._now = now

    def send(self, bodies: Sequence[str], sent_at: float | None = None) -> list[ReportResult]:
        """Send reports, each a JSON object as text; return what became of each, in the same order. Raises ServerError.

        `sent_at`: the present by the clock that the times in `bodies` are of, in seconds since the epoch.
        """
        response = self._post(bodies, self._now() if sent_at is None else sent_at)
        if response.status_code != httpx2.codes.OK:
            raise _error_for(response, self._server)
        results = _results(response)
        if results is None or not _answers(results, bodies):
            raise NeedsMendingError(f"{self._server} answers 200, but not as a print queue: {_CHECK_URL}")
        return results

    def check(self) -> str | None:
        """Return in words what is wrong with the server, the key or the way there; None when all is well.

        A call without reports is refused by its body only after the key was looked at, and changes nothing.
        """
        try:
            response = self._post([], self._now())
        except ServerError as error:
            return f"{error}: is it running, and is `server` its address?"
        if response.status_code == httpx2.codes.OK:
            return f"{self._server} answers 200, but not as a print queue: {_CHECK_URL}"
        return None if _is_about_the_reports(response) else str(_error_for(response, self._server))

    def _envelope(self, bodies: Sequence[str], sent_at: float) -> bytes:
        sent = wire_time(datetime.fromtimestamp(sent_at, UTC))
        return f'{{"client":"{self._client}","sentAt":"{sent}","reports":[{",".join(bodies)}]}}'.encode()

    def _post(self, bodies: Sequence[str], sent_at: float) -> httpx2.Response:
        """Return the answer, whatever it says. Raises ServerError."""
        body = self._envelope(bodies, sent_at)
        try:
            with self._http.stream(
                "POST", self._server + PATH, content=body, headers=self._headers, timeout=TIMEOUT
            ) as response:
                return _whole(response, self._server)
        except httpx2.TransportError as error:
            raise ServerError(f"{self._server} cannot be reached: {_reason(error)}") from error
        except httpx2.RequestError as error:  # a proxy's broken gzip
            raise ServerError(f"{self._server} answers what cannot be read: {_reason(error)}") from error


def _whole(response: httpx2.Response, server: str) -> httpx2.Response:
    """Return `response` with its whole body and what we use of its head. Raises ServerError if there is no end to it."""
    content, until = bytearray(), time.monotonic() + ANSWER_SECONDS
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES or time.monotonic() > until:
            raise ServerError(f"{server} answers without end: {_CHECK_URL}")
    used = {name: value for name, value in response.headers.items() if name in ("location", "retry-after", "date")}
    return httpx2.Response(response.status_code, headers=used, content=bytes(content))


_CHECK_URL: Final = "check `server` in the configuration"

_MENDING: Final = {
    400: f"refuses what we send, and not for a report: its PUBLIC_URL or ALLOWED_HOSTS must name this host; {_CHECK_URL}",
    401: "does not know the key: make one with `create_key` and put it into the configuration",
    403: "does not let this key report: it needs the scope reports:write",
    404: f"has no {PATH}: {_CHECK_URL}",
    405: f"has no {PATH}: {_CHECK_URL}",
}


def _error_for(response: httpx2.Response, server: str) -> ServerError:
    status = response.status_code
    said = _said(response)
    if status == httpx2.codes.CONTENT_TOO_LARGE or _is_about_the_reports(response):
        # Nothing else: the reports are thrown away in the end, and must not be for what is wrong elsewhere.
        return BatchRefusedError(f"{server} refuses what we send ({status}{said})")
    if response.is_redirect:
        return NeedsMendingError(f"{server} sends us on to {response.headers.get('location')}: {_CHECK_URL}")
    if status in _MENDING:
        return NeedsMendingError(f"{server} {_MENDING[status]} ({status}{said})")
    if status == httpx2.codes.INTERNAL_SERVER_ERROR:
        return DefectError(f"{server} is broken ({status}{said})", _retry_after(response))
    if status == httpx2.codes.TOO_MANY_REQUESTS or status >= 500:
        return ServerError(f"{server} is busy or broken ({status}{said})", _retry_after(response))
    return NeedsMendingError(f"{server} refuses what we send ({status}{said}): {_CHECK_URL}")


def _is_about_the_reports(response: httpx2.Response) -> bool:
    """Whether this is the print queue's own 400, and its `details` name the reports or something in one of them."""
    body = _json(response)
    details = body.get("details")
    if response.status_code != httpx2.codes.BAD_REQUEST or body.get("success") is not False:
        return False
    if not isinstance(details, list):
        return False
    fields = [str(detail.get("field")) for detail in details if isinstance(detail, dict)]
    return any(field.split(".")[0] == "reports" for field in fields)


def _said(response: httpx2.Response) -> str:
    """The server's own sentence, when there is one."""
    error = _json(response).get("error")
    return f", {error[:200]}" if isinstance(error, str) else ""


def _results(response: httpx2.Response) -> list[ReportResult] | None:
    """What became of the reports, None unless all of it is as the contract says."""
    body = _json(response)
    results = body.get("results")
    well_formed = body.get("success") is True and isinstance(results, list)
    if not well_formed or not all(map(_is_result, results or [])):
        return None
    return cast("list[ReportResult]", results)


def _is_result(result: Any) -> bool:
    if not isinstance(result, dict) or result.get("result") not in get_args(ResultWord):
        return False
    error = result.get("error")
    is_refusal = (
        isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("message"), str)
    )
    return is_refusal or result["result"] != "refused"


def _answers(results: list[ReportResult], bodies: Sequence[str]) -> bool:
    """Whether these are the results of these very reports: a proxy may give the answer to another call."""
    if len(results) != len(bodies):
        return False
    sequences = [result.get("sequence") for result in results]
    return all(
        sequence is None or sequence == json.loads(body)["sequence"]
        for sequence, body in zip(sequences, bodies, strict=True)
    )


def _json(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the server asks us to wait (RFC 9110 §10.2.3), within our limit.

    A date is taken by the clock of whoever sent it, where that is told: ours may be years off.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text), RETRY_AFTER_MAX_SECONDS)
    until = _http_date(text)
    if until is None:
        return None
    present = _http_date(response.headers.get("date", "")) or datetime.now(UTC)
    return min(max((until - present).total_seconds(), 0.0), RETRY_AFTER_MAX_SECONDS)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reason(error: httpx2.RequestError) -> str:
    return str(error) or type(error).__name__
