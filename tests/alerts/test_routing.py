"""Whom a fact is told, and when: a line in a table each."""

from datetime import UTC, datetime, time, timedelta

import pytest

from printqueue.alerts.routing import TOGETHER_WITHIN, Happened, Quiet, Told, Wish, alerts_of

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)
SOON = NOW + TOGETHER_WITHIN


def fact(**fields) -> Happened:
    return Happened(**{"kind": "failed", "at": NOW, "noticed_at": NOW, "printer": 1, **fields})


def wish(**fields) -> Wish:
    return Wish(**{"pk": 1, "kinds": frozenset({"failed", "completed"}), "targets": (7,), **fields})


@pytest.mark.parametrize(
    ("happened", "wished", "is_told"),
    [
        ({}, {}, True),
        ({"kind": "paused"}, {}, False),
        ({}, {"printers": frozenset({1, 2})}, True),
        ({}, {"printers": frozenset({2})}, False),
        ({"printer": None}, {"printers": frozenset({2})}, False),
        ({"printer": None}, {}, True),
        ({"owners": frozenset({5})}, {"own_jobs_only": True, "owner": 5}, True),
        ({"owners": frozenset({5, 6})}, {"own_jobs_only": True, "owner": 6}, True),
        ({"owners": frozenset({6})}, {"own_jobs_only": True, "owner": 5}, False),
        ({"owners": frozenset()}, {"own_jobs_only": True, "owner": 5}, False),  # made by a key
        ({"owners": frozenset({6})}, {"owner": 5}, True),
        ({"minutes": 121}, {"longer_than_minutes": 120}, True),
        ({"minutes": 120}, {"longer_than_minutes": 120}, False),
        ({"minutes": None}, {"longer_than_minutes": 120}, False),
        ({}, {"targets": ()}, False),
    ],
)
def test_a_rule_is_told_what_it_asks_for(happened, wished, is_told):
    assert bool(alerts_of(fact(**happened), [wish(**wished)], NOW)) is is_told


def test_an_alert_waits_a_moment_for_others():
    assert alerts_of(fact(), [wish()], NOW) == [Told(7, 1, SOON)]


def test_a_target_is_told_once_however_many_rules_name_it():
    told = alerts_of(fact(), [wish(), wish(pk=2, targets=(7, 8))], NOW)

    assert told == [Told(7, 1, SOON), Told(8, 2, SOON)]


def test_of_two_rules_the_one_that_tells_first_counts():
    quiet = Quiet(time(15), time(16), "UTC")

    assert alerts_of(fact(), [wish(quiet=quiet), wish(pk=2)], NOW) == [Told(7, 2, SOON)]


def test_without_rules_nobody_is_told():
    assert alerts_of(fact(), [], NOW) == []


@pytest.mark.parametrize(("hours", "is_only_logged"), [(2, False), (23.9, False), (24.1, True)])
def test_what_happened_a_day_ago_only_enters_the_log(hours, is_only_logged):
    [told] = alerts_of(fact(at=NOW - timedelta(hours=hours)), [wish()], NOW)

    assert told.is_only_logged is is_only_logged


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "moment", "over"),
    [
        # Over midnight.
        ("22:00", "07:00", "2026-11-23T21:59:59+01:00", "2026-11-23T21:59:59+01:00"),
        ("22:00", "07:00", "2026-11-23T22:00:00+01:00", "2026-11-24T07:00:00+01:00"),
        ("22:00", "07:00", "2026-11-24T03:00:00+01:00", "2026-11-24T07:00:00+01:00"),
        ("22:00", "07:00", "2026-11-24T07:00:00+01:00", "2026-11-24T07:00:00+01:00"),
        ("22:00", "00:00", "2026-11-23T23:00:00+01:00", "2026-11-24T00:00:00+01:00"),
        ("00:00", "06:00", "2026-11-24T00:00:00+01:00", "2026-11-24T06:00:00+01:00"),
        # Within a day.
        ("12:00", "13:30", "2026-11-23T12:30:00+01:00", "2026-11-23T13:30:00+01:00"),
        ("12:00", "13:30", "2026-11-23T11:30:00+01:00", "2026-11-23T11:30:00+01:00"),
        # Both the same: none.
        ("08:00", "08:00", "2026-11-23T08:00:00+01:00", "2026-11-23T08:00:00+01:00"),
        ("08:00", "08:00", "2026-11-23T20:00:00+01:00", "2026-11-23T20:00:00+01:00"),
        # Clocks go back at 3:00 CEST on 25 October: that night is an hour longer.
        ("22:00", "07:00", "2026-10-25T00:30:00+02:00", "2026-10-25T07:00:00+01:00"),
        ("22:00", "07:00", "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),
        # 2:30 comes twice; they are over at the first, and do not begin again.
        ("22:00", "02:30", "2026-10-25T01:00:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("22:00", "02:30", "2026-10-25T02:10:00+01:00", "2026-10-25T02:10:00+01:00"),
        ("02:30", "07:00", "2026-10-25T02:10:00+01:00", "2026-10-25T07:00:00+01:00"),
        # Clocks go forward at 2:00 CET on 29 March: that night is an hour shorter.
        ("22:00", "07:00", "2026-03-29T01:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        # 2:30 never comes: they are over as long after midnight as on any other day.
        ("22:00", "02:30", "2026-03-29T01:00:00+01:00", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_quiet_hours_are_over_when_the_clocks_of_the_zone_say_so(start, end, moment, over):
    quiet = Quiet(time.fromisoformat(start), time.fromisoformat(end), "Europe/Berlin")

    assert quiet.over_at(at(moment)) == at(over)


def test_an_alert_in_quiet_hours_is_due_when_they_are_over():
    quiet = Quiet(time(22), time(7), "Europe/Berlin")
    night = at("2026-10-25T00:30:00+02:00")

    [told] = alerts_of(fact(at=night, noticed_at=night), [wish(quiet=quiet)], night)

    assert told.due_at == at("2026-10-25T07:00:00+01:00")
