"""Reports on their way into the spool and out of it: their order, what each is worth, and their dates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from printqueue.client.clock import Dates
from printqueue.client.snapshot import Snapshot, report_of
from printqueue.client.spool_file import KnownPrinter, Waiting, Worth
from printqueue.protocol import ACTIVE_STATES, ENDED_STATES, Report, wire_time


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look at one printer gave: snapshots, oldest first, and what its driver has to remember."""

    serial: str
    name: str | None
    snapshots: list[Snapshot]
    memory: dict[str, Any] | None


class Intake:
    """New reports, each compared with the one before it of its printer. What it was given stays as it is."""

    def __init__(self, printers: Mapping[str, KnownPrinter], newest: Mapping[str, Waiting], last_id: int) -> None:
        self.reports: list[Waiting] = []
        self.printers: dict[str, KnownPrinter] = {}
        self.newest: dict[str, Waiting] = {}
        self._old_printers, self._old_newest, self._last_id = printers, newest, last_id

    def take(self, poll: Poll, now: float, wall: float) -> list[Report]:
        """Take what one poll gave at own time `now`, which is `wall` on the wall. Return the reports."""
        reports = []
        for snapshot in poll.snapshots:
            # Not below either clock: a client that lost its spool, or got an old one back, must not go back behind what
            # it sent before. Own time may have begun in the past and then stays there; the wall is put right.
            sequence = max(self._known(poll.serial).sequence + 1, int(max(now, wall) * 1000) + 1)
            report = report_of(snapshot, serial=poll.serial, name=poll.name, sequence=sequence, measured_at=now)
            self.add(report, now, self._last_id + 1)
            reports.append(report)
        self.printers[poll.serial] = replace(self._known(poll.serial), memory=json.dumps(poll.memory))
        return reports

    def add(self, report: Report, recorded_at: float, number: int) -> None:
        """Take one report, which gets the number `number`."""
        serial = report["printer"]
        known, last = self._known(serial), self.newest.get(serial) or self._old_newest.get(serial)
        says, run_key = f"{report['state']} {report.get('runKey', '')}", report.get("runKey", known.run_key)
        waiting = Waiting(
            id=number,
            printer=serial,
            recorded_at=recorded_at,
            worth=_worth(report["state"], is_news=says != known.says, is_other_run=run_key != known.run_key),
            level=0,
            place=last.place + 1 if last else 0,
            body=json.dumps(report, ensure_ascii=False, separators=(",", ":")),
        )
        self.reports.append(waiting)
        self.newest[serial] = waiting
        self._last_id = number
        self.printers[serial] = replace(known, sequence=report["sequence"], says=says, run_key=run_key)

    def _known(self, serial: str) -> KnownPrinter:
        return self.printers.get(serial) or self._old_printers.get(serial) or KnownPrinter()


def _worth(state: str, *, is_news: bool, is_other_run: bool) -> Worth:
    if is_other_run or (is_news and state in ENDED_STATES):
        return Worth.START_OR_END
    if is_news:
        return Worth.CHANGE
    return Worth.PROGRESS if state in ACTIVE_STATES else Worth.PRESENCE


def dated(report: Waiting, dates: Dates) -> str:
    shift = dates.shift(report.recorded_at)
    if not shift:
        return report.body
    return json.dumps(shifted(json.loads(report.body), shift), ensure_ascii=False, separators=(",", ":"))


def shifted(report: Report, seconds: float) -> Report:
    """Return `report` with its times moved by so many seconds."""
    if not seconds:
        return report
    moved: dict[str, Any] = {
        name: wire_time(datetime.fromisoformat(text) + timedelta(seconds=seconds))
        for name in ("measuredAt", "startedAt")
        if isinstance(text := report.get(name), str)
    }
    return cast("Report", {**report, **moved})
