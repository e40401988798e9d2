"""Whole recordings through the drivers that ask over HTTP: what the server would be told, poll by poll."""

import json

import pytest

from printqueue.client.drivers.moonraker import Moonraker
from printqueue.client.drivers.prusalink import PrusaLink
from printqueue.client.runs import SHOW_END_SECONDS
from printqueue.protocol import ReportState
from tests.client.drivers.compose_http_prints import FILES, serialized
from tests.client.drivers.http_replay import CAPTURES, DATA, Player, captured, end_of, load, percents, runs_in, thinned

pytestmark = pytest.mark.sqlite_only

COMPLETED, CANCELLED, FAILED = ReportState.COMPLETED, ReportState.CANCELLED, ReportState.FAILED
COMPOSED = [
    (Moonraker, DATA / "moonraker/prints.json", [COMPLETED, CANCELLED, FAILED, FAILED]),
    (PrusaLink, DATA / "prusalink/prints.json", [COMPLETED, CANCELLED, FAILED, ReportState.UNKNOWN_END]),
]
MOONRAKER_BEGAN = 1795466520.1
"""When the recorded polls began, by the clock of the recorded history."""


def recorded_moonraker():
    """The recorded polls, each with the history as it was at that moment."""
    folder = captured("moonraker")
    [polls] = folder.glob("*_poll.json")
    jobs = json.loads((folder / "history_list.json").read_text())["result"]["jobs"]
    return [{"t": poll["t"], "answers": moonraker_answers(poll, jobs)} for poll in json.loads(polls.read_text())]


def moonraker_answers(poll, jobs):
    moment = MOONRAKER_BEGAN + poll["t"]
    begun = [job for job in jobs if job["start_time"] <= moment]
    shown = [job if job["end_time"] <= moment else {**job, "status": "in_progress"} for job in begun]
    by_id = {f"/server/history/job?uid={job['job_id']}": [200, {"result": {"job": job}}] for job in shown}
    return {
        "/printer/objects/query": [poll["status"], poll["body"]],
        "/server/history/list": [200, {"result": {"jobs": shown[:1]}}],
        **by_id,
    }


def recorded_prusalink():
    [path] = captured("prusalink").glob("*_full_print.json")
    paths = {"/api/v1/status": "status", "/api/v1/job": "job"}
    return [
        {"t": poll["t"], "answers": {path: [poll[key]["code"], poll[key]["body"]] for path, key in paths.items()}}
        for poll in json.loads(path.read_text())
    ]


@pytest.fixture(params=COMPOSED, ids=lambda case: case[0].__name__)
def composed(request):
    """The runs that a composed recording tells of, and the ends that it is to tell."""
    family, path, ends = request.param
    return list(runs_in(Player(family).play(load(path))).values()), ends


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_composed_recordings_are_what_their_program_writes(path):
    assert path.read_text(encoding="utf-8") == serialized(FILES[path]())


def test_each_print_is_one_run_with_one_end_of_the_right_kind(composed):
    runs, ends = composed

    assert [end_of(run) for run in runs] == ends


def test_percent_never_falls_and_is_never_100_before_the_end(composed):
    for run in composed[0]:
        known = percents(run)

        assert known == sorted(known)
        assert max(known) < 100


def test_the_file_keeps_its_name_to_the_end(composed):
    assert {snapshot.filename for run in composed[0] for snapshot in run} == {"Würfel 20.gcode"}


@pytest.mark.parametrize(("family", "path", "ends"), COMPOSED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_client_that_dies_at_any_moment_goes_on_with_the_same_runs(family, path, ends):
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
@pytest.mark.parametrize(
    ("seconds", "ends"), [(0, [COMPLETED, CANCELLED, FAILED, FAILED]), (3, [COMPLETED, CANCELLED, FAILED])]
)
def test_the_recorded_prints_of_moonraker_end_as_its_history_says(seconds, ends):
    """Looking every 3 s misses the third, which lasted for less than a second."""
    runs = list(runs_in(Player(Moonraker).play(thinned(recorded_moonraker(), seconds))).values())

    assert [end_of(run) for run in runs] == ends
    for run in runs:
        assert percents(run) == sorted(percents(run))
        assert max(percents(run)) < 100


@pytest.mark.skipif(CAPTURES is None, reason="$PRINTFACTORY_CAPTURES names no recordings")
@pytest.mark.parametrize("seconds", [0, 3, 5])
def test_the_recorded_print_of_prusalink_is_one_run_that_completes(seconds):
    [run] = runs_in(Player(PrusaLink).play(thinned(recorded_prusalink(), seconds))).values()

    assert end_of(run) == COMPLETED
    assert percents(run) == sorted(percents(run))
    assert max(percents(run)) < 100


@pytest.mark.skipif(CAPTURES is None, reason="$PRINTFACTORY_CAPTURES names no recordings")
def test_a_recorded_buddy_that_says_0_percent_and_0_s_is_printing_and_knows_no_time():
    answers = {f"/api/v1/{key}": [200, buddy(f"{key}_printing.json")] for key in ("status", "job")}

    [snapshot] = Player(PrusaLink).play([{"t": 0, "answers": answers}])

    assert (snapshot.state, snapshot.progress, snapshot.remaining_seconds) == (ReportState.PRINTING, 0.0, None)
    assert (snapshot.filename, snapshot.readings.nozzle_c) == ("A.gcode", 199.0)


def buddy(name):
    return json.loads((captured("prusalink") / name).read_text())
