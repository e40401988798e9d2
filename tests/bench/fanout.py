"""Rows 1 to 3: how many events a second reach 1,000 open pages, against servers that do nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from tests.bench.load import Crowd, Result, Round, run
from tests.bench.servers import CannotRun, Servers
from tests.bench.table import Row, ratio_of, thousands
from tests.bench.target import Target

PAGES: Final = 1_000
ROUNDS: Final = 3
SECONDS: Final = 2.0

WAYS: Final = {4: "4 in flight", 1: "one at a time"}


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Let the same load run against each server in turn, three times."""
    database = servers.sqlite("fanout")
    ours = servers.ours(database, servers.fill(database, "--put-jobs", "100"))
    targets = [ours, servers.bare()]
    with suppress(CannotRun):
        targets.append(servers.node())
    results = run(_rounds(targets, say))
    run(_once(servers.plain(), say))
    rows = [_against_bare(1, 4, 0.9, results), _against_bare(2, 1, 0.6, results)]
    return [*rows, _against_node(results)]


Results = dict[tuple[str, int], list[Result]]


async def _rounds(targets: Sequence[Target], say: Callable[[str], None]) -> Results:
    crowds = [Crowd(target) for target in targets]
    for crowd in crowds:
        await crowd.grow_to(PAGES)
    results: Results = {}
    for _ in range(ROUNDS):
        for calls in WAYS:
            for crowd in crowds:
                result = await _one(crowd, calls, say)
                results.setdefault((crowd.target.name, calls), []).append(result)
    return results


async def _once(target: Target, say: Callable[[str], None]) -> None:
    """For comparison only: what one has without any of this work."""
    crowd = Crowd(target)
    await crowd.grow_to(PAGES)
    for calls in WAYS:
        await _one(crowd, calls, say)


async def _one(crowd: Crowd, calls: int, say: Callable[[str], None]) -> Result:
    target = crowd.target
    result = await Round(crowd, target.put).in_flight(target.world.put_jobs, calls, SECONDS)
    say(f"{target.name}, {WAYS[calls]}: {result.in_words}")
    return result


def _rates(results: Results, name: str, calls: int) -> list[float]:
    return [result.events_per_second for result in results[name, calls]]


def _against_bare(number: int, calls: int, least: float, results: Results) -> Row:
    ours, bare = _rates(results, "PrintFactory", calls), _rates(results, "bare uvloop", calls)
    ratio = ratio_of(ours, bare)
    faults = "; ".join(result.faults for result in results["PrintFactory", calls] if result.faults)
    cpu = statistics.median(result.cpu_us_per_event for result in results["PrintFactory", calls])
    figures = f"{_median(ours)} events/s at {cpu:.1f} µs CPU each, bare uvloop {_median(bare)}"
    what = f"{PAGES:,} pages, {WAYS[calls]}: events/s ÷ bare uvloop"
    return Row(
        number,
        what,
        figures + (f"; {faults}" if faults else ""),
        f"{ratio:.2f}",
        f"≥ {least}",
        _met(ratio >= least, faults),
    )


def _against_node(results: Results) -> Row:
    what = f"{PAGES:,} pages: events/s ÷ raw Node, both ways"
    if ("raw Node", 4) not in results:
        return Row(3, what, "there is no node on PATH", "", "> 1", None)
    rates = {calls: (_rates(results, "PrintFactory", calls), _rates(results, "raw Node", calls)) for calls in WAYS}
    ratios = [ratio_of(*rates[calls]) for calls in WAYS]
    figures = ", ".join(f"{WAYS[calls]} {_median(rates[calls][0])} to {_median(rates[calls][1])}" for calls in WAYS)
    return Row(3, what, figures, " and ".join(f"{ratio:.2f}" for ratio in ratios), "> 1", min(ratios) > 1)


def _median(rates: Sequence[float]) -> str:
    return thousands(statistics.median(rates))


def _met(is_reached: bool, faults: str) -> bool:
    return is_reached and not faults
