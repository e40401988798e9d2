"""JSON, strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.protocol import is_safe_text
from printqueue.views.api.errors import Refusal
from printqueue.views.api.parser import MAX_DEPTH, strict_json

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text().filter(is_safe_text), inner, max_size=3),
    max_leaves=15,
)


@given(values)
def test_good_json_is_read_as_it_is(value):
    assert strict_json(json.dumps({"value": value}).encode()) == {"value": value}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    try:
        strict_json(raw)
    except Refusal as refusal:
        assert refusal.status == 400


@given(st.text('[]{}",:\\0eE.-+ tfn', max_size=100))
def test_anything_like_json_is_read_or_refused(text):
    try:
        strict_json(text.encode())
    except Refusal as refusal:
        assert refusal.status == 400


def test_the_deepest_nesting_is_read_and_one_more_refused():
    assert strict_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(Refusal, match="deeper"):
        strict_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_in_texts_do_not_nest():
    assert strict_json(json.dumps({"a": '[{"' * 100}).encode()) == {"a": '[{"' * 100}


@pytest.mark.parametrize("raw", [b'{"a": {"b": 1, "b": 1}}', b'[{"a": 1, "\\u0061": 2}]'])
def test_a_key_twice_is_refused_wherever_it_is(raw):
    with pytest.raises(Refusal, match="twice"):
        strict_json(raw)


@pytest.mark.parametrize("digits", ["9" * 21, "-" + "9" * 5000])
def test_an_endless_integer_is_no_integer(digits):
    assert isinstance(strict_json(digits.encode()), float)
