"""What every open page needs at its time, seen to in rounds: asked once for all pages of a session or key."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import OperationalError

from printqueue.known_keys import KEPT_FOR
from printqueue.live.hub import Member
from printqueue.live.position import NOWHERE
from printqueue.live.rounds import RHYTHM, Rhythm, Rounds
from printqueue.live.threads import threads
from printqueue.live.viewer import Viewer

CALM = {"round": 0.01, "keep_alive": 60.0, "check": 60.0, "check_again": 0.02, "lifetime": 60.0}


@pytest.fixture(autouse=True)
def stopped_threads():
    yield
    threads.stop()


class Asked:
    """Answers whether a viewer may watch on, and counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers) or [True]
        self.times = 0

    def __call__(self) -> bool:
        self.times += 1
        answer = self.answers[min(self.times, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, threading.Event):
            return answer.wait(60)
        return bool(answer)


def member(asked: Asked | None = None, credential: str | None = None) -> Member:
    return Member(Viewer("user 1", asked or Asked(), credential=credential), known=NOWHERE)


@asynccontextmanager
async def rounds_for(*members: Member, **rhythm: float) -> AsyncIterator[list[bool]]:
    """Rounds for these pages; yields the signs of life that were given."""
    signs: list[bool] = []
    rounds = Rounds(Rhythm(**{**CALM, **rhythm}), lambda: signs.append(True))
    for one in members:
        rounds.begin(one)
    try:
        yield signs
    finally:
        rounds.end()


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (anybody's condition, with nobody to set an event)
            await asyncio.sleep(0.01)


async def test_a_page_ends_when_its_viewer_may_watch_no_longer():
    page = member(Asked(True, False))
    async with rounds_for(page, check=0.05):
        await until(lambda: page.is_over)


async def test_a_page_that_reads_too_slowly_to_come_to_its_end_is_cut():
    page, cuts = member(Asked(True, False)), []
    page.cut = lambda: cuts.append(page.is_over)
    async with rounds_for(page, check=0.05):
        await until(lambda: cuts)

    assert cuts[0]


async def test_a_page_ends_at_the_end_of_its_life():
    page = member()
    async with rounds_for(page, lifetime=0.1):
        await until(lambda: page.is_over)


async def test_signs_of_life_are_given():
    async with rounds_for(keep_alive=0.05) as signs:
        await until(lambda: len(signs) > 2)


async def test_pages_of_one_credential_are_asked_for_once():
    asked = Asked(False)
    pages = [member(asked, "session a") for _ in range(20)]
    async with rounds_for(*pages, round=0.2, check=0.01):
        await until(lambda: all(page.is_over for page in pages))

    assert asked.times == 1


async def test_another_credential_is_asked_for_itself():
    good, bad = member(Asked(True), "session a"), member(Asked(False), "session b")
    async with rounds_for(good, bad, check=0.05):
        await until(lambda: bad.is_over)

    assert not good.is_over


async def test_a_page_goes_on_a_while_without_a_database_to_ask():
    asked = Asked(OperationalError("away"), OperationalError("away"), True)
    page = member(asked)
    async with rounds_for(page, check=0.05):
        await until(lambda: asked.times > 3)

    assert not page.is_over


async def test_a_page_ends_when_nobody_can_say_for_long_whether_its_viewer_may_watch():
    page = member(Asked(OperationalError("away")))
    async with rounds_for(page, check=0.05, longest_unchecked=0.3):
        await until(lambda: page.is_over)


async def test_a_page_ends_in_time_also_while_the_database_says_nothing_at_all():
    """Each question takes much longer than a page may go on unchecked."""
    silent = threading.Event()
    page = member(Asked(silent))
    try:
        async with rounds_for(page, check=0.05, check_takes=60.0, longest_unchecked=0.3):
            await until(lambda: page.is_over)
    finally:
        silent.set()


def test_the_promise_of_35_seconds_is_kept_with_a_second_for_the_round_and_one_to_spare():
    # Whoever opens a stream may be let in by what was known of his key some seconds ago.
    assert KEPT_FOR + RHYTHM.longest_unchecked + RHYTHM.round <= 34
    # A database that is away for 10 s, from a check on, is asked again before that.
    assert RHYTHM.check + RHYTHM.round + 10 < RHYTHM.longest_unchecked


async def test_a_bug_in_the_question_ends_the_page_and_is_logged(caplog):
    page = member(Asked(ValueError("a bug")))
    async with rounds_for(page, check=0.05):
        await until(lambda: page.is_over)

    # On a busy machine it may have been asked once more before the first answer came.
    assert {record.levelname for record in caplog.records if record.name == "printqueue.live.rounds"} == {"ERROR"}


async def test_a_page_that_was_left_is_asked_for_no_more():
    asked = Asked()
    page = member(asked)
    async with rounds_for(page, check=0.02):
        await until(lambda: asked.times)
    seen = asked.times

    other = Asked()
    async with rounds_for(member(other), check=0.02):
        await until(lambda: other.times > 2)

    assert asked.times == seen
