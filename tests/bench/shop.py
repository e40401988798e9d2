"""Row 9: an ordinary large shop on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.bench.check import percentile
from tests.bench.load import Crowd, Result, Round, run
from tests.bench.servers import CannotRun, Servers
from tests.bench.table import Row
from tests.bench.target import Target

PRINTERS: Final = 100
BATCH: Final = 20
EVERY_SECONDS: Final = 5
PAGES: Final = 50
SECONDS: Final = 30

WHAT: Final = (
    f"{PRINTERS} printers × a report / {EVERY_SECONDS} s in batches of {BATCH}, {PAGES} pages, PostgreSQL: "
    "server CPU; report p95; push p95"
)
TARGET: Final = "< 25 % of a core; < 100 ms; < 250 ms"


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Let the clients of a hundred printers report for half a minute."""
    try:
        with servers.postgres() as postgres, servers.starting() as started:
            database = postgres.url("postgres")
            ours = started.ours(database, servers.fill(database, "--printers", str(PRINTERS)))
            result = run(_report(ours))
    except CannotRun as reason:
        return [Row(9, WHAT, str(reason), "", TARGET, None)]
    say(result.in_words)
    share = result.server_cpu / SECONDS
    report, push = (percentile(times, 0.95) / 1e6 for times in (result.call_ns, result.tally.latencies))
    figures = f"{share:.0%}; {report:.0f} ms; {push:.0f} ms"
    is_met = share < 0.25 and report < 100 and push < 250 and not result.faults
    return [Row(9, WHAT, "; ".join([figures, *([result.faults] if result.faults else [])]), "", TARGET, is_met)]


async def _report(target: Target) -> Result:
    crowd = Crowd(target)
    await crowd.grow_to(PAGES)
    rate = PRINTERS / BATCH / EVERY_SECONDS
    return await Round(crowd, target.post).timetable(target.world.report_jobs, rate, SECONDS, BATCH)
