"""A client of server-sent events for tests: reads in a thread, keeps all it heard, and waits for what is to come."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

SECONDS = 10.0


@dataclass(frozen=True)
class SseEvent:
    """One event; `id` and `retry` (milliseconds) are None when the event did not have them."""

    event: str
    data: str
    id: str | None = None
    retry: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        """The data as JSON; {} where there is none."""
        return dict(json.loads(self.data)) if self.data else {}

    @property
    def type(self) -> str:
        """`type` of the JSON of a message: progress, job, removed, printer; "" for other events."""
        return str(self.json.get("type", "")) if self.event == "message" else ""


class Parser:
    """Makes events of lines, as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""

    def __init__(self) -> None:
        self.last_event_id = ""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []

    def feed(self, line: str) -> SseEvent | None:
        """Take a line without its end; return the event that it completes."""
        if line == "":
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name:
            self._fields[name] = value
        return None

    def _complete(self) -> SseEvent | None:
        fields, data = self._fields, self._data
        self._fields, self._data = {}, []
        self.last_event_id = fields.get("id", self.last_event_id)
        if not data:
            return None
        retry = int(fields["retry"]) if "retry" in fields else None
        return SseEvent(fields.get("event", "message"), "\n".join(data), fields.get("id"), retry)


class SseClient:
    """An open stream. `status`, `headers` and, if it is no stream, `body` are there at once."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        last_event_id: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        path = parts.path + (f"?{urlencode(query)}" if query else "")
        id_header = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        connection.request("GET", path, headers={"Accept": "text/event-stream", **(headers or {}), **id_header})
        self._socket: socket.socket = connection.sock
        self._response = connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.body = b""
        self.events: list[SseEvent] = []
        self.has_ended = False
        self._parser = Parser()
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if self.headers.get_content_type() == "text/event-stream":
            self._socket.settimeout(None)
            self._reader.start()
        else:
            self.body = self._response.read()
            self.has_ended = True

    @property
    def last_event_id(self) -> str:
        """What a browser would send as Last-Event-ID if it were cut now."""
        return self._parser.last_event_id

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The JSON of all messages so far."""
        return [event.json for event in list(self.events) if event.event == "message"]

    def wait_for(self, wanted: Callable[[SseEvent], object], seconds: float = SECONDS) -> SseEvent:
        """Return the first event, of all so far and to come, that is `wanted`; fail after so many seconds."""
        with self._news:
            seen = 0

            def found() -> SseEvent | None:
                nonlocal seen
                news, seen = self.events[seen:], len(self.events)
                return next((event for event in news if wanted(event)), None)

            result: list[SseEvent] = []
            self._news.wait_for(lambda: self._keep(found(), result) or self.has_ended, seconds)
        if not result:
            heard = "\n".join(str(event) for event in self.events[-20:])
            raise AssertionError(f"not heard within {seconds} s (ended: {self.has_ended}); last heard:\n{heard}")
        return result[0]

    def wait_for_message(self, seconds: float = SECONDS, **fields: Any) -> dict[str, Any]:
        """Return the JSON of the first message whose fields are these."""
        return self.wait_for(
            lambda event: event.event == "message" and event.json.items() >= fields.items(), seconds
        ).json

    def wait_until_open(self, seconds: float = SECONDS) -> Self:
        """Return when the stream has told all that a page which opens must know."""
        with self._news:
            assert self._news.wait_for(lambda: self.last_event_id, seconds), "the stream did not open"
        return self

    def wait_for_end(self, seconds: float = SECONDS) -> None:
        """Return when the server has ended the stream; fail after so many seconds."""
        with self._news:
            assert self._news.wait_for(lambda: self.has_ended, seconds), f"not ended within {seconds} s"

    @staticmethod
    def _keep(event: SseEvent | None, into: list[SseEvent]) -> bool:
        into += [] if event is None else [event]
        return event is not None

    def _read(self) -> None:
        with suppress(OSError, ValueError, http.client.HTTPException):  # cut by the server, or by close()
            while line := self._response.readline():
                self._take(line)
        with self._news:
            self.has_ended = True
            self._news.notify_all()

    def _take(self, line: bytes) -> None:
        with self._news:
            event = self._parser.feed(line.decode().rstrip("\r\n"))
            if event is not None:
                self.events.append(event)
            self._news.notify_all()

    def close(self) -> None:
        """Cut the connection, as a browser tab that is closed."""
        with suppress(OSError):  # the server was first
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._reader.ident is not None:
            self._reader.join(SECONDS)
        self._response.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
