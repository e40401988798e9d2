"""The simulated prints are what their description says, and the same each time."""

from itertools import pairwise

import pytest

from printqueue.protocol import ReportState
from tests.estimate.prints import FAMILIES, KINDS, Print, simulated

pytestmark = pytest.mark.sqlite_only

PRINTS = list(simulated(seed=1, count=60))


def test_a_seed_gives_the_same_prints_each_time_and_another_seed_others():
    assert list(simulated(seed=1, count=3)) == PRINTS[:3]
    assert list(simulated(seed=2, count=3)) != PRINTS[:3]


def test_every_kind_is_printed_on_every_family():
    assert {(one.kind, one.family) for one in PRINTS} == {(kind, family) for kind in KINDS for family in FAMILIES}


@pytest.mark.parametrize("one", PRINTS, ids=lambda one: one.name)
def test_percent_never_falls_and_reports_end_with_the_print(one: Print):
    percents = [report.percent for report in one.reports if report.percent is not None]

    assert percents == sorted(percents)
    assert 0 <= percents[0] <= percents[-1] <= 100
    assert one.reports[-1].at < one.ended_at


@pytest.mark.parametrize("one", PRINTS, ids=lambda one: one.name)
def test_a_print_takes_what_is_left_of_its_time_without_its_pauses(one: Print):
    shown = sum(after.at - before.at for before, after in pairwise(one.reports) if before.state == ReportState.PAUSED)

    assert one.seconds == pytest.approx(one.ended_at - sum(end - start for start, end in one.pauses))
    assert one.paused_after(one.ended_at) == 0
    assert shown > 0 or not one.pauses or has_outage(one)


def has_outage(one: Print) -> bool:
    return any(after.at - before.at > 10 for before, after in pairwise(one.reports)) or one.reports[0].at > 10


def test_percent_does_not_move_in_a_pause():
    for one in PRINTS:
        for before, after in pairwise(one.reports):
            if before.state == after.state == ReportState.PAUSED and after.at - before.at < 10:
                assert before.percent == after.percent


def test_what_can_go_wrong_goes_wrong_somewhere():
    assert any(one.pauses for one in PRINTS)
    assert any(has_outage(one) for one in PRINTS)
    assert {one.voice for one in PRINTS} == {"plain", "mute", "hasty"}
    assert any(one.slicer_seconds is not None for one in PRINTS)
    assert any(report.remaining == 0 for one in PRINTS for report in one.reports if report.at < 0.9 * one.ended_at)


def test_earlier_prints_of_a_file_take_about_as_long():
    ratios = sorted(before.seconds / one.seconds for one in PRINTS for before in one.earlier)

    assert len(ratios) >= 20
    assert 0.9 < ratios[len(ratios) // 2] < 1.1
