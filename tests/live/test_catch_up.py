"""What brings pages up to date is read once for all that wait for it together."""

import asyncio
import threading

import pytest

from printqueue.live import catch_up
from printqueue.live.catch_up import CatchUp, SharedReadings
from printqueue.live.position import NOWHERE, Position
from printqueue.live.threads import threads

HERE = Position("0123abcd", 7)


class Readings:
    """Stands for the reading of the database: counts, and waits for a word."""

    def __init__(self) -> None:
        self.begun: list[Position] = []
        self.may_end = threading.Event()

    def __call__(self, known: Position, *, must_reset: bool) -> CatchUp:
        self.begun.append(known)
        assert self.may_end.wait(10)
        return CatchUp(HERE, known.revision, [], is_reset=must_reset)


@pytest.fixture
def readings(monkeypatch):
    readings = Readings()
    monkeypatch.setattr(catch_up, "read", readings)
    yield readings
    threads.stop()


async def begin(*waiting: asyncio.Task[CatchUp]) -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_pages_that_wait_at_the_same_position_share_a_reading_that_began_after_they_came(readings):
    shared = SharedReadings()
    first = asyncio.create_task(shared.read(NOWHERE, must_reset=False))
    await begin(first)
    later = [asyncio.create_task(shared.read(NOWHERE, must_reset=False)) for _ in range(20)]
    await begin(*later)

    readings.may_end.set()
    await asyncio.gather(first, *later)

    assert len(readings.begun) == 2  # one was under way when the twenty came


async def test_pages_at_different_positions_do_not(readings):
    shared = SharedReadings()
    readings.may_end.set()

    one, other = await asyncio.gather(shared.read(NOWHERE, must_reset=False), shared.read(HERE, must_reset=False))

    assert (one.since, other.since) == (0, 7)


async def test_a_page_that_leaves_takes_the_reading_from_no_other(readings):
    shared = SharedReadings()
    leaving = asyncio.create_task(shared.read(HERE, must_reset=False))
    staying = asyncio.create_task(shared.read(HERE, must_reset=False))
    await begin(leaving, staying)

    leaving.cancel()
    readings.may_end.set()

    assert (await staying).since == 7


async def test_a_reading_that_nobody_waits_for_any_more_is_never_begun(readings):
    shared = SharedReadings()
    first = asyncio.create_task(shared.read(NOWHERE, must_reset=False))
    await begin(first)
    gone = [asyncio.create_task(shared.read(Position("0123abcd", n), must_reset=False)) for n in range(20)]
    await begin(*gone)
    for one in gone:
        one.cancel()
    await asyncio.wait(gone)

    readings.may_end.set()
    await first

    assert (await shared.read(HERE, must_reset=False)).since == 7
    assert readings.begun == [NOWHERE, HERE]


async def test_who_comes_back_for_a_reading_that_all_others_left_gets_it(readings):
    shared = SharedReadings()
    first = asyncio.create_task(shared.read(NOWHERE, must_reset=False))
    await begin(first)
    gone = asyncio.create_task(shared.read(HERE, must_reset=False))
    await begin(gone)
    gone.cancel()
    later = asyncio.create_task(shared.read(HERE, must_reset=False))
    await begin(later)

    readings.may_end.set()

    assert (await later).since == 7
