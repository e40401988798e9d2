"""Which samples are drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.history import thin

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def itself(row):
    return row


def test_few_rows_all_stay():
    assert thin([(1,), (2,), (3,)], 3, itself) == [(1,), (2,), (3,)]


def test_no_rows_are_no_rows():
    assert thin([], 1000, itself) == []


@given(st.lists(st.tuples(numbers, numbers), max_size=300), st.integers(6, 50))
def test_the_limit_holds_and_first_last_lowest_and_highest_stay(rows, limit):
    kept = thin(rows, limit, itself)

    assert len(kept) <= limit
    for series in (0, 1):
        before = [row[series] for row in rows if row[series] is not None]
        after = [row[series] for row in kept if row[series] is not None]
        if before:
            assert (min(after), max(after)) == (min(before), max(before))
    if rows:
        assert (kept[0], kept[-1]) == (rows[0], rows[-1])


def test_the_order_stays():
    rows = [(number, number * 7919 % 1009) for number in range(5000)]

    kept = thin(rows, 1000, lambda row: row[1:])

    assert kept == sorted(kept)
    assert len(kept) > 500


def test_a_spike_of_one_sample_is_drawn():
    rows = [(300.0 if number == 777 else 220.0,) for number in range(5000)]

    assert (300.0,) in thin(rows, 100, itself)


def test_a_limit_too_small_for_any_outline_is_refused():
    with pytest.raises(ValueError, match="no room"):
        thin([(1, 2, 3)] * 10, 1, itself)
