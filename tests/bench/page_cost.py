"""Row 5: what an open page costs the server: memory, threads, connections to the database (PostgreSQL)."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from typing import Final

import psycopg

from tests.bench.load import Crowd, run
from tests.bench.procfs import memory_kb, threads
from tests.bench.servers import CannotRun, Servers
from tests.bench.table import Row
from tests.bench.target import Target

FEW: Final = 50
MANY: Final = 1_000

WHAT: Final = "an open page: KB, threads, database connections"
TARGET: Final = "≤ 20, 0, 0"


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Compare the server with many pages open to itself with few."""
    try:
        with servers.postgres() as postgres, servers.starting() as started:
            database = postgres.url("postgres")
            ours = started.ours(database, servers.fill(database, "--put-jobs", "20"))
            return [row(*run(_open(ours, database, say)))]
    except CannotRun as reason:
        return [Row(5, WHAT, str(reason), "", TARGET, None)]


Cost = tuple[float, float, float]


def row(before: Cost, after: Cost, cut: int) -> Row:
    """Return the row, given the costs of few pages and of many, and how many of them did not stay open."""
    kb, more_threads, more_connections = ((many - few) / (MANY - FEW) for few, many in zip(before, after, strict=True))
    figures = f"{kb:.1f} KB, {more_threads:.3f} threads, {more_connections:.3f} connections ({FEW} to {MANY:,} pages)"
    is_met = kb <= 20 and more_threads <= 0 and more_connections <= 0
    # A page that was cut costs nothing any more.
    return Row(5, WHAT, figures + (f", {cut} pages cut" if cut else ""), "", TARGET, is_met and not cut)


async def _open(target: Target, database: str, say: Callable[[str], None]) -> tuple[Cost, Cost, int]:
    crowd = Crowd(target)
    costs = []
    for pages in (FEW, MANY):
        await crowd.grow_to(pages)
        costs.append(await _cost(target, database))
        say(f"{pages} pages: {costs[-1][0]:.0f} KB, {costs[-1][1]:.0f} threads, {costs[-1][2]:.0f} connections")
    return costs[0], costs[1], crowd.cut


async def _cost(target: Target, database: str) -> Cost:
    connections = []
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(10):
            # Some pages are just asking whether they may watch on.
            await asyncio.sleep(0.1)
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            connections.append(row[0] if row else 0)
    return memory_kb(target.pid), threads(target.pid), statistics.median(connections)
