"""Row 17: what is kept of a print of 72 hours, how exactly it is drawn, and what its last reports cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from printqueue.history import MOST_KEPT
from tests.bench.servers import Servers
from tests.bench.table import Row

MOST_OFF: Final = 0.5
ROUNDING: Final = 1e-6
MOST_RATIO: Final = 1.1


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Tell a database of such prints, through all that a report goes through once it is taken apart."""
    told = json.loads(servers.run_python("tests.bench.three_days", database=servers.sqlite("three-days")))
    for one in told:
        say(
            f"{one['reports']:,} reports: {one['samples']} samples, {one['off']:.3f} % off, "
            f"{one['first_ms']:.3f} ms CPU a report at first, {one['last_ms']:.3f} ms at the end, ratio {one['ratio']:.2f}"
        )
    samples, off = max(one["samples"] for one in told), max(one["off"] for one in told)
    queries = max(one["queries"] for one in told)
    ratio = max(one["ratio"] for one in told)
    is_met = samples <= MOST_KEPT and off <= MOST_OFF + ROUNDING and queries == 1 and ratio <= MOST_RATIO
    return [
        Row(
            17,
            f"72 h at a report per 5 s ({told[0]['reports']:,}): samples; error; queries for them; cost, last ÷ first tenth",
            f"{samples} samples; {off:.2f} %; {queries}; {told[0]['last_ms']:.2f} to {told[0]['first_ms']:.2f} ms CPU",
            f"{ratio:.2f}",
            f"≤ {MOST_KEPT:,}; ≤ {MOST_OFF} %; 1; ≤ {MOST_RATIO}",
            is_met,
        )
    ]
