"""The load: pages that listen, clients that report, and a round in which both are watched.

All pages of a server read the same bytes, so that each piece is taken apart once and known again by its look. That is
what lets one core listen for a thousand pages.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from tests.bench.check import Heard, Said, Tally, account, percentile
from tests.bench.procfs import cpu_seconds, own_cpu_seconds
from tests.bench.target import CallMaker, Target
from tests.bench.wire import AnswerReader, StreamReader

T = TypeVar("T")
now_ns = time.perf_counter_ns

OPENING_AT_ONCE: Final = 50
QUIET_SECONDS: Final = 2.0
"""When nothing was heard for so long, nothing more will come."""
NO_MORE_SECONDS: Final = 0.3
"""The same once everything that was to come has come."""

MOST_KNOWN_READS: Final = 20_000

BUSY: Final = 0.85
"""The share of its core above which the load generator may have held the server up."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the fastest event loop there is."""
    try:
        from uvloop import new_event_loop as fast_event_loop
    except ImportError:  # no wheel for this platform
        return asyncio.new_event_loop()
    return fast_event_loop()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in an event loop of its own."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


class Page(asyncio.Protocol):
    """An open stream of events, and what was read from it."""

    __slots__ = ("_is_clean", "_reader", "count", "crowd", "is_cut", "log", "opened", "transport")

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.is_cut = False
        self._reader = StreamReader()
        self._is_clean = False
        self.forget()

    def forget(self) -> None:
        """Let the log begin anew."""
        self.log: list[tuple[int, tuple[Heard, ...]]] = []
        self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.crowd.target.stream_request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_cut = True
        if not self.opened.done():
            self.opened.set_result(0)

    def data_received(self, data: bytes) -> None:
        now = now_ns()
        crowd = self.crowd
        crowd.read_at = now
        heard = crowd.known_reads.get(data) if self._is_clean else None
        if heard is None:
            heard = self._take_apart(data)
        if heard:
            self.log.append((now, heard))
            self.count += len(heard)

    def _take_apart(self, data: bytes) -> tuple[Heard, ...]:
        was_clean = self._is_clean
        heard = self._reader.feed(data)
        self._is_clean = self._reader.is_between_events
        if was_clean and self._is_clean:
            self.crowd.remember(data, heard)
        if not self.opened.done() and self._reader.status:
            self.opened.set_result(self._reader.status)
        return heard


class Crowd:
    """All open pages of one server."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.pages: list[Page] = []
        self.read_at = 0
        self.known_reads: dict[bytes, tuple[Heard, ...]] = {}

    def remember(self, data: bytes, heard: tuple[Heard, ...]) -> None:
        """Know a read again that begins and ends between events."""
        if len(self.known_reads) >= MOST_KNOWN_READS:
            self.known_reads.clear()
        self.known_reads[data] = heard

    @property
    def heard(self) -> int:
        """How many events all pages have read."""
        return sum(page.count for page in self.pages)

    @property
    def cut(self) -> int:
        """How many pages the server has dropped."""
        return sum(page.is_cut for page in self.pages)

    async def grow_to(self, size: int) -> None:
        """Open pages until there are `size`, and return when they have read what a new page is told."""
        places = asyncio.Semaphore(OPENING_AT_ONCE)

        async def open_one() -> None:
            async with places:
                self.pages.append(await self._open())

        await asyncio.gather(*[open_one() for _ in range(size - len(self.pages))])
        opened = now_ns()
        # Not for ever: a thousand pages are never all silent, since each is sent its signs of life.
        while now_ns() - self.read_at < 5e8 and now_ns() - opened < 2e9:  # noqa: ASYNC110  (silence makes no event)
            await asyncio.sleep(0.05)

    async def _open(self) -> Page:
        loop = asyncio.get_running_loop()
        _, page = await loop.create_connection(lambda: Page(self), "127.0.0.1", self.target.port)
        status = await asyncio.wait_for(page.opened, 60)
        if status != 200:
            raise RuntimeError(f"{self.target.name} answers {status} to a page that wants to listen.")
        return page

    async def quiet(self, expected: int) -> None:
        """Return when the pages have read so many events and no more come, or nothing for a while.

        What is told again, as with an estimate, counts among them: the last ones may be on their way still.
        """
        heard, since = -1, now_ns()
        while now_ns() - since < (QUIET_SECONDS if heard < expected else NO_MORE_SECONDS) * 1e9:
            if (count := self.heard) != heard:
                heard, since = count, now_ns()
            await asyncio.sleep(0.02)

    def forget(self) -> None:
        """Let all logs begin anew."""
        for page in self.pages:
            page.forget()

    async def close(self) -> None:
        """Cut all pages."""
        for page in self.pages:
            page.transport.abort()
        await asyncio.sleep(0.1)
        self.pages.clear()


class Client(asyncio.Protocol):
    """A connection that reports, one call after the other."""

    def __init__(self) -> None:
        self._reader = AnswerReader()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._tell((0, b"The connection was cut."))

    def data_received(self, data: bytes) -> None:
        answer = self._reader.feed(data)
        if answer is not None:
            self._tell(answer)

    def _tell(self, answer: tuple[int, bytes]) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    async def connect(self, port: int) -> None:
        """Be connected."""
        if self._transport is None:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    async def call(self, data: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body; status 0 when there was no answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await asyncio.wait_for(self._answer, 60)

    def close(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()


@dataclass
class Result:
    """What a round came to. Times in seconds unless they say ns."""

    reports: int
    refused: Counter[str]
    call_ns: list[int]
    reporting: float
    """From the first call to the last answer."""
    telling: float
    """From the first call to the last event that a page read."""
    server_cpu: float
    client_share: float
    """How much of its core the load generator used: near 1, the server could do more than is seen."""
    tally: Tally

    @property
    def reports_per_second(self) -> float:
        return self.reports / self.reporting

    @property
    def events_per_second(self) -> float:
        return self.tally.delivered / self.telling if self.telling else 0.0

    @property
    def faults(self) -> str:
        """What went wrong, in words; "" when nothing did."""
        refused = [f"{count} calls refused ({why})" for why, count in self.refused.items()]
        return ", ".join([*refused, *([self.tally.faults] if self.tally.faults else [])])

    @property
    def in_words(self) -> str:
        """Everything, in a line."""
        told = [percentile(self.tally.latencies, share) / 1e6 for share in (0.5, 0.95, 0.99)]
        answered = [percentile(self.call_ns, share) / 1e6 for share in (0.5, 0.95, 0.99)]
        return (
            f"{self.reports_per_second:.0f} reports/s, answered in {_milliseconds(answered)}; "
            f"{self.events_per_second:,.0f} events/s, told in {_milliseconds(told)}, {self.tally.skipped} overtaken; "
            f"CPU {self.cpu_us_per_event:.1f} µs an event, load {self.client_share:.0%} of its core"
            f"{'; FAULTS: ' + self.faults if self.faults else ''}"
        )

    @property
    def cpu_us_per_event(self) -> float:
        """What the server spent for an event on a page, the report's share included."""
        return self.server_cpu / max(1, self.tally.delivered) * 1e6


def remarks(name: str, results: Sequence[Result]) -> list[str]:
    """Return what must be known of a server's figures: that there were faults, that they may be too low."""
    faults = [f"{name}: {result.faults}" for result in results if result.faults]
    share = statistics.median(result.client_share for result in results)
    return [*faults[:1], *([f"{name} or more: load at {share:.0%} of its core"] if share > BUSY else [])]


def all_right(results: Iterable[Result]) -> bool:
    """Whether there were no faults. A server with faults is nothing to be compared with."""
    return not any(result.faults for result in results)


@dataclass
class Round:
    """Clients report to one server while its pages listen."""

    crowd: Crowd
    make: CallMaker
    said: list[Said] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    call_ns: list[int] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return self.crowd.target

    async def in_flight(self, jobs: Sequence[int], calls: int, seconds: float, batch: int = 1) -> Result:
        """Keep so many calls under way: each client sends its next as soon as the last is answered.

        Each has jobs of its own, so that the reports of a job are in order.
        """
        clients = await self._clients(calls)
        shares = [_endless_batches(jobs[index::calls], batch) for index in range(calls)]

        async def report(client: Client, share: Iterator[Sequence[int]]) -> None:
            while now_ns() < until:
                await self._call(client, next(share))

        async with _Watched(self) as watch:
            until = now_ns() + int(seconds * 1e9)
            await asyncio.gather(*[report(client, share) for client, share in zip(clients, shares, strict=True)])
        return self._result(watch, clients)

    async def timetable(self, jobs: Sequence[int], rate: float, seconds: float, batch: int = 1) -> Result:
        """Send so many calls a second, answered or not; what is late counts from when it should have been sent."""
        idle = await self._clients(8)
        clients = list(idle)
        batches = _endless_batches(jobs, batch)
        under_way = set()

        async def report(of: Sequence[int], at: int) -> None:
            client = idle.pop() if idle else await self._another(clients)
            await self._call(client, of, at)
            idle.append(client)

        async with _Watched(self) as watch:
            for number in range(round(rate * seconds)):
                at = watch.began + int(number / rate * 1e9)
                await asyncio.sleep(max(0, (at - now_ns()) / 1e9))
                task = asyncio.create_task(report(next(batches), at))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.gather(*under_way)
        return self._result(watch, clients)

    async def bursts(self, jobs: Sequence[int], size: int, times: int, pause: float) -> Result:
        """Send `size` calls at the same moment, each for another job, and so again when they are answered."""
        clients = await self._clients(size)
        batches = _endless_batches(jobs, size)
        async with _Watched(self) as watch:
            for _ in range(times):
                calls = zip(clients, next(batches), strict=True)
                await asyncio.gather(*[self._call(client, [job]) for client, job in calls])
                await asyncio.sleep(pause)
        return self._result(watch, clients)

    async def _clients(self, count: int) -> list[Client]:
        clients = [Client() for _ in range(count)]
        await asyncio.gather(*[client.connect(self.target.port) for client in clients])
        return clients

    async def _another(self, clients: list[Client]) -> Client:
        [client] = await self._clients(1)
        clients.append(client)
        return client

    async def _call(self, client: Client, jobs: Sequence[int], at: int | None = None) -> None:
        await client.connect(self.target.port)
        call = self.make(jobs)
        at = at or now_ns()
        status, body = await client.call(call.data)
        self.call_ns.append(now_ns() - at)
        if 200 <= status < 300 and b'"refused"' not in body:
            self.said += [Said(job, value, at) for job, value in call.reports]
        else:
            why = " ".join(body[:200].decode(errors="replace").split())  # it may come into the table
            self.refused[f"{status} {why}"] += 1

    def _result(self, watch: _Watched, clients: list[Client]) -> Result:
        for client in clients:
            client.close()
        tally = account(self.said, [page.log for page in self.crowd.pages], watch.first_value)
        self.crowd.forget()
        gc.collect()
        return Result(
            reports=len(self.said),
            refused=self.refused,
            call_ns=self.call_ns,
            reporting=(watch.reported - watch.began) / 1e9,
            telling=max(0, tally.last_at - watch.began) / 1e9,
            server_cpu=watch.server_cpu,
            client_share=watch.client_share,
            tally=tally,
        )


def _endless_batches(jobs: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield `size` jobs at a time, over and over. No batch holds one twice."""
    if len(jobs) % size:
        raise ValueError(f"{len(jobs)} jobs cannot be divided into batches of {size}.")
    return itertools.cycle([jobs[at : at + size] for at in range(0, len(jobs), size)])


def _milliseconds(figures: Sequence[float]) -> str:
    return "/".join(f"{figure:.1f}" for figure in figures) + " ms"


class _Watched:
    """Notes time and CPU before the first call and after the last event."""

    def __init__(self, round_: Round) -> None:
        self._round = round_
        self._pid = round_.target.pid

    async def __aenter__(self) -> _Watched:
        self._round.crowd.forget()
        self.first_value = self._round.target.next_value + 1
        gc.collect()
        gc.disable()  # a pause of ours would look like one of the server
        self._cpu, self._own_cpu = cpu_seconds(self._pid), own_cpu_seconds()
        self.began = now_ns()
        return self

    async def __aexit__(self, *problem: object) -> None:
        self.reported = now_ns()
        crowd = self._round.crowd
        own_cpu = own_cpu_seconds() - self._own_cpu
        self.client_share = own_cpu / ((self.reported - self.began) / 1e9)
        await crowd.quiet(len(self._round.said) * len(crowd.pages))
        self.server_cpu = cpu_seconds(self._pid) - self._cpu
        gc.enable()
