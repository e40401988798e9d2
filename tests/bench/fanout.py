"""Rows 1 to 3: how many events a second reach 1,000 open pages, against servers that do nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Final

from tests.bench.load import Crowd, Result, Round, all_right, remarks, run
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
    return [against_bare(1, 4, 0.9, results), against_bare(2, 1, 0.6, results), against_node(results)]


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


def against_bare(number: int, calls: int, least: float, results: Results) -> Row:
    """Return row 1 or 2."""
    ours, bare = results["PrintFactory", calls], results["bare uvloop", calls]
    ratio = ratio_of(_rates(ours), _rates(bare))
    cpu = statistics.median(result.cpu_us_per_event for result in ours)
    figures = f"{_median(ours)} events/s at {cpu:.1f} µs CPU each, bare uvloop {_median(bare)}"
    return Row(
        number,
        f"{PAGES:,} pages, {WAYS[calls]}: events/s ÷ bare uvloop",
        "; ".join([figures, *remarks("ours", ours), *remarks("bare uvloop", bare)]),
        f"{ratio:.2f}",
        f"≥ {least}",
        ratio >= least and all_right([*ours, *bare]),
    )


def against_node(results: Results) -> Row:
    """Return row 3."""
    what = f"{PAGES:,} pages: events/s ÷ raw Node, both ways"
    if ("raw Node", 4) not in results:
        return Row(3, what, "there is no node on PATH", "", "> 1", None)
    ours, node = ([results[name, calls] for calls in WAYS] for name in ("PrintFactory", "raw Node"))
    ratios = [ratio_of(_rates(mine), _rates(theirs)) for mine, theirs in zip(ours, node, strict=True)]
    figures = [f"{way} {_median(ours[n])} to {_median(node[n])}" for n, way in enumerate(WAYS.values())]
    all_ours, all_node = [*chain(*ours)], [*chain(*node)]
    return Row(
        3,
        what,
        "; ".join([", ".join(figures), *remarks("ours", all_ours), *remarks("raw Node", all_node)]),
        " and ".join(f"{ratio:.2f}" for ratio in ratios),
        "> 1",
        min(ratios) > 1 and all_right([*all_ours, *all_node]),
    )


def _rates(results: Sequence[Result]) -> list[float]:
    return [result.events_per_second for result in results]


def _median(results: Sequence[Result]) -> str:
    return thousands(statistics.median(_rates(results)))
