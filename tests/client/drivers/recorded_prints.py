"""Every recorded print of every family through its driver, and a table of what the server would be told.

    python -m tests.client.drivers.recorded_prints

prints the table: of the recordings composed in tests/data, and with $PRINTFACTORY_CAPTURES of those in that folder.
What a recording has to be told as is read from it by rules of its own, which know no driver.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from printqueue.client.drivers.moonraker import Moonraker
from printqueue.client.drivers.octoprint import OctoPrint
from printqueue.client.drivers.prusalink import PrusaLink
from printqueue.client.snapshot import Snapshot
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, ReportState
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.compose_bambu_ends import TARGET as CLOUD_PRINTS
from tests.client.compose_octoprint_prints import FOLDER, NAMES
from tests.client.drivers.http_replay import CAPTURES, DATA, Player, Step, captured, load
from tests.client.replay import POLL_SECONDS, told_when

COMPLETED, CANCELLED, FAILED = ReportState.COMPLETED, ReportState.CANCELLED, ReportState.FAILED
AFTERWARDS_SECONDS = 120
MOONRAKER_BEGAN = 1795466520.1
"""When the recorded polls began, by the clock of the recorded history."""

Told = list[tuple[float, Snapshot]]
"""What was told, each with its second of the recording."""


@dataclass(frozen=True)
class Recording:
    """A recording, how its prints ended in turn, and how often they paused in all for longer than a poll."""

    family: str
    name: str
    ends: list[ReportState]
    pauses: int
    play: Callable[[], Told]


@dataclass(frozen=True)
class Print:
    """What was told of one run: when it began and ended (s), and its percents while it was under way."""

    told: Told

    @property
    def states(self) -> list[ReportState]:
        """Each state once, in turn."""
        return [state for state, _ in groupby(snapshot.state for _, snapshot in self.told)]

    @property
    def percents(self) -> list[float]:
        """The percents known before the end."""
        shown = [one.progress for _, one in self.told if one.state in ACTIVE_STATES]
        return [percent for percent in shown if percent is not None]

    def row(self) -> tuple[str, ...]:
        """The print as cells of the table."""
        end = next((at for at, one in self.told if one.state in ENDED_STATES), None)
        known = self.percents or [0.0]
        return (
            f"{self.told[0][0]:.0f} s",
            "none" if end is None else f"{end:.0f} s",
            str(self.states.count(ReportState.PAUSED)),
            str(sum(one.state in ACTIVE_STATES for _, one in self.told)),
            f"{known[0]:g} / {min(known):g} / {max(known):g}",
            self.states[-1].value,
        )


def prints_in(told: Told) -> list[Print]:
    """What was told, run by run."""
    runs: dict[str, Told] = {}
    for at, snapshot in told:
        if snapshot.run_key:
            runs.setdefault(snapshot.run_key, []).append((at, snapshot))
    return [Print(run) for run in runs.values()]


def recordings() -> list[Recording]:
    """All that there are here."""
    return [*composed_recordings(), *captured_recordings()]


def composed_recordings() -> list[Recording]:
    """Those in tests/data: true in what is said in which order, not always in how fast."""
    return [
        bambu(A1_LOCAL_PRINT),
        bambu(CLOUD_PRINTS),
        http(
            "moonraker",
            "composed",
            Moonraker,
            load(DATA / "moonraker/prints.json"),
            [COMPLETED, CANCELLED, FAILED, FAILED],
        ),
        http(
            "prusalink",
            "composed",
            PrusaLink,
            load(DATA / "prusalink/prints.json"),
            [COMPLETED, CANCELLED, FAILED, ReportState.UNKNOWN_END],
        ),
        *(octoprint(FOLDER / f"{name}.json") for name in NAMES),
    ]


def captured_recordings() -> list[Recording]:
    """Those in the folder that $PRINTFACTORY_CAPTURES names; none without it."""
    if CAPTURES is None:
        return []
    found = [bambu(path) for path in sorted(captured("bambu").glob("*.json")) if is_sequence(path)]
    found += [octoprint(path) for path in sorted(captured("octoprint").glob("*_full_print.json"))]
    for path in sorted(captured("moonraker").glob("*_poll.json")):
        ends = {"completed": COMPLETED, "cancelled": CANCELLED}
        jobs = sorted(moonraker_jobs(), key=lambda job: str(job["job_id"]))
        steps = moonraker_steps(path)
        found.append(http("moonraker", path.stem, Moonraker, steps, [ends.get(job["status"], FAILED) for job in jobs]))
    for path in sorted(captured("prusalink").glob("*_full_print.json")):
        found.append(http("prusalink", path.stem, PrusaLink, prusalink_steps(path), [COMPLETED]))
    return found


def is_sequence(path: Path) -> bool:
    """Whether a file of Bambu holds messages with their times, and not one state."""
    return isinstance(json.loads(path.read_text(encoding="utf-8")), list)


def bambu(path: Path) -> Recording:
    """A recording of messages: its prints ended as the word says that follows RUNNING and the like."""
    steps = load_recording(path)
    words = [(step.at, word) for step in steps if (word := bambu_word(step.message))]
    ends = {"FINISH": COMPLETED, "FAILED": FAILED, "IDLE": CANCELLED, "FAILED by a person": CANCELLED}
    after = [(before, word) for (_, before), (_, word) in zip(words, words[1:], strict=False)]
    return Recording(
        "bambu",
        path.stem,
        [ends[word] for before, word in after if before in ("PREPARE", "RUNNING", "PAUSE") and word in ends],
        pauses([(at, word == "PAUSE") for at, word in words], POLL_SECONDS),
        lambda: told_when(steps),
    )


def bambu_word(message: dict[str, Any]) -> str | None:
    """The state in a message, if it is a report that names one; a failure by the code of a cancel is told apart."""
    report = message.get("print")
    if not isinstance(report, dict) or report.get("command") != "push_status" or "gcode_state" not in report:
        return None
    by_person = report.get("print_error") in (0x0300_400C, 0x0500_400E) or report.get("fail_reason") == "50348044"
    word = str(report["gcode_state"])
    return f"{word} by a person" if word == "FAILED" and by_person else word


def octoprint(path: Path) -> Recording:
    """A recording of looks: its one print ended as the last answers say."""
    shown = load(path)
    last = shown[-1]["job"]
    end = COMPLETED if last["progress"]["completion"] == 100 else FAILED if "error" in last else CANCELLED
    steps = [{"t": step["t"], "answers": octoprint_answers(step)} for step in shown]
    return http("octoprint", path.stem, OctoPrint, steps, [end])


def octoprint_answers(step: Step) -> dict[str, Any]:
    """A look as answers by path: no printer is a 409, no record a 404."""
    record, path = step.get("record"), step["job"]["job"]["file"]["path"]
    return {
        "/api/job": [200, step["job"]],
        "/api/printer": [200, step["printer"]] if step["printer"] else [409, None],
        f"/api/files/local/{path}": [200, record] if record else [404, None],
    }


def moonraker_jobs() -> list[dict[str, Any]]:
    """The recorded history."""
    jobs: list[dict[str, Any]] = json.loads((captured("moonraker") / "history_list.json").read_text())["result"]["jobs"]
    return jobs


def moonraker_steps(path: Path) -> list[Step]:
    """The recorded polls, each with the history as it was at that moment."""
    return [{"t": poll["t"], "answers": moonraker_answers(poll)} for poll in load(path)]


def moonraker_answers(poll: Step) -> dict[str, Any]:
    """One poll and the history of its moment as answers by path."""
    moment = MOONRAKER_BEGAN + poll["t"]
    begun = [job for job in moonraker_jobs() if job["start_time"] <= moment]
    shown = [job if job["end_time"] <= moment else {**job, "status": "in_progress"} for job in begun]
    by_id = {f"/server/history/job?uid={job['job_id']}": [200, {"result": {"job": job}}] for job in shown}
    return {
        "/printer/objects/query": [poll["status"], poll["body"]],
        "/server/history/list": [200, {"result": {"jobs": shown[:1]}}],
        **by_id,
    }


def prusalink_steps(path: Path) -> list[Step]:
    """The recorded looks as answers by path."""
    paths = {"/api/v1/status": "status", "/api/v1/job": "job"}
    return [
        {"t": look["t"], "answers": {path: [look[key]["code"], look[key]["body"]] for path, key in paths.items()}}
        for look in load(path)
    ]


def http(family: str, name: str, driver: type[Any], steps: list[Step], ends: list[ReportState]) -> Recording:
    """A recording of answers, played on to the moment when the end is told no more."""
    last = steps[-1]["t"]
    afterwards = [{**steps[-1], "t": last + more} for more in range(3, AFTERWARDS_SECONDS, 3)]
    is_paused = [(step["t"], shows_pause(step["answers"])) for step in steps]

    def play() -> Told:
        player = Player(driver)
        return [(step["t"], one) for step in [*steps, *afterwards] for one in player.play([step])]

    return Recording(family, name, ends, pauses(is_paused, 0), play)


def shows_pause(answers: dict[str, Any]) -> bool:
    """Whether answers of any of the three families show a pause."""
    bodies = {path: body for path, (_, body) in answers.items() if isinstance(body, dict)}
    klipper = bodies.get("/printer/objects/query", {}).get("result", {}).get("status", {})
    flags = bodies.get("/api/printer", {}).get("state", {}).get("flags", {})
    prusa = bodies.get("/api/v1/status", {}).get("printer", {}).get("state")
    return (
        (klipper.get("print_stats", {}).get("state") == "paused" and klipper["webhooks"]["state"] == "ready")
        or bool(flags.get("paused") or flags.get("pausing"))
        or prusa in ("PAUSED", "ATTENTION")
    )


def pauses(shown: Iterable[tuple[float, bool]], longer_than: float) -> int:
    """How many pauses there are in what was shown when, and lasted so long."""
    count, since = 0, None
    for at, is_paused in shown:
        if is_paused:
            since = at if since is None else since
            continue
        count += since is not None and at - since > longer_than
        since = None
    return count


def table() -> str:
    """A line for each recorded print."""
    head = ("family", "recording", "start", "end", "pauses", "samples", "percent first / lowest / highest", "ended")
    rows = [(one.family, one.name, *told.row()) for one in recordings() for told in prints_in(one.play())]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
