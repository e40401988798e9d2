"""The load generator sees everything that can go wrong with an event."""

import pytest

from tests.bench.check import Said, account, percentile

SAID = [Said(job=1, value=10, at=100), Said(job=2, value=11, at=110), Said(job=1, value=12, at=120)]
RIGHT = [(105, [(1, 10)]), (130, [(2, 11), (1, 12)])]


def test_pages_that_were_told_everything_are_right():
    tally = account(SAID, [RIGHT, RIGHT])

    assert tally.is_right
    assert (tally.expected, tally.delivered, tally.skipped) == (6, 6, 0)


def test_a_delivery_takes_from_the_saying_to_the_reading():
    tally = account(SAID, [RIGHT])

    assert sorted(tally.latencies) == [5, 10, 20]
    assert tally.last_at == 130


def test_a_value_is_lost_when_nothing_newer_of_its_job_came():
    tally = account(SAID, [[(105, [(1, 10), (1, 12)])]])

    assert (tally.lost, tally.stale, tally.skipped) == (1, 1, 0)
    assert "1 lost" in tally.faults


def test_a_value_is_overtaken_when_a_newer_one_of_its_job_came():
    tally = account(SAID, [[(130, [(2, 11), (1, 12)])]])

    assert tally.is_right
    assert (tally.skipped, tally.delivered) == (1, 2)


def test_a_page_that_heard_nothing_lost_everything():
    tally = account(SAID, [[]])

    assert (tally.lost, tally.stale) == (3, 2)


def test_the_same_event_twice_is_a_duplicate_and_counts_once():
    tally = account(SAID, [[*RIGHT, (140, [(2, 11)])]])

    assert (tally.duplicates, tally.delivered) == (1, 3)


def test_an_older_value_after_a_newer_one_is_out_of_order_and_leaves_the_page_stale():
    tally = account(SAID, [[(130, [(2, 11), (1, 12), (1, 10)])]])

    assert (tally.out_of_order, tally.stale, tally.lost) == (1, 1, 0)


def test_values_of_different_jobs_have_no_order():
    assert account(SAID, [[(130, [(2, 11), (1, 10), (1, 12)])]]).is_right


@pytest.mark.parametrize("event", [(2, 10), (1, 13)], ids=["of another job", "that nobody said"])
def test_a_value_that_was_not_said_so_is_foreign(event):
    assert account(SAID, [[*RIGHT, (140, [event])]]).foreign == 1


def test_what_was_said_before_the_round_is_not_foreign():
    assert account(SAID, [[(90, [(1, 9)]), *RIGHT]], earlier=10).is_right


def test_faults_of_one_page_among_many_are_seen():
    assert account(SAID, [RIGHT, RIGHT[:1], RIGHT]).lost == 2


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1, 100)])
def test_a_percentile_is_one_of_the_values(share, value):
    assert percentile(list(range(1, 101)), share) == value
