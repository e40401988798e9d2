"""A recording through the pure part of the Bambu driver, without a network."""

from printqueue.client.drivers.bambu.status import Status, is_whole, merge, sighting_of, status_in
from printqueue.client.runs import RunTracker, Sighting
from printqueue.client.snapshot import Snapshot
from tests.client.broker import Step

POLL_SECONDS = 5
START = 1_700_000_000.0


def seen(status: Status) -> Sighting:
    """What a status shows that names a known state."""
    sighting = sighting_of(status)
    assert sighting is not None
    return sighting


def told(recording: list[Step], poll_seconds: float = POLL_SECONDS) -> list[Snapshot]:
    """Return all snapshots of a client that polls while `recording` plays."""
    tracker, polled_at = RunTracker(), 0.0
    status: Status | None = None
    snapshots: list[Snapshot] = []
    for step in recording:
        while step.at >= polled_at + poll_seconds:
            polled_at += poll_seconds
            snapshots += tracker.snapshots(START + polled_at)
        report = status_in(step.message)
        if report is None or (status is None and not is_whole(report)):
            continue
        after_gap, status = status is None, merge(status or {}, report)
        tracker.see(seen(status), START + step.at, after_gap=after_gap)
    return snapshots + tracker.snapshots(START + polled_at + poll_seconds)
