"""Open pages without browsers: each keeps what it was told, comes back when it was cut, and is held to the database.

All of them live in one thread, so that hundreds cost the tests little.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias
from urllib.parse import urlsplit

from printqueue.live.position import Position
from printqueue.models import Printer, PrintQueue
from tests.faults.loop import LoopThread
from tests.live.conftest import staff_headers
from tests.live.sse_client import Parser, SseEvent
from tests.processes import ServeProcess, wait_for

logger = logging.getLogger(__name__)

EVENTS = "/api/print-queue/events"
PAGES_PER_USER = 40
"""Fewer than a user may have open, so that a page which comes back finds a seat."""

QUIET_LIMIT = 2.0
"""Seconds of quiet after which every client with an open stream knows what the database holds: promised."""

OPEN_AGAIN_LIMIT = 6.0
"""Seconds until a page that was cut is back: `retry:` tells it to wait 1 to 5."""

Row: TypeAlias = tuple[str, str]
"""("job", id) or ("printer", serial)."""


class Known(NamedTuple):
    """What is known of a row, by a page or by the database."""

    state: str
    progress: float | None
    revision: int


def held() -> dict[Row, Known]:
    """Return what the database holds for everybody who may see everything."""
    jobs = PrintQueue.objects.enabled().only("state", "progress", "revision")
    printers = Printer.objects.in_use().only("serial", "state", "progress", "revision")
    known = {("job", str(job.pk)): Known(job.state, job.progress, job.revision) for job in jobs}
    return known | {("printer", one.serial): Known(one.state, one.progress, one.revision) for one in printers}


Rendered: TypeAlias = tuple[str, dict[Row, Known]]
"""What the HTML of a page tells it before its stream is open: an event id, and the rows."""


def rendered() -> Rendered:
    """Return what a page that is made now tells: where we stand, read before the rows."""
    position = str(Position.current())
    return position, held()


class Page:
    """One open page. It applies events as a page does, and reopens its stream for ever, as a browser does."""

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        *,
        rendered: Rendered | None = None,
        back_after: float | None = None,
    ) -> None:
        self.url = url
        self.headers = headers
        self.last_event_id, self.known = rendered or ("", {})
        self.heard: list[Known] = []
        """All that it was told of states, new or not."""
        self.is_open = False
        """Whether its stream is open and has told what a page that opens must know."""
        self.openings = 0
        """How often its stream was opened."""
        self.resets = 0
        self.repeats = 0
        """Messages that told nothing new."""
        self.ids_back = 0
        """Ids that were lower than the one before, in one stream."""
        self.refusals: Counter[int] = Counter()
        """The statuses of openings that were refused."""
        self._back_after = back_after
        """Seconds after which it comes back when it was cut; None: as long as the server told it to wait."""
        self._retry_seconds = 3.0
        self._writer: asyncio.StreamWriter | None = None

    @property
    def epoch(self) -> str:
        """The history of changes that it follows."""
        return self.last_event_id.removeprefix("pf-").partition(":")[0]

    async def stay(self) -> None:
        """Watch for ever."""
        while True:
            # Refused, cut, or ended in the midst of a line: all the same to a browser.
            with suppress(OSError, EOFError, ValueError):
                try:
                    await self._watch()
                finally:
                    self.is_open = False
                    self.cut()
            await asyncio.sleep(self._retry_seconds if self._back_after is None else self._back_after)

    def cut(self) -> None:
        """Cut the line; the page comes back. Belongs to the loop: others call `Audience.cut`."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _watch(self) -> None:
        reader, self._writer = await self._request()
        status, is_chunked = await head_of(reader)
        if status != 200:
            self.refusals[status] += 1
            return
        self.openings += 1
        parser = Parser()
        async for line in lines_of(reader, is_chunked):
            before = parser.last_event_id
            event = parser.feed(line.decode().rstrip("\r\n"))
            self._note_id(before, parser.last_event_id)
            if event is not None:
                self._apply(event)
            self.is_open = parser.last_event_id != ""

    async def _request(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
        headers = {"Host": parts.netloc, "Accept": "text/event-stream", **self.headers}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        lines = [f"GET {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        return reader, writer

    def _note_id(self, before: str, now: str) -> None:
        if before and now != before and int(now.split(":")[1]) < int(before.split(":")[1]):
            self.ids_back += 1
        self.last_event_id = now or self.last_event_id

    def _apply(self, event: SseEvent) -> None:
        if event.retry is not None:
            self._retry_seconds = event.retry / 1000
        if event.event == "stream-reset":
            self.resets += 1
            self.known.clear()
        elif event.event == "message":
            self._apply_message(event.json)

    def _apply_message(self, told: dict[str, Any]) -> None:
        if "state" in told:
            self.heard.append(Known(told["state"], told["progress"], told["revision"]))
        row = ("printer", told["serial"]) if told["type"] == "printer" else ("job", told["id"])
        if row in self.known and told["revision"] <= self.known[row].revision:
            self.repeats += 1
        elif told["type"] == "removed" or told.get("enabled") is False:
            self.known.pop(row, None)
        else:
            self.known[row] = Known(told["state"], told["progress"], told["revision"])

    def wrong(self, truth: dict[Row, Known]) -> dict[Row, tuple[Known | None, Known | None]]:
        """Return the rows of which the page knows something else than `truth`: both, side by side."""
        known = self.known.copy()
        return {row: (known.get(row), truth.get(row)) for row in known | truth if known.get(row) != truth.get(row)}


async def head_of(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read the head of an answer; return its status, and whether the body is chunked."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    return int(head.split(b" ", 2)[1]), b"transfer-encoding: chunked" in head


async def lines_of(reader: asyncio.StreamReader, is_chunked: bool) -> AsyncIterator[bytes]:
    """Yield the lines of a body."""
    if not is_chunked:
        while line := await reader.readline():
            yield line
        return
    rest = b""
    while size := int(await reader.readline(), 16):
        rest += (await reader.readexactly(size + 2))[:-2]
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield line


class Audience:
    """All pages of a test."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self._thread = LoopThread("audience")
        self._staying: set[asyncio.Task[None]] = set()

    def open(self, server: ServeProcess, count: int = 1, **how: Any) -> list[Page]:
        """Open so many pages at once, of members of staff; `how` as in `Page`. `wait_until_open` waits for them."""
        headers = [staff_headers() for _ in range(0, count, PAGES_PER_USER)]
        pages = [Page(server.url + EVENTS, headers[n // PAGES_PER_USER], **how) for n in range(count)]
        self.pages += pages
        self._thread.run(self._start(pages))
        return pages

    async def _start(self, pages: list[Page]) -> None:
        self._staying |= {asyncio.create_task(page.stay()) for page in pages}

    def cut(self, pages: Iterable[Page] | None = None) -> None:
        """Cut the lines of these pages, or of all; they come back by themselves."""
        for page in self.pages if pages is None else pages:
            self._thread.loop.call_soon_threadsafe(page.cut)

    def wait_until_open(self, limit: float = OPEN_AGAIN_LIMIT) -> float:
        """Return when all streams are open; the seconds that it took."""
        began = time.monotonic()
        try:
            wait_for(lambda: all(page.is_open for page in self.pages), 3 * limit, "all streams are open")
        except AssertionError as error:
            refusals = sum((page.refusals for page in self.pages), Counter())
            raise AssertionError(f"{error}; refused: {dict(refusals)}") from None
        return time.monotonic() - began

    def wait_until_right(self, limit: float = QUIET_LIMIT) -> float:
        """Return when every page knows what the database holds; log, and return, the seconds that it took.

        The claim of all tests here. The limit is what is promised, and what is waited for is three times as long.
        """
        self.wait_until_open()
        began = time.monotonic()
        try:
            wait_for(lambda: not self.wrong(), 3 * limit, "every page knows what the database holds")
        except AssertionError as error:
            raise AssertionError(f"{error}; it does not know {json.dumps(self.wrong(), indent=1)}") from None
        seconds = time.monotonic() - began
        logger.info(f"{len(self.pages)} pages knew what the database holds after {seconds:.2f} s (limit {limit})")
        return seconds

    def wrong(self) -> dict[str, str]:
        """Return which pages know of which rows something else than the database holds."""
        truth = held()
        found = {f"page {number}": page.wrong(truth) for number, page in enumerate(self.pages)}
        return {name: str(wrong) for name, wrong in found.items() if wrong}

    def close(self) -> None:
        """Close all pages."""
        self._thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
