"""A recording of answers through a driver that is asked over HTTP, without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from printqueue.client.drivers.http import Answer, Family, HttpDriver, PrinterHttp
from printqueue.client.snapshot import Snapshot
from printqueue.protocol import ENDED_STATES, ReportState
from tests.environment import ROOT

START = 1_700_000_000.0
DATA = ROOT / "tests/data"
CAPTURES = Path(os.environ["PRINTFACTORY_CAPTURES"]) if "PRINTFACTORY_CAPTURES" in os.environ else None

Step = dict[str, Any]
"""`t` in seconds, and `answers`: for each path its status and its JSON."""


class Recorded(PrinterHttp):
    """Answers with the step that is on; any path that it does not hold is a 404."""

    def __init__(self) -> None:
        super().__init__("http://recorded", refused_hint="ask for the key")
        self.answers: dict[str, list[Any]] = {}

    def get(self, path: str, **query: str) -> Answer:
        """Return the recorded answer; one that depends on the query is kept under `path?key=value`."""
        asked = [f"{path}?{key}={value}" for key, value in query.items()]
        status, body = next((self.answers[key] for key in [*asked, path] if key in self.answers), (404, None))
        return Answer(status, body)


class Player:
    """A driver, its recording and its clock. `restart()` is a client that dies and starts again."""

    def __init__(self, family: type[Any]) -> None:
        self.family = family
        self.now = START
        self.http = Recorded()
        self.driver = self._driver(None)

    def _driver(self, memory: dict[str, Any] | None) -> HttpDriver:
        family: Family = self.family()
        return HttpDriver("replayed", self.http, family, memory, clock=lambda: self.now)

    def restart(self) -> None:
        """Go on with nothing but what was remembered, as JSON keeps it."""
        self.driver = self._driver(json.loads(json.dumps(self.driver.memory())))

    def play(self, steps: Iterable[Step]) -> list[Snapshot]:
        """Look and poll at each step; return all that was told."""
        told: list[Snapshot] = []
        for step in steps:
            self.now = START + step["t"]
            self.http.answers = step["answers"]
            self.driver.step()
            told += self.driver.poll(self.now)
        self.http.close()
        return told


def load(path: Path) -> list[Step]:
    """Return the steps of a recording."""
    steps: list[Step] = json.loads(path.read_text(encoding="utf-8"))
    return steps


def captured(family: str) -> Path:
    """The folder of what was recorded of a family; only where CAPTURES is one."""
    assert CAPTURES is not None
    return CAPTURES / family


def thinned(steps: list[Step], seconds: float) -> list[Step]:
    """What a client sees that looks every so many seconds."""
    seen: list[Step] = []
    for step in steps:
        if not seen or step["t"] - seen[-1]["t"] >= seconds:
            seen.append(step)
    return seen


def runs_in(told: list[Snapshot]) -> dict[str, list[Snapshot]]:
    """What was told of each run, in the order of their beginning."""
    runs: dict[str, list[Snapshot]] = {}
    for snapshot in told:
        if snapshot.run_key:
            runs.setdefault(snapshot.run_key, []).append(snapshot)
    return runs


def end_of(run: list[Snapshot]) -> ReportState:
    """The one end of a run. Fails when it has none, two, or goes on after it."""
    states = [snapshot.state for snapshot in run]
    [end] = set(states) & ENDED_STATES
    assert set(states[states.index(end) :]) == {end}
    return end
