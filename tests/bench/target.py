"""A server under load: where it is, and how it is told of progress. All of them take the same calls."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from tests.bench.wire import MOST, percent, request

EVENTS: Final = "/api/print-queue/events"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what its reports say: (job, value) each."""

    data: bytes
    reports: tuple[tuple[int, int], ...]


CallMaker: TypeAlias = Callable[[Sequence[int]], Call]
"""Makes the next call that reports on these jobs."""


@dataclass
class World:
    """What a database was filled with. `put_jobs` are fed by PUT, `report_jobs` by the reports of their printers."""

    token: str = ""
    session: str = ""
    put_jobs: list[int] = field(default_factory=lambda: list(range(1, 101)))
    report_jobs: list[int] = field(default_factory=list)
    position: str = ""
    """The event id from which on a page that was just loaded listens."""
    serials: dict[int, str] = field(default_factory=dict)
    """The printer that each of `report_jobs` is on."""

    @classmethod
    def of(cls, facts: dict[str, Any]) -> World:
        """Return the world that `fill` has printed as JSON."""
        return cls(**{**facts, "serials": {int(job): serial for job, serial in facts["serials"].items()}})


@dataclass
class Target:
    """A running server."""

    name: str
    port: int
    pid: int
    world: World = field(default_factory=World)
    # Begins anywhere, so that what is left of another run is not taken for this one's.
    _value: int = field(default_factory=lambda: random.randrange(1, MOST // 10))  # noqa: S311  (no secret)

    @property
    def next_value(self) -> int:
        """The value that the next report will carry: all earlier ones are below it."""
        return self._value

    def put(self, jobs: Sequence[int]) -> Call:
        """Return a PUT of the progress of a job, the only one of `jobs`."""
        [job] = jobs
        value = self._take()
        path = f"/api/print-queue/{job}/progress"
        return Call(request("PUT", path, self._headers, f'{{"progress": {percent(value)}}}'), ((job, value),))

    def post(self, jobs: Sequence[int]) -> Call:
        """Return a POST with one report each of the printers that `jobs` are on."""
        values = [(job, self._take()) for job in jobs]
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = {"client": "bench", "sentAt": now, "reports": [self._report(job, value, now) for job, value in values]}
        data = request("POST", "/api/printer-reports", self._headers, json.dumps(body))
        return Call(data, tuple(values))

    def _report(self, job: int, value: int, now: str) -> dict[str, object]:
        return {
            "printer": self.world.serials[job],
            "state": "printing",
            "runKey": "bench@0",
            "progress": float(percent(value)),
            "filename": f"bench-{self.world.serials[job]}.gcode",
            "remainingSeconds": 3600,
            "layer": 41,
            "totalLayers": 160,
            "nozzleC": 219.8,
            "nozzleTargetC": 220,
            "bedC": 60.1,
            "bedTargetC": 60,
            "measuredAt": now,
            "sequence": value,
        }

    def _take(self) -> int:
        self._value += 1
        if self._value > MOST:
            raise RuntimeError("All values are used up: a percent would be heard that was said before.")
        return self._value

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.world.token}"} if self.world.token else {}

    @property
    def page_headers(self) -> dict[str, str]:
        """What a page of a member of staff sends."""
        return {"Cookie": f"sessionid={self.world.session}"} if self.world.session else {}

    @property
    def stream_request(self) -> bytes:
        """What a page sends to hear of changes."""
        path = EVENTS + (f"?lastEventId={self.world.position}" if self.world.position else "")
        return request("GET", path, {"Accept": "text/event-stream", **self.page_headers})
