"""The measurements: `./run bench [NAME …]`. Prints a table; docs/performance.md says what its rows mean."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.bench import (
    bursts,
    eta,
    fanout,
    growth,
    idle,
    latency,
    list_page,
    long_run,
    page_cost,
    reports,
    shop,
    wire_size,
)
from tests.bench.procfs import allow_open_files
from tests.bench.servers import Servers
from tests.bench.table import Row, table

Measure = Callable[[Servers, Callable[[str], None]], list[Row]]

MEASUREMENTS: Final[dict[str, Measure]] = {
    "fanout": fanout.measure,
    "latency": latency.measure,
    "page-cost": page_cost.measure,
    "bursts": bursts.measure,
    "reports": reports.measure,
    "shop": shop.measure,
    "growth": growth.measure,
    "list": list_page.measure,
    "idle": idle.measure,
    "wire": wire_size.measure,
    "eta": eta.measure,
    "long-run": long_run.measure,
}


def main() -> None:
    """Measure what is asked for, or everything, and print the table. Ends with 1 when a target is missed."""
    unknown = set(sys.argv[1:]) - MEASUREMENTS.keys()
    if unknown:
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are: {', '.join(MEASUREMENTS)}.")
    allow_open_files()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no server stays behind
    rows: list[Row] = []
    for name in sys.argv[1:] or MEASUREMENTS:
        rows += measure(name)
    print(table(rows))
    sys.exit(any(row.is_met is False for row in rows))


def measure(name: str) -> list[Row]:
    """Return the rows of one measurement; what it finds on the way goes to standard error."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"· {time.monotonic() - began:5.1f} s  {name}: {text}", file=sys.stderr, flush=True)

    with Servers() as servers:
        if not servers.cores.are_apart:
            say("there is one core: load and server disturb each other")
        rows = MEASUREMENTS[name](servers, say)
    say("done")
    return rows


if __name__ == "__main__":
    main()
