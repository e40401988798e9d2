"""The invented week itself: it is the same each time, and such as was asked for."""

from collections import Counter
from datetime import datetime

import pytest

from tests.matching.week import Week


@pytest.fixture(scope="module")
def week() -> Week:
    return Week(1)


def test_a_seed_makes_the_same_week_each_time(week):
    again = Week(1)

    assert [vars(wish) for wish in again.wishes] == [vars(wish) for wish in week.wishes]
    assert [(event.at, event.verb, event.said) for event in again.events] == [
        (event.at, event.verb, event.said) for event in week.events
    ]


def test_most_of_what_is_wanted_is_printed(week):
    printed = {print.wish.number for print in week.prints if print.wish is not None}

    assert len(week.wishes) == 2_000
    assert len(printed) > 1_900


def test_names_are_mixed_as_in_a_workshop(week):
    kinds = Counter(wish.kind for wish in week.wishes)
    how = Counter(print.how for print in week.prints)

    assert 0.55 < kinds["code"] / 2_000 < 0.65
    assert 0.27 < kinds["plain"] / 2_000 < 0.33
    assert 0.08 < kinds["nonsense"] / 2_000 < 0.12
    assert min(how[fault] for fault in ("swapped code", "truncated", "only another's code", "another's code too")) >= 5
    assert min(how[other] for other in ("started twice", "a stranger's", "an old file again")) >= 3


def test_a_printer_prints_one_thing_at_a_time(week):
    for printer in range(week.printers):
        told = [event.print.number for event in week.events if event.print and event.printer == printer]
        changes = sum(one != other for one, other in zip(told, told[1:], strict=False))
        assert changes == len(set(told)) - 1


def test_a_job_with_copies_is_on_two_printers_at_once_now_and_then(week):
    spans: dict[int, list[datetime]] = {}
    for event in week.events:
        if event.print is not None:
            spans.setdefault(event.print.number, []).append(event.at)
    by_wish: dict[int, list[tuple[datetime, datetime]]] = {}
    for number, times in spans.items():
        wish = week.prints[number].wish
        if wish is not None and wish.copies > 1:
            by_wish.setdefault(wish.number, []).append((times[0], times[-1]))

    assert any(
        one[0] < other[0] < one[1] for pair in by_wish.values() for one in pair for other in pair if one is not other
    )
