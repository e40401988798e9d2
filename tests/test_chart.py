"""What is drawn of a run beside its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.chart import MOST_LINES, MOST_TICKS, Mark, Span, Step, gaps, layers, marks, pauses, table
from printqueue.history import Kept, Point


def kept(*points, gap_before=()):
    """Samples of (second, state, percent, layer …)."""
    return [Kept(number, Point(*point), number in gap_before) for number, point in enumerate(points)]


def test_a_gap_is_from_the_last_report_before_it_to_the_first_after_it():
    samples = kept((0, "printing", 0), (10, "printing", 1), (400, "printing", 9), (410, "printing", 9), gap_before={2})

    assert gaps(samples) == [Span(10, 400)]


def test_a_pause_lasts_until_the_next_state():
    steps = [Step(0, "", "printing"), Step(10, "printing", "paused"), Step(70, "paused", "printing")]

    assert pauses(steps) == [Span(10, 70)]


def test_a_pause_that_goes_on_has_no_end():
    assert pauses([Step(0, "", "printing"), Step(10, "printing", "paused")]) == [Span(10, None)]


@pytest.mark.parametrize(
    ("step", "mark"),
    [
        (Step(9, "printing", "failed", "0300 Nozzle cold"), Mark(9, "Failed: 0300 Nozzle cold")),
        (Step(9, "printing", "failed"), Mark(9, "Failed")),
        (Step(9, "printing", "unknown_end"), Mark(9, "Ended, nobody knows how")),
        (Step(9, "printing", "cancelled", "stop"), Mark(9, "Cancelled: stop")),
        (Step(9, "printing", "paused", "Filament ran out"), Mark(9, "Paused: Filament ran out")),
    ],
)
def test_what_went_wrong_is_marked(step, mark):
    assert marks([Step(0, "", "printing"), step]) == [mark]


@pytest.mark.parametrize(
    "step",
    [
        Step(9, "printing", "paused"),
        Step(9, "printing", "paused", "to look at it", is_by_staff=True),
        Step(9, "printing", "completed", "done"),
        Step(9, "", "paused", "only open job with this file"),
    ],
)
def test_what_is_no_trouble_is_not_marked(step):
    assert marks([step]) == []


def test_each_layer_of_a_few_is_marked_where_the_line_reaches_it():
    assert layers(kept((0, "printing", 0, 1), (30, "printing", 9, 4))).ticks == [(10, 2), (20, 3), (30, 4)]


def test_no_layer_is_marked_twice_when_the_number_falls_and_rises_again():
    samples = kept((0, "printing", 0, 1), (10, "printing", 1, 3), (20, "printing", 2, 2), (30, "printing", 3, 4))

    assert [layer for _, layer in layers(samples).ticks] == [2, 3, 4]


def test_nobody_knows_when_the_layers_of_a_gap_began():
    samples = kept((0, "printing", 0, 1), (900, "printing", 9, 40), (905, "printing", 9, 41), gap_before={1})

    assert [layer for _, layer in layers(samples).ticks][-1] == 41


def test_a_printer_that_tells_no_layers_has_none():
    assert layers(kept((0, "printing", 0), (30, "printing", 9))).ticks == []


@given(st.integers(1, 5000))
def test_of_hundreds_of_layers_some_are_marked(most):
    drawn = layers(kept((0, "printing", 0, 0), (5000, "printing", 100, most)))

    assert min(most, MOST_TICKS) / 3 <= len(drawn.ticks) <= MOST_TICKS
    assert all(layer % drawn.every == 0 for _, layer in drawn.ticks)


def test_the_table_of_an_even_print_has_a_line_for_every_ten_percent():
    lines = table(kept((0, "printing", 0.0, 1), (1000, "printing", 100.0, 101)), [])

    assert [line.point.percent for line in lines] == [*range(0, 101, 10)]
    assert [line.point.at for line in lines] == [*range(0, 1001, 100)]
    assert lines[1].point.layer == 11


def test_the_table_has_each_change_of_state_with_its_reason():
    samples = kept((0, "printing", 1), (10, "printing", 2), (20, "paused", 2), (90, "printing", 2), (95, "printing", 3))

    lines = table(
        samples, [Step(0, "", "printing", "only open job"), Step(20, "printing", "paused", "Filament ran out")]
    )

    assert [(line.point.at, line.point.state, line.reason) for line in lines] == [
        (0, "printing", ""), (20, "paused", "Filament ran out"), (90, "printing", ""), (95, "printing", ""),
    ]  # fmt: skip


def test_the_table_says_how_long_nobody_reported():
    lines = table(kept((0, "printing", 1), (700, "printing", 55), (705, "printing", 55), gap_before={1}), [])

    assert [(line.point.percent, line.silent_seconds) for line in lines] == [(1, 0), (55, 700), (55, 0)]


def test_a_table_of_hundreds_of_states_is_short_and_has_the_first_and_the_last():
    samples = kept(*((n, "paused" if n % 2 else "printing", n / 10) for n in range(900)))

    lines = table(samples, [])

    assert len(lines) == MOST_LINES
    assert (lines[0].point, lines[-1].point) == (samples[0].point, samples[-1].point)


def test_a_run_without_samples_has_an_empty_table():
    assert table([], []) == []
