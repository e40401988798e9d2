"""What a stream does by itself, in the test's own process and at a quicker rhythm."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections

from printqueue.live import hub
from printqueue.live.position import Position
from printqueue.live.reading import in_thread
from printqueue.live.stream import Everything, Rhythm, Stream, Viewer
from printqueue.models import PrintQueue
from tests.factories import make_job
from tests.live.changes import report_progress
from tests.live.sse_client import Parser

pytestmark = pytest.mark.usefixtures("transactional_db", "stopped_pump")

CALM = {"keep_alive": 60.0, "check": 60.0, "lifetime": 60.0}


def viewer(still_allowed=lambda: True) -> Viewer:
    return Viewer("user 1", still_allowed)


def stream_of(viewer: Viewer, last: Position | None = None, **rhythm: float) -> Stream:
    return Stream(viewer, Everything(), last, Rhythm(**{**CALM, **rhythm}))


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


async def test_it_ends_when_its_viewer_may_watch_no_longer():
    await all_of(stream_of(viewer(lambda: False), check=0.1))


async def test_it_ends_at_the_end_of_its_life():
    await all_of(stream_of(viewer(), lifetime=0.1))


async def test_it_gives_signs_of_life_with_the_clock_and_the_id_that_is_known():
    async with aclosing(stream_of(viewer(), keep_alive=0.05).guarded()) as pieces:
        events = events_of(pieces)
        opening = [await anext(events) for _ in range(4)]
        keep_alive, clock = await anext(events), await anext(events)

    assert [event.event for event in opening] == ["stream-open", "clock", "keep-alive", "clock"]
    assert [keep_alive.event, clock.event] == ["keep-alive", "clock"]
    assert clock.id == str(await in_thread(Position.current))


async def test_it_goes_on_a_while_without_a_database_to_ask_about_its_viewer():
    away = [OperationalError("away"), OperationalError("away")]

    def still_allowed() -> bool:
        if away:
            raise away.pop()
        return False

    await all_of(stream_of(viewer(still_allowed), check=0.05, check_again=0.05))

    assert away == []


async def test_it_ends_when_nobody_can_say_for_long_whether_its_viewer_may_watch():
    def away() -> bool:
        raise OperationalError("away")

    await all_of(stream_of(viewer(away), check=0.05, check_again=0.05, longest_unchecked=0.3))


async def test_whatever_goes_wrong_ends_it_quietly_and_is_logged_once(caplog):
    def broken() -> bool:
        raise ValueError("a bug")

    released = []
    stream = stream_of(viewer(broken), check=0.05)
    stream.at_the_end = lambda: released.append(True)

    await all_of(stream)

    assert [record.levelname for record in caplog.records if record.name == "printqueue.live.stream"] == ["ERROR"]
    assert released == [True]


async def test_a_page_that_reads_too_slowly_reads_what_it_missed_from_the_database(monkeypatch):
    monkeypatch.setattr(hub, "MOST_WAITING", 1)
    job = await in_thread(make_job)
    async with aclosing(stream_of(viewer()).guarded()) as pieces:
        events = events_of(pieces)
        await until(events, lambda message: message["type"] == "job")

        for percent in range(1, 6):
            await in_thread(partial(report_progress, job, percent))
            await asyncio.sleep(0.1)  # so that each is a burst of its own

        await until(events, lambda message: message["progress"] == 5)


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
