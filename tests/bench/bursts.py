"""Row 6: does every page know, after the storm, what was said last?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.bench.load import Crowd, Result, Round, run
from tests.bench.servers import Servers
from tests.bench.table import Row
from tests.bench.target import Target

PAGES: Final = 500
BURST: Final = 50
BURSTS: Final = 10
IN_FLIGHT: Final = 64
SECONDS: Final = 3.0


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Bursts of calls, bursts in one call, and many calls under way, on 500 pages."""
    database = servers.sqlite("bursts")
    ours = servers.ours(database, servers.fill(database, "--put-jobs", "100", "--printers", "100"))
    results = run(_storms(ours, say))
    run(_storms(servers.plain(), say))  # for comparison only
    lost, out_of_order, stale = (
        sum(getattr(result.tally, name) for result in results) for name in ("lost", "out_of_order", "stale")
    )
    other = [result.faults for result in results if result.faults]
    told = sum(result.tally.delivered for result in results)
    overtaken = sum(result.tally.skipped for result in results)
    figures = f"{lost}, {out_of_order}, {stale} of {told:,} events ({overtaken:,} overtaken by a newer one)"
    what = f"bursts of {BURST}, {IN_FLIGHT} in flight, {PAGES} pages: lost, out of order, stale"
    return [Row(6, what, "; ".join([figures, *other[:1]]), "", "0, 0, 0", not other)]


async def _storms(target: Target, say: Callable[[str], None]) -> list[Result]:
    crowd = Crowd(target)
    await crowd.grow_to(PAGES)
    world = target.world
    results = [
        await Round(crowd, target.put).bursts(world.put_jobs, BURST, BURSTS, pause=0.2),
        await Round(crowd, target.put).in_flight(world.put_jobs, IN_FLIGHT, SECONDS),
    ]
    if world.report_jobs:
        results.append(await Round(crowd, target.post).in_flight(world.report_jobs, 2, SECONDS, batch=BURST))
    for result in results:
        say(f"{target.name}: {result.in_words}")
    await crowd.close()
    return results
