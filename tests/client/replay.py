"""A recording through the pure part of the Bambu driver, without a network."""

import json
from math import inf

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
    return [snapshot for _, snapshot in told_when(recording, poll_seconds)]


def told_when(
    recording: list[Step], poll_seconds: float = POLL_SECONDS, dies_at: float = inf
) -> list[tuple[float, Snapshot]]:
    """Return the same, each with the second of the recording at which it was polled.

    At `dies_at` the client starts anew with nothing but what it remembered, and the printer tells it everything.
    """
    tracker, polled_at = RunTracker(), 0.0
    status: Status | None = None
    snapshots: list[tuple[float, Snapshot]] = []

    def poll(at: float) -> None:
        snapshots.extend((at, snapshot) for snapshot in tracker.snapshots(START + at))

    for step in recording:
        while step.at >= polled_at + poll_seconds:
            polled_at += poll_seconds
            poll(polled_at)
        if status is not None and step.at >= dies_at:
            tracker, dies_at = RunTracker(json.loads(json.dumps(tracker.memory()))), inf
            tracker.see(seen(status), START + step.at, after_gap=True)
        report = status_in(step.message)
        if report is None or (status is None and not is_whole(report)):
            continue
        after_gap, status = status is None, merge(status or {}, report)
        tracker.see(seen(status), START + step.at, after_gap=after_gap)
    poll(polled_at + poll_seconds)
    return snapshots
