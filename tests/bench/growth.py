"""Row 10: does anything get slower with the years, or with the hours of one print?"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from typing import Final

from tests.bench.load import Client, now_ns, run
from tests.bench.servers import Servers
from tests.bench.table import Row, ratio_of
from tests.bench.target import Target
from tests.bench.wire import request

LIST: Final = "/admin/print-queue/"
ROUNDS: Final = 40
UNCOUNTED: Final = 3
"""Rounds before those: they load code."""
REPORTS_A_ROUND: Final = 3
"""They are quick, and what disturbs them weighs more."""

FEW_JOBS: Final = 1_000
MANY_JOBS: Final = 100_000
REPORTED: Final = 72 * 3600 // 5

COMMON: Final = ("--printers", "2", "--ready", "50")


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Ask a server with few past jobs and one with many the same, in turn."""
    small, large = (_server(servers, jobs, say) for jobs in (FEW_JOBS, MANY_JOBS))
    times = run(_ask_in_turn(small, large)).times
    ratios = {name: ratio_of(many, few) for name, (few, many) in times.items()}
    for name, (few, many) in times.items():
        say(f"{name}: {statistics.median(few):.1f} ms, {statistics.median(many):.1f} ms, ratio {ratios[name]:.2f}")
    figures = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    worst = max(ratios.values())
    what = f"with {MANY_JOBS // 1000}k past jobs ÷ with {FEW_JOBS // 1000}k; end of a 72 h run ÷ its start"
    return [Row(10, what, figures, f"{worst:.2f}", "≤ 1.1", worst <= 1.1)]


def _server(servers: Servers, jobs: int, say: Callable[[str], None]) -> Target:
    database = servers.sqlite(f"past-{jobs}")
    reported = REPORTED if jobs == MANY_JOBS else 0
    world = servers.fill(database, *COMMON, "--past", str(jobs), "--reported", str(reported))
    say(f"{jobs:,} past jobs are there")
    return servers.ours(database, world)


def check(asked: bytes, status: int, body: bytes) -> None:
    """Raise RuntimeError unless the server did what it was asked: a report that is refused, or stale, costs less."""
    is_report = asked.startswith(b"POST")
    if status != 200 or (is_report and b'"accepted"' not in body):
        raise RuntimeError(f"{status}: {body[:200]!r}")


class Comparison:
    """Asks the same of few and of many, in turn, and keeps how long each took, in milliseconds."""

    def __init__(self) -> None:
        self.times: dict[str, tuple[list[float], list[float]]] = {}
        self._clients: dict[int, Client] = {}
        self._turns: Counter[str] = Counter()

    async def compare(self, name: str, few: tuple[Target, bytes], many: tuple[Target, bytes], is_kept: bool) -> None:
        """Ask both once. Who comes second finds the caches of the processor warmer, so they take turns at that too."""
        self._turns[name] += 1
        turn = 1 if self._turns[name] % 2 else -1
        taken = [await self._ask(*one) for one in (few, many)[::turn]]
        if is_kept:
            for times, took in zip(self.times.setdefault(name, ([], [])), taken[::turn], strict=True):
                times.append(took)

    async def _ask(self, target: Target, data: bytes) -> float:
        client = self._clients.setdefault(target.port, Client())
        await client.connect(target.port)
        began = now_ns()
        status, body = await client.call(data)
        took = (now_ns() - began) / 1e6
        check(data, status, body)
        return took


def page(target: Target, query: str = "") -> bytes:
    """The request for the list page."""
    return request("GET", LIST + query, target.page_headers)


def report(target: Target, printer: int) -> bytes:
    """The next report of the job on that printer, 0 being the one whose run is 72 hours old."""
    return target.post([target.world.report_jobs[printer]]).data


async def _ask_in_turn(small: Target, large: Target) -> Comparison:
    asked = Comparison()
    for number in range(ROUNDS + UNCOUNTED):
        is_kept = number >= UNCOUNTED
        await asked.compare("list", (small, page(small)), (large, page(large)), is_kept)
        history = "?tab=history"
        await asked.compare("history", (small, page(small, history)), (large, page(large, history)), is_kept)
        for _ in range(REPORTS_A_ROUND):
            await asked.compare("report", (small, report(small, 1)), (large, report(large, 1)), is_kept)
            await asked.compare("72 h", (large, report(large, 1)), (large, report(large, 0)), is_kept)
    return asked
