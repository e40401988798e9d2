"""A stream whose client has gone is ended, whatever it waits for."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from printqueue.live import catch_up, pump
from printqueue.live.gateway import send_stream
from printqueue.live.line import Piece
from printqueue.live.stream import EventStreamResponse, Everything, Printers, Stream, Viewer
from printqueue.live.threads import THREADS, in_thread, threads
from printqueue.live.viewer import Selection

pytestmark = pytest.mark.usefixtures("transactional_db", "stopped_pump")


class Line:
    """A client's line that can be lost."""

    def __init__(self) -> None:
        self.lost: Callable[[], object]

    def write_now(self, piece: Piece) -> bool:
        return False

    def when_lost(self, call: Callable[[], object]) -> None:
        self.lost = call

    def abort(self) -> None:
        pass


async def no_word() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


async def into_nothing(message: object) -> None:
    pass


@pytest.mark.parametrize("selection", [Everything(), Printers()])
async def test_what_was_to_be_read_for_it_is_never_read(selection: Selection, monkeypatch):
    """All threads are busy, so that the reading stands in line when the client goes."""
    read: list[object] = []
    monkeypatch.setattr(catch_up, "read", lambda *known, **how: read.append(known))
    await in_thread(pump.start)
    all_busy, busy, released, line = threading.Barrier(THREADS + 1), threading.Event(), [], Line()
    work = [threads.submit(lambda: all_busy.wait(10) + busy.wait(30)) for _ in range(THREADS)]
    all_busy.wait(10)
    stream = Stream(Viewer("user 1", lambda: True), selection, None)
    stream.at_the_end = lambda: released.append(True)
    sending = asyncio.create_task(send_stream(EventStreamResponse(stream), line, no_word, into_nothing))
    try:
        async with asyncio.timeout(10):
            while threads._tasks.empty():  # noqa: ASYNC110  (nobody would set an event)
                await asyncio.sleep(0.01)

        line.lost()

        async with asyncio.timeout(10):
            await asyncio.wait({sending})
        assert released == [True]
    finally:
        busy.set()
    await asyncio.gather(*map(asyncio.wrap_future, work))
    await in_thread(lambda: None)
    assert read == []
