"""Whether a viewer may watch on is asked once for all streams of the same session or key."""

import asyncio

import pytest

from printqueue.live.verdicts import Verdicts
from printqueue.live.viewer import Viewer


class Asked:
    """Counts how often it is asked."""

    def __init__(self, answer=True):
        self.times = 0
        self.answer = answer

    def __call__(self):
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_streams_of_one_credential_are_asked_for_once():
    asked, verdicts = Asked(answer=False), Verdicts()
    viewers = [Viewer("user 1", asked, credential="session a") for _ in range(20)]

    answers = await asyncio.gather(*(verdicts.still_allowed(viewer) for viewer in viewers))

    assert answers == [False] * 20
    assert asked.times == 1


async def test_another_credential_is_asked_for_itself():
    verdicts = Verdicts()
    await verdicts.still_allowed(Viewer("user 1", Asked(answer=True), credential="session a"))

    assert not await verdicts.still_allowed(Viewer("user 1", Asked(answer=False), credential="session b"))


async def test_an_answer_is_forgotten_after_a_while(monkeypatch):
    monkeypatch.setattr("printqueue.live.verdicts.KEPT_FOR", 0.01)
    asked, verdicts = Asked(), Verdicts()
    viewer = Viewer("user 1", asked, credential="session a")
    await verdicts.still_allowed(viewer)

    async with asyncio.timeout(5):
        while asked.times == 1:
            await asyncio.sleep(0.01)
            await verdicts.still_allowed(viewer)


async def test_everybody_hears_of_an_error():
    verdicts = Verdicts()
    viewers = [Viewer("user 1", Asked(answer=OSError("away")), credential="session a") for _ in range(3)]

    answers = await asyncio.gather(*map(verdicts.still_allowed, viewers), return_exceptions=True)

    assert [type(answer) for answer in answers] == [OSError] * 3


async def test_a_stream_that_ends_takes_the_answer_from_no_other():
    verdicts = Verdicts()
    viewer = Viewer("user 1", Asked(), credential="session a")
    leaving = asyncio.create_task(verdicts.still_allowed(viewer))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving

    assert await verdicts.still_allowed(viewer)
