"""What a stream does by itself, in the test's own process and at a quicker rhythm."""

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

import pytest
from django.db import connections

from printqueue.live import hub
from printqueue.live.line import Piece
from printqueue.live.position import Position
from printqueue.live.rounds import Rhythm
from printqueue.live.stream import Everything, Printers, Stream, Viewer
from printqueue.live.threads import in_thread
from printqueue.models import PrintQueue
from tests.factories import make_job, make_printer
from tests.live.changes import report_progress
from tests.live.sse_client import Parser

pytestmark = pytest.mark.usefixtures("transactional_db", "stopped_pump")


def viewer(still_allowed=lambda: True) -> Viewer:
    return Viewer("user 1", still_allowed)


def stream_of(viewer: Viewer, last: Position | None = None) -> Stream:
    return Stream(viewer, Everything(), last)


@pytest.fixture
def quick(monkeypatch):
    """`quick(check=0.1)`: the streams of the test see to this as often as that, and to nothing else."""

    def set_rhythm(**rhythm: float) -> None:
        calm = {"round": 0.01, "keep_alive": 60.0, "check": 60.0, "lifetime": 60.0}
        monkeypatch.setattr(hub, "RHYTHM", Rhythm(**{**calm, **rhythm}))

    return set_rhythm


async def events_of(pieces):
    """The events of a stream as they come."""
    parser = Parser()
    async for piece in pieces:
        for line in piece.decode().split("\n")[:-1]:
            event = parser.feed(line)
            if event:
                yield event


async def all_of(stream: Stream, seconds: float = 10) -> list[str]:
    """The names of all events until the stream ends by itself."""
    async with asyncio.timeout(seconds):
        return [event.event async for event in events_of(stream.guarded())]


async def until(events, wanted) -> dict[str, Any]:
    """The JSON of the first message that is wanted."""
    async with asyncio.timeout(10):
        async for event in events:
            if event.event == "message" and wanted(event.json):
                return dict(event.json)
    raise AssertionError("the stream ended")


async def test_it_ends_when_its_viewer_may_watch_no_longer(quick):
    quick(check=0.1)

    await all_of(stream_of(viewer(lambda: False)))


async def test_it_ends_at_the_end_of_its_life(quick):
    quick(lifetime=0.1)

    await all_of(stream_of(viewer()))


async def test_it_ends_when_its_client_has_gone():
    stream = stream_of(viewer())
    stream.end()

    await all_of(stream)


async def test_it_gives_signs_of_life_with_the_clock_and_the_id_that_is_known(quick):
    quick(keep_alive=0.05)
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        opening = [await anext(events) for _ in range(4)]
        keep_alive, clock = await anext(events), await anext(events)

    assert [event.event for event in opening] == ["stream-open", "clock", "keep-alive", "clock"]
    assert [keep_alive.event, clock.event] == ["keep-alive", "clock"]
    assert clock.id == str(await in_thread(Position.current))


async def test_whatever_goes_wrong_ends_it_quietly_and_is_logged_once(caplog, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("printqueue.live.catch_up.read_for_a_new_page", broken)
    released = []
    stream = stream_of(viewer())
    stream.at_the_end = lambda: released.append(True)

    await all_of(stream)

    assert [record.levelname for record in caplog.records if record.name == "printqueue.live.stream"] == ["ERROR"]
    assert released == [True]


class Line:
    """A client's line that lasts as long as the test."""

    def write_now(self, piece: Piece) -> bool:
        raise NotImplementedError

    def when_lost(self, call: Callable[[], object]) -> None:
        pass

    def abort(self) -> None:
        pass


class StraightLine(Line):
    """A client's line that takes the first piece, and then is full."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[bytes] = asyncio.Queue()
        self.is_full = False

    def write_now(self, piece: Piece) -> bool:
        if self.is_full:
            return False
        self.is_full = True
        self.taken.put_nowait(piece.plain)
        return True


async def test_what_everybody_gets_goes_straight_to_the_client_and_what_does_not_is_yielded_in_order():
    job = await in_thread(make_job)
    line, stream = StraightLine(), stream_of(viewer())
    stream.go_straight(line)
    async with aclosing(stream.guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["type"] == "job")
        yielded = asyncio.create_task(until(events, lambda message: message["progress"] == 2))

        await in_thread(partial(report_progress, job, 1))
        straight = await line.taken.get()
        await in_thread(partial(report_progress, job, 2))

        assert b'"progress": 1.0' in straight
        assert (await yielded)["progress"] == 2


async def test_a_line_that_breaks_takes_nothing_from_other_pages_nor_from_its_own(caplog):
    """Whichever of the two is told first."""
    job = await in_thread(make_job)
    lines, streams = [BrokenLine(), BrokenLine()], [stream_of(viewer()) for _ in range(2)]
    async with AsyncExitStack() as open_pages:
        pages = []
        for line, stream in zip(lines, streams, strict=True):
            stream.go_straight(line)
            pages.append(events_of(await open_pages.enter_async_context(aclosing(stream.guarded()))))
        for events in pages:
            await until(events, lambda message: message["type"] == "job")
        for percent in (1, 2):
            told = [asyncio.create_task(until(events, at(percent))) for events in pages]
            await asyncio.sleep(0.1)  # until both wait for news

            await in_thread(partial(report_progress, job, percent))

            await asyncio.gather(*told)

    assert [line.times for line in lines] == [1, 1]
    assert [record.levelname for record in caplog.records if record.name == "printqueue.live.hub"] == ["ERROR"] * 2


class BrokenLine(Line):
    """A client's line that raises what no line raises."""

    times = 0

    def write_now(self, piece: Piece) -> bool:
        self.times += 1
        raise ValueError("a bug")


async def test_a_change_that_cannot_be_written_down_is_read_from_the_database(monkeypatch, caplog):
    job = await in_thread(make_job)
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["type"] == "job")
        told = asyncio.create_task(until(events, at(1)))
        monkeypatch.setattr(hub, "Burst", failing_once(hub.Burst))

        await in_thread(partial(report_progress, job, 1))

        await told
    assert "could not be written down" in caplog.text


def failing_once(make: Callable[..., Any]) -> Callable[..., Any]:
    """`make`, which raises what it never raises the first time that it is called."""
    calls = itertools.count()

    def made(*args: Any) -> Any:
        if next(calls) == 0:
            raise ValueError("a bug")
        return make(*args)

    return made


def at(percent: float):
    """Whether a message tells of a job at `percent`."""
    return lambda message: message.get("progress") == percent


async def test_what_is_not_for_everybody_never_goes_straight():
    line = StraightLine()
    stream = Stream(viewer(), Printers(), None)
    stream.go_straight(line)
    async with aclosing(stream.guarded()) as pieces:
        await anext(pieces)
        waiting = asyncio.create_task(anext(pieces))
        await in_thread(make_printer)
        await waiting

    assert line.taken.empty()


async def test_a_page_that_reads_too_slowly_reads_what_it_missed_from_the_database(monkeypatch):
    monkeypatch.setattr(hub, "MOST_WAITING_BYTES", 1)
    job = await in_thread(make_job)
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["type"] == "job")

        for percent in range(1, 6):
            await in_thread(partial(report_progress, job, percent))
            await asyncio.sleep(0.1)  # so that each is a burst of its own

        await until(events, lambda message: message["progress"] == 5)


async def test_what_a_slow_page_missed_is_never_hidden_by_what_came_after(monkeypatch):
    monkeypatch.setattr(hub, "MOST_WAITING_BYTES", 1)
    jobs = [await in_thread(make_job) for _ in range(6)]
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["id"] == str(jobs[-1].pk))

        for job in jobs:
            await in_thread(partial(report_progress, job, 7))
            await asyncio.sleep(0.1)  # so that each is a burst of its own

        missing = {str(job.pk) for job in jobs}
        while missing:
            missing.discard((await until(events, lambda message: message["progress"] == 7))["id"])


async def test_a_loop_that_stood_still_during_many_writes_tells_the_last():
    job = await in_thread(make_job)
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["type"] == "job")

        with ThreadPoolExecutor(1) as writer:
            writer.submit(write_sixty, job).result()  # on purpose not awaited: nothing else runs meanwhile

        await until(events, lambda message: message["progress"] == 60)


def write_sixty(job: PrintQueue) -> None:
    try:
        for percent in range(1, 61):
            report_progress(job, percent)
    finally:
        connections.close_all()
