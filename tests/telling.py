"""Courses of prints on their way through the reports layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from printqueue.access import Actor
from printqueue.history import Point
from printqueue.protocol import ReportState
from printqueue.reports import Report, receive_all


def tell(
    points: Sequence[Point],
    *,
    serial: str,
    actor: Actor,
    at_once: int = 500,
    run_key: str = "1@0",
    first_sequence: int = 1,
    clock: Callable[[], float] = time.perf_counter,
    errors: Mapping[str, str] = MappingProxyType({}),
    **fields: Any,
) -> list[float]:
    """Let a printer say these points, so many in a call; return how long each call took by `clock`, in seconds.

    `errors` names what the printer says of a state, `fields` are those of `Report` that all of them have. Raises
    AssertionError when a report is refused or stale.
    """
    fields |= {"serial": serial, "run_key": run_key}
    said = [
        report_of(point, sequence=number, error_message=errors.get(point.state, ""), **fields)
        for number, point in enumerate(points, start=first_sequence)
    ]
    took = []
    for first in range(0, len(said), at_once):
        call = said[first : first + at_once]
        began = clock()
        outcomes = receive_all(call, actor=actor, client="c", received_at=call[-1].measured_at, skew=timedelta())
        took.append(clock() - began)
        refused = {outcome.result for outcome in outcomes} - {"accepted", "unmatched"}
        assert not refused, refused
    return took


def report_of(point: Point, **fields: Any) -> Report:
    """What a printer says at `point`."""
    return Report(
        state=ReportState(point.state),
        progress=point.percent,
        layer=point.layer,
        nozzle_c=point.nozzle_c,
        bed_c=point.bed_c,
        measured_at=datetime.fromtimestamp(point.at, UTC),
        **fields,
    )
