"""What printers that are asked over HTTP have in common: a thread that asks, so that a poll never waits, and its patience.

A family gives `look()`: it asks through `PrinterHttp` and returns what a pure function made of the answers.
"""

from __future__ import annotations

import json
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import httpx2

from printqueue.client.config import Tls
from printqueue.client.drivers.tls import certificate_in_words, context_for
from printqueue.client.runs import Run, RunTracker, Sighting
from printqueue.client.snapshot import Snapshot
from printqueue.protocol import ReportState

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES: Final = 1024 * 1024
"""Far more than any answer that is read here; what is longer comes from something else than a printer."""

CONTENT_OK: Final = 200
SERVER_ERROR: Final = 500
REFUSED: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits in seconds. PrusaLink shows an end for 11 s: `every` has to fit into that more than once."""

    every: float = 3.0
    answer: float = 5.0
    whole_look: float = 15.0
    silent: float = 15.0
    retry_from: float = 2.0
    retry_to: float = 60.0
    refused: float = 60.0
    refused_to: float = 300.0


class OutOfSightError(Exception):
    """The printer cannot be seen; the message says why and how to mend it."""


class RefusedError(OutOfSightError):
    """The printer refuses the key or the password. Asking again soon does not help, and can lock others out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP: its status and the JSON in it, None when there is none."""

    status: int
    body: Any

    @property
    def found(self) -> dict[str, Any]:
        """The JSON object of a good answer; empty for any other answer."""
        return self.body if self.status == CONTENT_OK and isinstance(self.body, dict) else {}


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before a look: the run under way, and for how long the printer was out of sight."""

    run: Run | None = None
    gap_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found. `ended`: how the run that was known ended, as the printer's records tell it.

    `not_ready`: the printer answers, but cannot print; why, and how to mend it.
    `warning`: all works today; what will not for long, and how to mend it.
    """

    sighting: Sighting
    ended: ReportState | None = None
    not_ready: str | None = None
    warning: str | None = None


class Family(Protocol):
    """How one family of printers is asked. Called from the printer's thread alone."""

    def look(self, http: PrinterHttp, known: Known, now: float) -> Look | None:
        """Ask the printer; None: nothing can be said yet, ask again. Raises OutOfSightError."""


class PrinterHttp:
    """Asks one printer. Every way in which that can fail becomes an OutOfSightError in plain words."""

    def __init__(
        self,
        url: str,
        *,
        refused_hint: str,
        headers: Mapping[str, str] | None = None,
        auth: httpx2.Auth | None = None,
        tls: Tls | None = None,
        timing: Timing | None = None,
    ) -> None:
        """`refused_hint` says what to do when the printer refuses the key; `tls` how an https printer proves who it is."""
        self._url = url
        self._tls = tls or Tls("verify")
        self._refused_hint = refused_hint
        self._timing = timing or Timing()
        self._client = httpx2.Client(
            headers=dict(headers or {}),
            auth=auth,
            timeout=self._timing.answer,
            verify=_context(url, self._tls),
            trust_env=False,  # printers are in the local network, proxies lead out of it
        )

    @property
    def url(self) -> str:
        """The printer's base URL."""
        return self._url

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def get(self, path: str, **query: str) -> Answer:
        """Return the answer to a GET, whatever its status but 401 and 403. Raises OutOfSightError."""
        try:
            status, body = self._read(path, query)
        except httpx2.TransportError as error:
            raise OutOfSightError(self._in_words(error)) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, KeyError, ValueError) as error:
            # Digest challenges of some firmware lack fields, which surfaces as KeyError or ValueError.
            raise OutOfSightError(f"{self._url} answers what cannot be read: {_reason(error)}") from error
        if status in REFUSED:
            raise RefusedError(f"{self._url} refuses to be asked ({status}): {self._refused_hint}")
        return Answer(status, decoded(body))

    def unexpected(self, path: str, status: int, program: str) -> OutOfSightError:
        """Return the error for an answer that `program` would not give."""
        if status >= SERVER_ERROR:
            return OutOfSightError(f"{self._url} is broken or starting ({status} for {path}): is {program} running?")
        return OutOfSightError(f"{self._url} does not answer as {program} ({status} for {path}): check `url`")

    def _read(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        until = time.monotonic() + self._timing.whole_look
        with self._client.stream("GET", self._url + path, params=query or None) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise OutOfSightError(f"{self._url} answers far more than a printer says: check `url`")
                if time.monotonic() > until:
                    raise OutOfSightError(f"{self._url} takes too long to answer: is its network good?")
            return response.status_code, bytes(body)

    def _in_words(self, error: httpx2.TransportError) -> str:
        if isinstance(error, httpx2.TimeoutException):
            return f"no answer from {self._url}: is the printer on, and is its address still the same?"
        if isinstance(error, httpx2.ConnectError):
            root = _root(error)
            if isinstance(root, ssl.SSLError):
                return self._tls_in_words(root)
            return f"{self._url} cannot be reached ({_reason(error)}): is the printer on, and is `url` right?"
        return f"{self._url} broke off its answer ({_reason(error)})"

    def _tls_in_words(self, error: ssl.SSLError) -> str:
        names_another = (
            f"the certificate of {self._url} names another host: put the name that it is for into `url`, or use "
            'tls = "pin"'
        )
        wrong = certificate_in_words(error, self._url, self._tls, names_another=names_another)
        return wrong or f"TLS to {self._url} failed ({_reason(error)}): printers mostly speak http, check `url`"


class HttpDriver:
    """Watches one printer by asking it in a thread of its own; `poll` says what that found."""

    def __init__(
        self,
        label: str,
        http: PrinterHttp,
        family: Family,
        memory: dict[str, Any] | None,
        *,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`label` begins each line of log."""
        self._label, self._http, self._family = label, http, family
        self._timing = timing or Timing()
        self._clock = clock
        run, self._seen_at = _restored(memory)
        self._tracker = RunTracker(run)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"http-{label}", daemon=True)
        self._heard_at: float | None = None
        self._started_at = time.monotonic()
        self._after_gap = True
        self._failures = 0
        self._trouble: str | None = None
        self._not_ready: str | None = None
        self._warning: str | None = None

    def start(self) -> None:
        """Begin to ask in the background."""
        self._started_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Ask no more. A question under way is left to its time-out: its thread ends with the process."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(0.2)

    def is_known(self) -> bool:
        """Whether `poll` has something to say."""
        with self._lock:
            return self._tracker.has_seen or self._is_out_of_sight()

    def trouble(self) -> str | None:
        """Return why the printer cannot be seen, or what is to be mended although it is seen, in words, or None."""
        return self._trouble or self._not_ready or self._warning

    def memory(self) -> dict[str, Any] | None:
        """Return the run that the printer is on, and when it was last seen."""
        with self._lock:
            return {"run": self._tracker.memory(), "seen_at": self._seen_at}

    def poll(self, now: float) -> list[Snapshot]:
        """Return where the printer stands; empty until it is known whether it can be seen at all."""
        with self._lock:
            if self._is_out_of_sight():
                return [Snapshot(ReportState.OFFLINE)]
            snapshots = self._tracker.snapshots(now)
            if self._not_ready and snapshots and snapshots[-1].state == ReportState.IDLE:
                snapshots[-1] = Snapshot(ReportState.OFFLINE, readings=snapshots[-1].readings)
            return snapshots

    def step(self) -> float:
        """Look once; return how many seconds to wait before the next look."""
        try:
            self._look()
        except OutOfSightError as error:
            return self._fail(str(error), refused=isinstance(error, RefusedError))
        except Exception:
            # Whatever a printer sends must not end the thread that watches it.
            if self._failures == 0:
                logger.exception("%s: its answer could not be read", self._label)
            return self._fail(f"{self._http.url} answers what cannot be read: the log says more", refused=False)
        self._failures, self._trouble = 0, None
        return self._timing.every

    def _watch(self) -> None:
        try:
            while not self._stopping.is_set():
                self._stopping.wait(self.step())
        finally:
            self._http.close()

    def _look(self) -> None:
        with self._lock:
            known = Known(self._tracker.active_run(), self._gap())
        look = self._family.look(self._http, known, self._clock())
        self._heard_at = time.monotonic()
        if look is None:
            return
        with self._lock:
            self._take_in(look, self._clock())

    def _take_in(self, look: Look, now: float) -> None:
        if look.ended is not None:
            self._tracker.end(look.ended, now)
        self._tracker.see(look.sighting, now, after_gap=self._after_gap)
        self._seen_at, self._after_gap = now, False
        if look.not_ready and look.not_ready != self._not_ready:
            logger.warning("%s: %s", self._label, look.not_ready)
        if look.warning and look.warning != self._warning:
            logger.warning("%s: %s", self._label, look.warning)
        self._not_ready, self._warning = look.not_ready, look.warning

    def _gap(self) -> float:
        if not self._after_gap or self._seen_at is None:
            return 0.0
        return max(0.0, self._clock() - self._seen_at)

    def _fail(self, trouble: str, *, refused: bool) -> float:
        """Keep the newest trouble, log it once, and return how long to leave the printer alone."""
        with self._lock:
            self._after_gap = True
        if trouble != self._trouble:
            logger.warning("%s: %s", self._label, trouble)
        self._trouble = trouble
        self._failures += 1
        first, limit = self._timing.retry_from, self._timing.retry_to
        if refused:
            first, limit = self._timing.refused, self._timing.refused_to
        pause = min(limit, first * 2.0 ** min(self._failures - 1, 10))
        return pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing

    def _is_out_of_sight(self) -> bool:
        """No answer for a while; or none ever, and it is known why."""
        if self._heard_at is None and self._trouble is not None:
            return True
        return time.monotonic() - (self._heard_at or self._started_at) > self._timing.silent


def decoded(body: bytes) -> Any:
    """Return the JSON in `body`, None when there is none. Some firmware sends file names that are not UTF-8."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _context(url: str, tls: Tls) -> ssl.SSLContext:
    """How the certificate is checked: as the configuration says, else by the authorities that this computer knows."""
    if not url.lower().startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; the library would read all authorities for it
    if tls.ca_file is None and tls.sha256 is None:
        return _authorities()
    return context_for(tls)


@cache
def _authorities() -> ssl.SSLContext:
    """Who may sign certificates; one list for all printers, since each copy takes about 1 MB."""
    return httpx2.create_ssl_context(trust_env=False)


def _restored(memory: dict[str, Any] | None) -> tuple[dict[str, Any] | None, float | None]:
    """The run and the moment that the process before remembered; what another version wrote is forgotten."""
    run, seen_at = (memory or {}).get("run"), (memory or {}).get("seen_at")
    return run if isinstance(run, dict) else None, float(seen_at) if isinstance(seen_at, int | float) else None


def _root(error: BaseException) -> BaseException:
    """The first cause of an error: the HTTP library wraps what the system said."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
