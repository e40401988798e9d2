"""Row 4: how long an event takes to 500 pages at 20 reports a second, against bare uvloop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tests.bench.check import percentile
from tests.bench.load import Crowd, Result, Round, all_right, remarks, run
from tests.bench.servers import Servers
from tests.bench.table import Row
from tests.bench.target import Target

PAGES: Final = 500
REPORTS_PER_SECOND: Final = 20
ROUNDS: Final = 5
SECONDS: Final = 5.0


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Send reports on a timetable, to each server in turn; what is late counts from when it should have been sent."""
    database = servers.sqlite("latency")
    ours = servers.ours(database, servers.fill(database, "--put-jobs", "100"))
    return [row(*run(_rounds(ours, servers.bare(), say)))]


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


def row(ours: Sequence[Result], bare: Sequence[Result]) -> Row:
    """Return the row, given the rounds of both."""
    mine, theirs = p99(ours), p99(bare)
    figures = f"{mine:.1f} ms, bare uvloop {theirs:.1f} ms, of {sum(result.reports for result in ours)} reports each"
    return Row(
        4,
        f"{REPORTS_PER_SECOND} reports/s, {PAGES} pages: p99 ÷ bare uvloop",
        "; ".join([figures, *remarks("ours", ours), *remarks("bare uvloop", bare)]),
        f"{mine / theirs:.2f}",
        "≤ 2.5",
        mine / theirs <= 2.5 and all_right([*ours, *bare]),
    )


def p99(results: Sequence[Result]) -> float:
    """Return what 99 of 100 events stay below (ms), of all rounds together: one has a single report in that hundredth."""
    return percentile([latency for result in results for latency in result.tally.latencies], 0.99) / 1e6
