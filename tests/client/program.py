"""The printer client as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.environment import ROOT

LIMIT_SECONDS = 30
KEY = "pf_ab_verysecret"
SIMULATED = '[[printer]]\nserial = "sim-1"\nname = "Left"\ndriver = "simulated"\nseconds = 3600\n'
COMMAND = [sys.executable, "-m", "printqueue.client"]


def client(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run the client to its end."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)


def started(log: Path, *arguments: Any) -> subprocess.Popen[str]:
    """Start the client; its standard error goes to `log`."""
    with log.open("w") as output:
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=output, text=True)
