"""Row 12: what a thousand pages cost while nothing happens: signs of life, and asking who may watch on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tests.bench.load import Crowd, run
from tests.bench.procfs import cpu_seconds
from tests.bench.servers import Servers
from tests.bench.table import Row
from tests.bench.target import Target

PAGES: Final = 1_000
SECONDS: Final = 30.0
"""Each page gets two signs of life in it."""


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Open pages, and do nothing."""
    database = servers.sqlite("idle")
    ours = servers.ours(database, servers.fill(database, "--put-jobs", "20"))
    share, cut = run(_idle(ours, say))
    figures = f"{share:.2%} of a core" + (f", {cut} pages cut" if cut else "")
    # A server that drops its pages has little to do.
    return [Row(12, f"{PAGES:,} idle pages", figures, "", "< 1 %", share < 0.01 and not cut)]


async def _idle(target: Target, say: Callable[[str], None]) -> tuple[float, int]:
    crowd = Crowd(target)
    await crowd.grow_to(PAGES)
    before = cpu_seconds(target.pid)
    await asyncio.sleep(SECONDS)
    used = cpu_seconds(target.pid) - before
    cut = crowd.cut
    say(f"{used:.2f} s of CPU in {SECONDS:.0f} s, {cut} pages cut")
    return used / SECONDS, cut
