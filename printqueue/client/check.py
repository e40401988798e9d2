"""`--check`: a line for each thing that has to work, saying what works, what is wrong and how to mend it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import Final

from printqueue.client.config import Config
from printqueue.client.loop import Watched
from printqueue.client.server import ServerLink
from printqueue.protocol import ReportState

FIRST_SIGHT_SECONDS: Final = 15.0
"""How long a printer may take to connect and to say where it stands, and the server to answer."""


class Verdict(StrEnum):
    """`CARE`: it works, but should be mended."""

    OK = "ok"
    CARE = "care"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    verdict: Verdict
    text: str

    def __str__(self) -> str:
        """Return the line as it is shown."""
        return f"{self.verdict:<5} {self.text}"


def wait_for_first_sight(printers: list[Watched]) -> None:
    """Return when each printer was seen or is known to be in trouble, at the latest after FIRST_SIGHT_SECONDS."""
    deadline = time.monotonic() + FIRST_SIGHT_SECONDS
    while time.monotonic() < deadline and not all(p.driver.is_known() for p in printers):
        time.sleep(0.1)


def check(config: Config, printers: list[Watched], server: ServerLink) -> Iterator[Finding]:
    """Look at all that `config` names once, at everything at the same time. The drivers must have been started."""
    yield from (Finding(Verdict.CARE, warning) for warning in config.warnings)
    deadline = time.monotonic() + FIRST_SIGHT_SECONDS
    answer = _begun(server.check)
    wait_for_first_sight(printers)
    yield from map(_look_at_printer, printers)
    yield _look_at_spool(config.spool)
    try:
        trouble = answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        trouble = f"{config.server} does not answer within {FIRST_SIGHT_SECONDS:.0f} s: is `server` its address?"
    # What is wrong begins with the server's address.
    yield _finding("server", trouble, f"{config.server} takes reports with this key")


def _begun(ask: Callable[[], str | None]) -> Future[str | None]:
    """Ask in the background, in a thread that ends with the process if the answer does not come."""
    answer: Future[str | None] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as fault:
            answer.set_exception(fault)

    Thread(target=run, name="check", daemon=True).start()
    return answer


def _look_at_printer(printer: Watched) -> Finding:
    label = f"printer {printer.serial}" + (f" ({printer.name})" if printer.name else "")
    snapshots, trouble = printer.driver.poll(time.time()), printer.driver.trouble()
    if not snapshots or snapshots[-1].state == ReportState.OFFLINE:
        return Finding(Verdict.WRONG, f"{label}: {trouble or 'nothing was heard of it: is it on?'}")
    shown = snapshots[-1].readings
    error = f"; it shows: {shown.error_message}" if shown.error_code else ""
    but = f"; but {trouble}" if trouble else ""
    return Finding(Verdict.CARE if trouble else Verdict.OK, f"{label}: connected, {snapshots[-1].state}{error}{but}")


def _look_at_spool(spool: Path) -> Finding:
    """Whether the file can be written or made. It is not opened: a client may be at work on it."""
    trouble, folder = None, spool.parent
    if not folder.is_dir():
        trouble = f"there is no folder {folder}: make it, or name another file as `spool`"
    elif not all(os.access(path, os.R_OK | os.W_OK) for path in (folder, spool) if path.exists()):
        trouble = f"this user may not write it: run as the user who owns {folder}, or name another file as `spool`"
    return _finding(f"spool {spool}", trouble, "can be written")


def _finding(about: str, trouble: str | None, praise: str) -> Finding:
    return Finding(Verdict.WRONG if trouble else Verdict.OK, f"{about}: {trouble or praise}")
