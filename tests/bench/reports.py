"""Rows 7 and 8: how many reports a second are stored, one a call and fifty, against stock Django."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from tests.bench.load import Crowd, Round, run
from tests.bench.servers import CannotRun, Servers
from tests.bench.table import Row, ratio_of
from tests.bench.target import Target

ROUNDS: Final = 3
SECONDS: Final = 2.0
PRINTERS: Final = 100
IN_FLIGHT: Final = 16
BATCH: Final = 50

ONE_BY_ONE: Final = f"reports one by one, {IN_FLIGHT} in flight: ÷ stock Django, same work"
BATCHES: Final = f"reports in batches of {BATCH} ÷ one by one"


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Let ours and stock Django store reports in turn, on SQLite and then on PostgreSQL."""
    figures = {"SQLite": _on_sqlite(servers, say)}
    try:
        figures["PostgreSQL"] = _on_postgres(servers, say)
    except CannotRun as reason:
        say(f"only on SQLite: {reason}")
    return [_against_stock(figures), _batches(figures)]


class Figures:
    """Reports a second, by round."""

    def __init__(self) -> None:
        self.ours: list[float] = []
        self.stock: list[float] = []
        self.batches: list[float] = []
        self.faults: list[str] = []
        # It is known to drop events. What it refuses does not count as done.
        self.faults_of_stock: list[str] = []


def _on_sqlite(servers: Servers, say: Callable[[str], None]) -> Figures:
    filled = servers.sqlite("reports")
    world = servers.fill(filled, "--printers", str(PRINTERS))
    copy = servers.copy_sqlite("reports", "stock")
    return run(_rounds("SQLite", servers.ours(filled, world), servers.stock(copy, world), say))


def _on_postgres(servers: Servers, say: Callable[[str], None]) -> Figures:
    with ExitStack() as stack:
        postgres = stack.enter_context(servers.postgres())
        filled = postgres.url("postgres")
        world = servers.fill(filled, "--printers", str(PRINTERS))
        copy = servers.copy_postgres(postgres, "postgres", "stock")
        with servers.starting() as started:
            return run(_rounds("PostgreSQL", started.ours(filled, world), started.stock(copy, world), say))


async def _rounds(database: str, ours: Target, stock: Target, say: Callable[[str], None]) -> Figures:
    figures = Figures()
    crowds = [Crowd(ours), Crowd(stock)]
    for crowd in crowds:
        await crowd.grow_to(1)  # so that what is stored is told to somebody

    async def reports(crowd: Crowd, calls: int, batch: int, into: list[float]) -> None:
        target = crowd.target
        result = await Round(crowd, target.post).in_flight(target.world.report_jobs, calls, SECONDS, batch)
        say(f"{database}, {target.name}, {batch} a call: {result.in_words}")
        into.append(result.reports_per_second)
        if result.faults:
            (figures.faults if target is ours else figures.faults_of_stock).append(result.faults)

    for _ in range(ROUNDS):
        await reports(crowds[0], IN_FLIGHT, 1, figures.ours)
        await reports(crowds[1], IN_FLIGHT, 1, figures.stock)
        await reports(crowds[0], PRINTERS // BATCH, BATCH, figures.batches)
    return figures


def _against_stock(figures: dict[str, Figures]) -> Row:
    ratios = {name: ratio_of(of.ours, of.stock) for name, of in figures.items()}
    told = ", ".join(f"{name} {_median(of.ours)} to {_median(of.stock)} /s" for name, of in figures.items())
    faults = [fault for of in figures.values() for fault in of.faults]
    of_stock = [f"stock: {fault}" for of in figures.values() for fault in of.faults_of_stock]
    is_met = min(ratios.values()) >= 4 and not faults
    return Row(7, ONE_BY_ONE, "; ".join([told, *faults[:1], *of_stock[:1]]), _both(ratios), "≥ 4", is_met)


def _batches(figures: dict[str, Figures]) -> Row:
    ratios = {name: ratio_of(of.batches, of.ours) for name, of in figures.items()}
    told = ", ".join(f"{name} {_median(of.batches)} to {_median(of.ours)} /s" for name, of in figures.items())
    is_met = min(ratios.values()) >= 5 and not any(of.faults for of in figures.values())
    return Row(8, BATCHES, told, _both(ratios), "≥ 5", is_met)


def _both(ratios: dict[str, float]) -> str:
    return " and ".join(f"{ratio:.1f}" for ratio in ratios.values())


def _median(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f}"
