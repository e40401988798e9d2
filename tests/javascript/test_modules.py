"""The scripts that need no page, tested by node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import cannot_run

pytestmark = pytest.mark.sqlite_only

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_a_module_does_what_its_own_tests_say(file):
    node = shutil.which("node") or cannot_run("there is no node to run the tests of the scripts")

    result = subprocess.run([node, "--test", str(HERE / file)], capture_output=True, text=True)

    assert result.returncode == 0, result.stdout
