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

    `errors` names what the printer says of a state, `fields` are those of `Report` that all of them have. Raises AssertionError when a report is refused or stale.
    """
    took = []
    for first in range(0, len(points), at_once):
        call = points[first : first + at_once]
        times = [datetime.fromtimestamp(point.at, UTC) for point in call]
        said = [
            Report(
                serial=serial,
                state=ReportState(point.state),
                run_key=run_key,
                progress=point.percent,
                layer=point.layer,
                nozzle_c=point.nozzle_c,
                bed_c=point.bed_c,
                sequence=number,
                measured_at=at,
                error_message=errors.get(point.state, ""),
                **fields,
            )
            for number, (point, at) in enumerate(zip(call, times, strict=True), start=first + first_sequence)
        ]
        began = clock()
        outcomes = receive_all(said, actor=actor, client="c", received_at=times[-1], skew=timedelta())
        took.append(clock() - began)
        refused = {outcome.result for outcome in outcomes} - {"accepted", "unmatched"}
        assert not refused, refused
    return took
