"""Every call of the API, with a body that it takes. `{job}` and `{serial}` are filled in by the test."""

from __future__ import annotations

from typing import Any, NamedTuple

from printqueue.protocol import Scope


class Call(NamedTuple):
    """One call."""

    method: str
    address: str
    scope: Scope
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.address}"

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"


REPORT = {"printer": "{serial}", "state": "idle", "measuredAt": "2026-11-23T15:00:00Z", "sequence": 1}

CALLS = [
    Call("GET", "print-queue", Scope.JOBS_READ),
    Call("POST", "print-queue", Scope.JOBS_WRITE, {"designName": "Splint", "printFileName": "splint.3mf"}),
    Call("GET", "print-queue/{job}", Scope.JOBS_READ),
    Call("PATCH", "print-queue/{job}", Scope.JOBS_WRITE, {"note": "mind the edges"}),
    Call("PUT", "print-queue/{job}/progress", Scope.REPORTS_WRITE, {"progress": 45.3}),
    *(
        Call("POST", f"print-queue/{{job}}/{verb}", Scope.JOBS_WRITE, {"reason": "because"})
        for verb in ("start", "cancel", "complete", "fail", "retry", "reopen")
    ),
    Call("GET", "print-queue/{job}/history", Scope.JOBS_READ),
    Call("POST", "printer-reports", Scope.REPORTS_WRITE, {"reports": [REPORT]}),
    Call("GET", "printers", Scope.JOBS_READ),
    Call("GET", "printers/{serial}", Scope.JOBS_READ),
    Call("GET", "print-queue/events", Scope.EVENTS_READ),
    Call("GET", "print-queue/{job}/events", Scope.EVENTS_READ),
    Call("GET", "printers/events", Scope.EVENTS_READ),
]

PUBLIC = {"openapi.json", "docs"}
"""What anybody may read below /api: what the API is, and nothing of what it holds."""
