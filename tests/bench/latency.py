"""Row 4: how long an event takes to 500 pages at 20 reports a second, against bare uvloop."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Final

from tests.bench.check import percentile
from tests.bench.load import Crowd, Result, Round, run
from tests.bench.servers import Servers
from tests.bench.table import Row, ratio_of
from tests.bench.target import Target

PAGES: Final = 500
REPORTS_PER_SECOND: Final = 20
ROUNDS: Final = 3
SECONDS: Final = 5.0


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Send reports on a timetable, to each server in turn; what is late counts from when it should have been sent."""
    database = servers.sqlite("latency")
    ours = servers.ours(database, servers.fill(database, "--put-jobs", "100"))
    return [_row(*run(_rounds(ours, servers.bare(), say)))]


async def _rounds(ours: Target, bare: Target, say: Callable[[str], None]) -> tuple[list[Result], list[Result]]:
    crowds = [Crowd(ours), Crowd(bare)]
    results: tuple[list[Result], list[Result]] = ([], [])
    for crowd in crowds:
        await crowd.grow_to(PAGES)
    for _ in range(ROUNDS):
        for crowd, into in zip(crowds, results, strict=True):
            load = Round(crowd, crowd.target.put)
            into.append(await load.timetable(crowd.target.world.put_jobs, REPORTS_PER_SECOND, SECONDS))
            say(f"{crowd.target.name}: {into[-1].in_words}")
    return results


def _row(ours: list[Result], bare: list[Result]) -> Row:
    mine, theirs = ([_p99(result) for result in results] for results in (ours, bare))
    ratio = ratio_of(mine, theirs)
    faults = [result.faults for result in ours if result.faults]
    figures = f"{statistics.median(mine):.1f} ms, bare uvloop {statistics.median(theirs):.1f} ms"
    return Row(
        4,
        f"{REPORTS_PER_SECOND} reports/s, {PAGES} pages: p99 ÷ bare uvloop",
        "; ".join([figures, *faults[:1]]),
        f"{ratio:.2f}",
        "≤ 2.5",
        ratio <= 2.5 and not faults,
    )


def _p99(result: Result) -> float:
    return percentile(result.tally.latencies, 0.99) / 1e6
