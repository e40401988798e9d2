"""Empties the spool towards the server, in order, for as long as it takes."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from itertools import accumulate
from threading import Event
from typing import Final

from printqueue.client.server import (
    MAX_BODY_BYTES,
    BatchRefusedError,
    DefectError,
    NeedsMendingError,
    ServerError,
    ServerLink,
)
from printqueue.client.spool import Spool, Waiting
from printqueue.protocol import MAX_REPORTS_PER_CALL, ReportResult

logger = logging.getLogger(__name__)

RETRY_FROM_SECONDS: Final = 1.0
RETRY_TO_SECONDS: Final = 15.0
MENDING_SECONDS: Final = 60.0
"""How often to ask a server that turned the key down: often enough to notice that it was mended."""

DEFECT_TRIES: Final = 5
"""How often a report is sent by itself to a server that fails over it, with longer and longer pauses between."""

LEFT_OUT_AT_ONCE: Final = 10
"""How many reports in a row are left out without a pause: a server that takes none at all is of another version."""

LEASED_FOR_SECONDS: Final = 600.0
"""How long a change of state is kept while another client speaks for its printer; the server's lease is 60 s."""

LEASED_PROGRESS_FOR_SECONDS: Final = 90.0
"""How long plain progress is: what is older than the lease, the other client saw too, and its course must not go back."""

HELD_SECONDS: Final = 10.0
"""How long the reports of such a printer stay here before they are tried again, while those of others go out."""


class Sender:
    """Sends what waits in the spool, batch by batch."""

    def __init__(self, spool: Spool, server: ServerLink, now: Callable[[], float] | None = None) -> None:
        """`now`: own time, by the spool's clock if not given."""
        self._spool = spool
        self._server = server
        self._now = now or spool.now
        self._held: dict[str, float] = {}
        self._limit = MAX_REPORTS_PER_CALL
        self._failures = 0
        self._tries_alone = 0
        self._said: str | None = None
        self._refusals: dict[str, str] = {}
        self._left_out: set[tuple[str, str]] = set()
        self._left_out_in_a_row = 0

    def step(self) -> float | None:
        """Send one batch. Return the seconds to wait before the next, None when there is nothing more to send."""
        self._held = {printer: until for printer, until in self._held.items() if until > self._now()}
        batch = _within_body_limit(self._spool.waiting(self._limit, self._held))
        if not batch:
            return None
        bodies, sent_at = self._spool.dated(batch)
        try:
            results = self._server.send(bodies, sent_at)
        except BatchRefusedError as error:
            self._halve_or_leave_out(batch, error)
            if self._left_out_in_a_row <= LEFT_OUT_AT_ONCE:
                return 0.0
            self._say(str(error))
            return _jittered(MENDING_SECONDS)
        except DefectError as error:
            return self._single_out(batch, error)
        except ServerError as error:
            return self._wait_after(error)
        self._say(None)
        self._failures = self._tries_alone = self._left_out_in_a_row = 0
        self._limit = min(2 * self._limit, MAX_REPORTS_PER_CALL)
        self._spool.forget(
            [report for report, result in zip(batch, results, strict=True) if self._is_settled(report, result)]
        )
        return 0.0

    def run(self, stopping: Event, news: Event) -> None:
        """Take steps until `stopping`; `news` is set when the spool has something new, and on stopping."""
        while not stopping.is_set():
            news.clear()
            wait = self.step()
            if wait is None:
                news.wait()
            else:
                stopping.wait(wait)

    @property
    def trouble(self) -> str | None:
        """Why reports are not taken at the moment, in words."""
        if self._said is None and self._refusals:
            return "The server refuses reports of " + ", ".join(sorted(self._refusals))
        return self._said

    def _halve_or_leave_out(self, batch: list[Waiting], error: ServerError) -> None:
        """Find by halving the one report that the server does not take; leave that one out and say so."""
        self._tries_alone = 0
        if len(batch) > 1:
            self._limit = len(batch) // 2
            return
        [report] = batch
        state = json.loads(report.body)["state"]
        is_new = (report.printer, state) not in self._left_out
        logger.log(
            logging.ERROR if is_new else logging.DEBUG,
            "%s. This report of %s (%s) is left out, as are further ones like it: %s",
            error,
            report.printer,
            state,
            report.body,
        )
        self._left_out.add((report.printer, state))
        self._left_out_in_a_row += 1
        self._spool.forget(batch)

    def _single_out(self, batch: list[Waiting], error: DefectError) -> float:
        """Find the report that the server fails over, and after DEFECT_TRIES leave it out, or it would block all others.

        Return the seconds to wait. Nothing is left out while the server fails over a call without reports too.
        """
        self._tries_alone += 1
        is_culprit = len(batch) == 1 and self._tries_alone >= DEFECT_TRIES and self._server.check() is None
        if len(batch) > 1 or is_culprit:
            self._halve_or_leave_out(batch, error)
        # The pauses begin anew only when something was taken: a server that fails over all of them gets them slowly.
        return 0.0 if is_culprit else self._wait_after(error)

    def _wait_after(self, error: ServerError) -> float:
        self._say(str(error))
        self._failures += 1
        if isinstance(error, NeedsMendingError):
            pause = MENDING_SECONDS
        else:
            pause = min(RETRY_TO_SECONDS, RETRY_FROM_SECONDS * 2 ** min(self._failures - 1, 10))
        return max(_jittered(pause), error.retry_after_seconds or 0.0)

    def _is_settled(self, report: Waiting, result: ReportResult) -> bool:
        """Whether the report is done with. A refusal is final, except that a lease of another client runs out."""
        error = result["error"] if result["result"] == "refused" else None
        if error is None:
            self._refusals.pop(report.printer, None)
            self._left_out -= {one for one in self._left_out if one[0] == report.printer}
            return True
        self._say_refusal(report.printer, error["code"], error["message"])
        if error["code"] != "leased":
            return True
        now = self._now()
        self._held[report.printer] = now + HELD_SECONDS
        kept_for = LEASED_FOR_SECONDS if report.is_change else LEASED_PROGRESS_FOR_SECONDS
        return now - report.recorded_at >= kept_for

    def _say_refusal(self, printer: str, code: str, message: str) -> None:
        """Log a refusal once for each printer and reason, not at every poll."""
        if self._refusals.get(printer) != code:
            logger.error("The server refuses reports of %s (%s): %s", printer, code, message)
        self._refusals[printer] = code

    def _say(self, trouble: str | None) -> None:
        """Keep the newest trouble, and log each change once."""
        if trouble and trouble != self._said:
            logger.warning("%s. Reports are kept meanwhile.", trouble)
        elif self._said and not trouble:
            logger.info("The server takes reports again.")
        self._said = trouble


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing


def _within_body_limit(waiting: list[Waiting]) -> list[Waiting]:
    """Return the beginning of `waiting` that fits into one call, at least one report."""
    sizes = accumulate(len(report.body.encode()) + 1 for report in waiting)
    fitting = sum(size <= MAX_BODY_BYTES for size in sizes)
    return waiting[: max(1, fitting)]
