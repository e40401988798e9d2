"""`--check`: a line for each printer and for the server, saying what works, what is wrong and how to mend it."""

from __future__ import annotations

import time
from typing import Final

from printqueue.client.loop import Watched
from printqueue.client.server import ServerLink
from printqueue.protocol import ReportState

FIRST_SIGHT_SECONDS: Final = 15.0
"""How long a printer may take to connect and to say where it stands."""


def wait_for_first_sight(printers: list[Watched]) -> None:
    """Return when each printer was seen or is known to be in trouble, at the latest after FIRST_SIGHT_SECONDS."""
    deadline = time.monotonic() + FIRST_SIGHT_SECONDS
    while time.monotonic() < deadline and not all(p.driver.is_known() for p in printers):
        time.sleep(0.1)


def check(printers: list[Watched], server: ServerLink, server_url: str) -> tuple[list[str], bool]:
    """Look at every printer and at the server once. Return the lines to show and whether all is well.

    The drivers must have been started.
    """
    wait_for_first_sight(printers)
    results = [_check_printer(printer) for printer in printers]
    trouble = server.check()
    results.append((f"server {server_url}: {trouble or 'takes reports with this key'}", trouble is None))
    return [f"{'ok   ' if good else 'WRONG'} {line}" for line, good in results], all(good for _, good in results)


def _check_printer(printer: Watched) -> tuple[str, bool]:
    label = f"printer {printer.serial}" + (f" ({printer.name})" if printer.name else "")
    snapshots = printer.driver.poll(time.time())
    if snapshots and snapshots[-1].state != ReportState.OFFLINE:
        shown = snapshots[-1].readings
        error = f"; it shows: {shown.error_message}" if shown.error_code else ""
        trouble = printer.driver.trouble()
        return f"{label}: connected, {snapshots[-1].state}{error}" + (f"; but {trouble}" if trouble else ""), True
    return f"{label}: {printer.driver.trouble() or 'nothing was heard of it: is it on?'}", False
