"""One table of cases for two implementations: what the server writes, the browser must not rewrite differently."""

import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from printqueue.templatetags import display
from tests.environment import cannot_run

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tests/data/display.json"
CASES: dict[str, list[Any]] = json.loads(TABLE.read_text())
EACH = [(rule, given, expected) for rule, rows in CASES.items() for given, expected in rows]
ZONES = available_timezones()
PYTHON_NAME = {"ageBand": "age_band", "doneAt": "done_at"}


def as_python(value: Any) -> Any:
    """A moment or a zone for its text."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", value):
        return datetime.fromisoformat(value)
    return ZoneInfo(value) if isinstance(value, str) and value in ZONES else value


@pytest.mark.parametrize(("rule", "given", "expected"), EACH)
def test_the_server_words_it_as_the_table_says(rule, given, expected):
    result = getattr(display, PYTHON_NAME.get(rule, rule))(*map(as_python, given))

    assert (vars(result) if rule == "badge" else result) == as_python(expected)


def test_the_browser_words_it_as_the_table_says():
    node = shutil.which("node")
    if node is None:
        cannot_run("there is no node to run the browser's half of the display rules")
    command = [node, str(Path(__file__).with_name("display.mjs")), str(ROOT / "static/js/display.js"), str(TABLE)]

    results = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert [(rule, given, result) for (rule, given, _), result in zip(EACH, flat(results), strict=True)] == [
        (rule, given, as_number(expected) if rule in {"doneAt", "finish"} else expected)
        for rule, given, expected in EACH
    ]


def flat(results: dict[str, list[Any]]) -> list[Any]:
    return [result for rule in CASES for result in results[rule]]


def as_number(moment: str | None) -> float | None:
    """Milliseconds since 1970, as a browser counts."""
    return None if moment is None else datetime.fromisoformat(moment).timestamp() * 1000
