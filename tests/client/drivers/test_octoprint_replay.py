"""Whole recordings over HTTP through the driver: what the server would be told, look by look."""

import json
import os
from itertools import groupby
from pathlib import Path

import pytest

from printqueue.client.drivers.http import HttpDriver, PrinterHttp
from printqueue.client.drivers.octoprint import OctoPrint
from tests.client.compose_octoprint_prints import FOLDER, NAMES, serialized
from tests.client.octoprint_server import KEY, octoprint_server

pytestmark = pytest.mark.sqlite_only

CAPTURES = os.environ.get("PRINTFACTORY_CAPTURES")
RECORDED = sorted(Path(CAPTURES, "octoprint").glob("*_full_print.json")) if CAPTURES else []
PRINTS = [*(FOLDER / f"{name}.json" for name in NAMES), *RECORDED]
START = 1_700_000_000.0
AFTERWARDS_SECONDS = 120


class Replay:
    """The driver, looking at each moment of a recording by the recording's clock."""

    def __init__(self, server, memory=None):
        self.server, self.now, self.snapshots = server, START, []
        self.http = PrinterHttp(server.url, refused_hint="", headers={"X-Api-Key": KEY})
        self.restart(memory)

    def restart(self, memory):
        self.driver = HttpDriver("voron", self.http, OctoPrint(), memory, clock=lambda: self.now)

    def look(self, step, at):
        self.now = START + at
        self.server.show(step["job"], step["printer"], step.get("record"))
        self.driver.step()
        self.snapshots += self.driver.poll(self.now)

    def play(self, steps):
        for step in steps:
            self.look(step, step["t"])
        for more in range(2, AFTERWARDS_SECONDS, 2):
            self.look(steps[-1], steps[-1]["t"] + more)
        return self.snapshots


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def replay():
    with octoprint_server() as server:
        playing = Replay(server)
        yield playing
        playing.http.close()


@pytest.fixture(params=PRINTS, ids=lambda path: path.stem)
def path(request):
    return request.param


def states_in_turn(snapshots):
    return [state for state, _ in groupby(snapshot.state.value for snapshot in snapshots)]


@pytest.mark.parametrize("name", NAMES)
def test_the_composed_recording_is_what_its_program_writes(name):
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == serialized(name)


def test_after_its_end_was_told_the_printer_is_what_it_shows(replay, path):
    replay.play(load(path))

    assert replay.snapshots[-1].state == ("offline" if path.stem == "serial_drop" else "idle")


def test_a_pause_is_told_once(replay):
    states = states_in_turn(replay.play(load(FOLDER / "finish.json")))

    assert states == ["idle", "preparing", "printing", "paused", "printing", "completed", "idle"]


@pytest.mark.parametrize("stopped_at", [10, 20, 30, 34])
def test_a_client_that_was_away_during_the_end_finds_it_and_keeps_the_run(replay, stopped_at):
    steps = load(FOLDER / "finish.json")
    for step in steps[: stopped_at // 2 + 1]:
        replay.look(step, step["t"])
    replay.restart(replay.driver.memory())
    late = {**steps[-1], "job": {**steps[-1]["job"], "progress": {"completion": None}}}

    replay.look(late, 3600)

    assert replay.snapshots[-1].state == "completed"
    assert len({snapshot.run_key for snapshot in replay.snapshots if snapshot.run_key}) == 1
