"""Every recorded print of every family, composed or captured: what the server would be told of it."""

from itertools import product

import pytest

from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState
from tests.client.drivers.recorded_prints import prints_in, recordings, table

pytestmark = pytest.mark.sqlite_only

FAMILIES = {"bambu", "moonraker", "octoprint", "prusalink"}


@pytest.fixture(scope="module", params=recordings(), ids=lambda recording: f"{recording.family}-{recording.name}")
def recording(request):
    return request.param


@pytest.fixture(scope="module")
def prints(recording):
    return prints_in(recording.play())


def test_each_print_has_one_start_and_one_end_of_the_right_kind(recording, prints):
    assert [one.states[-1] for one in prints] == recording.ends
    for one in prints:
        assert one.states[0] in ACTIVE_STATES
        assert set(one.states[:-1]) <= ACTIVE_STATES


def test_percent_never_falls_within_a_print_and_is_never_100_before_its_end(prints):
    for one in prints:
        assert one.percents == sorted(one.percents)
        assert max(one.percents, default=0) < 100


def test_each_pause_is_told_and_none_else(recording, prints):
    assert sum(one.states.count(ReportState.PAUSED) for one in prints) == recording.pauses


def test_a_print_keeps_its_file_name_to_its_end(prints):
    for one in prints:
        assert len({snapshot.filename for _, snapshot in one.told}) == 1


def test_the_recordings_show_every_end_that_a_family_has():
    shown = {(recording.family, end) for recording in recordings() for end in recording.ends}

    assert shown >= set(product(FAMILIES, ENDED_STATES - {ReportState.UNKNOWN_END}))


def test_the_table_has_a_line_for_each_print():
    lines = table().splitlines()

    assert len(lines) == 2 + sum(len(recording.ends) for recording in recordings())
