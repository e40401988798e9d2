"""Whole recordings through the drivers that ask over HTTP: what the server would be told, poll by poll."""

import json

import pytest

from printqueue.client.drivers.moonraker import Moonraker
from printqueue.client.drivers.prusalink import PrusaLink
from printqueue.client.runs import SHOW_END_SECONDS
from printqueue.protocol import ReportState
from tests.client.drivers.compose_http_prints import FILES, serialized
from tests.client.drivers.http_replay import CAPTURES, DATA, Player, captured, end_of, load, runs_in, thinned
from tests.client.drivers.recorded_prints import moonraker_steps, prusalink_steps

pytestmark = pytest.mark.sqlite_only

COMPOSED = [(Moonraker, DATA / "moonraker/prints.json"), (PrusaLink, DATA / "prusalink/prints.json")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_composed_recordings_are_what_their_program_writes(path):
    assert path.read_text(encoding="utf-8") == serialized(FILES[path]())


@pytest.mark.parametrize(("family", "path"), COMPOSED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_client_that_dies_at_any_moment_goes_on_with_the_same_runs(family, path):
    steps = load(path)
    unbroken = list(runs_in(Player(family).play(steps)))

    for moment in range(1, len(steps)):
        player = Player(family)
        told = player.play(steps[:moment])
        player.restart()
        told += player.play(steps[moment:])

        assert list(runs_in(told)) == unbroken, moment


def test_a_printer_in_shutdown_is_offline_after_its_end_was_told():
    steps = load(DATA / "moonraker/prints.json")[:-2]
    player = Player(Moonraker)
    player.play(steps)

    [later] = player.play([{**steps[-1], "t": steps[-1]["t"] + SHOW_END_SECONDS + 1}])

    assert later.state == ReportState.OFFLINE
    assert "Klipper is not ready (shutdown)" in str(player.driver.trouble())


@pytest.mark.skipif(CAPTURES is None, reason="$PRINTFACTORY_CAPTURES names no recordings")
def test_looking_every_3_s_misses_of_moonraker_s_prints_only_the_one_that_lasted_less_than_a_second():
    [path] = captured("moonraker").glob("*_poll.json")

    runs = runs_in(Player(Moonraker).play(thinned(moonraker_steps(path), 3))).values()

    assert [end_of(run) for run in runs] == [ReportState.COMPLETED, ReportState.CANCELLED, ReportState.FAILED]


@pytest.mark.skipif(CAPTURES is None, reason="$PRINTFACTORY_CAPTURES names no recordings")
@pytest.mark.parametrize("seconds", [3, 5])
def test_looking_every_few_seconds_tells_of_prusalink_s_print_all_the_same(seconds):
    [path] = captured("prusalink").glob("*_full_print.json")

    [run] = runs_in(Player(PrusaLink).play(thinned(prusalink_steps(path), seconds))).values()

    assert end_of(run) == ReportState.COMPLETED


@pytest.mark.skipif(CAPTURES is None, reason="$PRINTFACTORY_CAPTURES names no recordings")
def test_a_recorded_buddy_that_says_0_percent_and_0_s_is_printing_and_knows_no_time():
    answers = {f"/api/v1/{key}": [200, buddy(f"{key}_printing.json")] for key in ("status", "job")}

    [snapshot] = Player(PrusaLink).play([{"t": 0, "answers": answers}])

    assert (snapshot.state, snapshot.progress, snapshot.remaining_seconds) == (ReportState.PRINTING, 0.0, None)
    assert (snapshot.filename, snapshot.readings.nozzle_c) == ("A.gcode", 199.0)


def buddy(name):
    return json.loads((captured("prusalink") / name).read_text())
