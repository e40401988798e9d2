"""docs/api.md: its lines run as written, and its answers are what comes."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

from tests.environment import ROOT, cannot_run
from tests.factories import make_key

BLOCKS = re.compile(r"```sh\n((?:(?!```).)*)```\n\n```(json|text)\n((?:(?!```).)*)```", re.DOTALL)
DIFFERENT_EACH_TIME = re.compile(r"id|code|revision|.*Id|.*At|.*Time|.*Since|at|by|reportedBy|runKey")


def masked(value: Any, name: str = "") -> Any:
    """`value` without what is different each time."""
    if isinstance(value, dict):
        return {name: masked(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [masked(member) for member in value]
    return "…" if DIFFERENT_EACH_TIME.fullmatch(name) and value is not None else value


def answers_to(script: str, environment: dict[str, str]) -> list[str]:
    """What each block of `script` writes."""
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split("-- next\n")[1:]


def test_every_line_runs_as_written_and_gets_the_answer_that_is_shown(server):
    if shutil.which("curl") is None:
        cannot_run("there is no curl")
    blocks = BLOCKS.findall((ROOT / "docs" / "api.md").read_text())
    script = "\n".join(f"echo '-- next'\n{commands}" for commands, _kind, _answer in blocks)

    answers = answers_to(script, {"PATH": os.environ["PATH"], "BASE": server.url, "KEY": make_key()[1]})

    assert len(answers) == len(blocks) > 10
    for (commands, kind, shown), answer in zip(blocks, answers, strict=True):
        if kind == "json":
            assert masked(json.loads(answer)) == masked(json.loads(shown)), commands
        else:
            assert answer.split("\n")[0].partition(":")[0] == shown.split("\n")[0].partition(":")[0]
