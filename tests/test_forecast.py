"""When the jobs that wait will be done, situation by situation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.forecast import CHANGE, FARTHEST, Done, Machine, Waiting, forecast

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = 3600.0
LEFT, RIGHT = 1, 2
STEP = timedelta(hours=1) + CHANGE


def free(pk: int, hours: float = 0) -> Machine:
    return Machine(pk, NOW + timedelta(hours=hours))


def job(pk: int, printer: int | None = None, copies: int = 1, hours: float | None = 1, guess: bool = False) -> Waiting:
    return Waiting(pk, printer, copies, None if hours is None else hours * HOUR, is_guess=guess)


def at(steps: float, hours: float = 0, guess: bool = False) -> Done:
    """After so many prints of an hour, from so many hours on."""
    return Done(NOW + steps * STEP + timedelta(hours=hours), guess)


SITUATIONS = {
    "one job on a free printer": ([free(LEFT)], [job(1)], {1: at(1)}),
    "one behind the other": ([free(LEFT)], [job(1), job(2)], {1: at(1), 2: at(2)}),
    "side by side on two printers": ([free(LEFT), free(RIGHT)], [job(1), job(2)], {1: at(1), 2: at(1)}),
    "a printer that is busy": ([free(LEFT, 3)], [job(1)], {1: at(1, 3)}),
    "a printer that should have been free": ([free(LEFT, -3)], [job(1)], {1: at(1)}),
    "the printer that is free first": ([free(LEFT, 5), free(RIGHT, 1)], [job(1)], {1: at(1, 1)}),
    "the printer that is wanted, though another is free": (
        [free(LEFT, 5), free(RIGHT)],
        [job(1, LEFT), job(2)],
        {1: at(1, 5), 2: at(1)},
    ),
    "copies on all printers": ([free(LEFT), free(RIGHT)], [job(1, copies=3), job(2)], {1: at(2), 2: at(2)}),
    "copies on the printer that is wanted": ([free(LEFT), free(RIGHT)], [job(1, LEFT, 3)], {1: at(3)}),
    "no printer": ([], [job(1)], {}),
    "a printer that is away": ([free(LEFT)], [job(1, RIGHT), job(2)], {2: at(1)}),
    "a printer of which nobody knows when it is free": ([Machine(LEFT, None)], [job(1, LEFT), job(2)], {}),
    "a job of unknown length, and all behind it there": (
        [free(LEFT), free(RIGHT, 2)],
        [job(1, LEFT, hours=None), job(2, LEFT), job(3)],
        {3: at(1, 2)},
    ),
    "a job of unknown length on any printer takes the first": (
        [free(LEFT), free(RIGHT, 2)],
        [job(1, hours=None), job(2)],
        {2: at(1, 2)},
    ),
    "a guess, and all behind it there": (
        [free(LEFT), free(RIGHT, 5)],
        [job(1, LEFT, guess=True), job(2, LEFT), job(3, RIGHT)],
        {1: at(1, guess=True), 2: at(2, guess=True), 3: at(1, 5)},
    ),
    "what lies months ahead": ([free(LEFT)], [job(1, copies=999, hours=5)], {}),
}


@pytest.mark.parametrize(("machines", "queue", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_jobs_are_done(machines, queue, expected):
    assert forecast(machines, queue, NOW) == expected


printers = st.none() | st.integers(1, 4)
queues = st.lists(
    st.builds(
        Waiting, st.integers(1, 50), printers, st.integers(1, 5), st.none() | st.floats(1, 1e6), is_guess=st.booleans()
    ),
    max_size=20,
    unique_by=lambda one: one.pk,
)
shops = st.lists(
    st.builds(
        Machine, st.integers(1, 4), st.none() | st.floats(-5, 50).map(lambda hours: NOW + timedelta(hours=hours))
    ),
    max_size=4,
    unique_by=lambda one: one.pk,
)


@given(shops, queues)
def test_nothing_is_done_before_it_could_be_printed_nor_months_ahead(machines, queue):
    jobs = {one.pk: one for one in queue}

    for pk, done in forecast(machines, queue, NOW).items():
        assert NOW + CHANGE + timedelta(seconds=jobs[pk].seconds or 0) <= done.at <= NOW + FARTHEST


@given(shops, queues)
def test_what_comes_later_in_the_queue_changes_nothing_before_it(machines, queue):
    half = queue[: len(queue) // 2]
    whole = forecast(machines, queue, NOW)

    assert forecast(machines, half, NOW) == {one.pk: whole[one.pk] for one in half if one.pk in whole}
