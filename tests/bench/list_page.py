"""Row 11: the list page of a queue of ten thousand."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Final

from tests.bench.growth import LIST
from tests.bench.load import Client, now_ns, run
from tests.bench.servers import Servers
from tests.bench.table import Row
from tests.bench.target import Target
from tests.bench.wire import request

JOBS: Final = 10_000
FEW: Final = 200
REQUESTS: Final = 20


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Count its queries with few and with many jobs that wait, and take its time with many."""
    few, many = (servers.sqlite(f"list-{jobs}") for jobs in (FEW, JOBS))
    servers.fill(few, "--ready", str(FEW), "--printers", "4", "--past", str(FEW))
    world = servers.fill(many, "--ready", str(JOBS), "--printers", "4", "--past", str(JOBS))
    queries = [json.loads(servers.run_python("tests.bench.queries", database=database)) for database in (few, many)]
    say(f"queries with {FEW} jobs {queries[0]}, with {JOBS:,} {queries[1]}")
    times = run(_times(servers.ours(many, world)))
    milliseconds = statistics.median(times)
    say(f"{milliseconds:.0f} ms, at most {max(times):.0f} ms")
    most = max(queries[1].values())
    is_same = queries[0] == queries[1]
    figures = f"{most} queries{'' if is_same else ', more than with few'}; {milliseconds:.0f} ms"
    is_met = most <= 12 and is_same and milliseconds < 300
    return [Row(11, f"list page with {JOBS:,} jobs that wait", figures, "", "≤ 12 queries; < 300 ms", is_met)]


async def _times(target: Target) -> list[float]:
    client = Client()
    times = []
    for _ in range(REQUESTS + 1):
        await client.connect(target.port)
        began = now_ns()
        status, _body = await client.call(request("GET", LIST, target.page_headers))
        times.append((now_ns() - began) / 1e6)
        if status != 200:
            raise RuntimeError(f"{status} for the list page")
    return times[1:]
