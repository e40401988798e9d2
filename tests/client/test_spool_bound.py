"""The server is away for long: what the spool keeps of it, and how large it gets."""

import json
from dataclasses import dataclass, field
from itertools import count, groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printqueue.client.snapshot import Readings, Snapshot
from printqueue.client.spool import Poll, Spool
from printqueue.client.spool_file import RESERVED_BYTES, Worth
from printqueue.protocol import ACTIVE_STATES, ReportState

pytestmark = [pytest.mark.sqlite_only, pytest.mark.timeout(900)]

NOW = 1_790_000_000.0
PRINTERS = 20
THREE_DAYS_SECONDS = 3 * 86_400
HOURS_OF_A_CYCLE = 7
BYTES_OF_A_REPORT = 560
HOT = Readings(215.1, 215.0, 60.2, 60.0, model="Simulated")
COLD = Readings(22.0, 0.0, 22.0, 0.0, model="Simulated")


def shown(printer, seconds):
    """What a printer shows: six hours of printing with a pause and a silence, then an end, then nothing."""
    number, within = divmod(seconds + printer * 900, HOURS_OF_A_CYCLE * 3600)
    hours = within / 3600
    key = f"{number}@{int(NOW) + number}"
    if hours >= 6.5:
        return Snapshot(ReportState.IDLE, readings=COLD)
    if hours >= 6:
        return Snapshot(ReportState.COMPLETED, key, f"part-{number}.gcode", progress=100, readings=HOT)
    if 4 <= hours < 4.25:
        return Snapshot(ReportState.OFFLINE)
    state = ReportState.PAUSED if 2 <= hours < 2.5 else ReportState.PRINTING
    percent = round(100 * min(hours, 6) / 6, 2)
    return Snapshot(state, key, f"part-{number}.gcode", progress=percent, started_at=NOW, readings=HOT)


@dataclass
class Outage:
    """Three days without a server. `said`: the changes of each printer, by what it showed."""

    spool: Spool
    poll_seconds: int
    largest_bytes: int = 0
    said: dict[str, list[int]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)

    def last(self, folder):
        before: dict[str, tuple[str, str | None]] = {}
        for seconds in range(0, THREE_DAYS_SECONDS, self.poll_seconds):
            polls = [Poll(f"P{n}", f"Printer {n}", [shown(n, seconds)], {"n": n}) for n in range(PRINTERS)]
            for report in self.spool.save(polls, NOW + seconds):
                says = (report["state"], report.get("runKey"))
                if before.get(report["printer"]) != says:
                    self.said.setdefault(report["printer"], []).append(report["sequence"])
                before[report["printer"]] = says
                self.newest[report["printer"]] = report["sequence"]
            if seconds % (7 * self.poll_seconds) == 0:
                self.largest_bytes = max(self.largest_bytes, sum(file.stat().st_size for file in folder.iterdir()))
        return self


# Reports every five minutes, and room for a quarter of them; reports as they really come, and room for one in 64.
OUTAGES = [(300, 4), pytest.param((5, 64), marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=OUTAGES, ids=str)
def outage(request, tmp_path_factory):
    """Three days of twenty printers, and a spool that is far too small for them."""
    folder = tmp_path_factory.mktemp("spool")
    poll_seconds, too_small = request.param
    room = PRINTERS * THREE_DAYS_SECONDS // poll_seconds // too_small
    max_bytes = RESERVED_BYTES + room * BYTES_OF_A_REPORT
    spool = Spool(folder / "spool.sqlite3", max_bytes)
    yield Outage(spool, poll_seconds).last(folder), max_bytes, room
    spool.close()


@pytest.fixture(scope="module")
def kept(outage):
    """What waits after three days, by printer."""
    waiting = sorted(outage[0].spool.waiting(10**9), key=lambda report: report.printer)
    return {serial: list(reports) for serial, reports in groupby(waiting, key=lambda report: report.printer)}


def sequences(reports):
    return [json.loads(report.body)["sequence"] for report in reports]


def test_every_start_end_and_change_of_state_survives(outage, kept):
    changes = {serial: sequences(one for one in reports if one.is_change) for serial, reports in kept.items()}

    assert changes == outage[0].said


def test_the_newest_state_of_every_printer_survives(outage, kept):
    assert {serial: sequences(reports)[-1] for serial, reports in kept.items()} == outage[0].newest


def test_what_is_kept_is_in_order(kept):
    for reports in kept.values():
        assert sequences(reports) == sorted(set(sequences(reports)))


def test_the_files_stay_below_the_limit(outage):
    lasted, max_bytes, _ = outage

    assert lasted.largest_bytes <= max_bytes


def test_the_room_is_used(outage, kept):
    assert sum(map(len, kept.values())) > outage[2] / 2


def says(report):
    body = json.loads(report.body)
    return body["state"], body.get("runKey")


def test_the_course_of_every_print_is_kept_evenly(kept):
    courses = [list(course) for reports in kept.values() for _, course in groupby(reports, key=says)]
    printing = [course for course in courses if says(course[0])[0] == ReportState.PRINTING]
    gaps = [after.recorded_at - before.recorded_at for course in printing for before, after in pairwise(course)]

    assert len(gaps) > 1000
    assert max(gaps) <= 4 * sum(gaps) / len(gaps)


def test_the_old_is_thinned_before_the_new(kept):
    for reports in kept.values():
        levels = [report.level for report in reports if report.worth == Worth.PROGRESS]
        assert levels == sorted(levels, reverse=True)


def test_what_only_says_that_no_print_is_on_goes_before_any_course(kept):
    presence = [one for reports in kept.values() for one in reports if one.worth == Worth.PRESENCE]

    assert len(presence) <= PRINTERS


STRETCHES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(list(ReportState)), st.integers(0, 2), st.integers(1, 80)),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STRETCHES)
def test_whatever_the_printers_do_no_change_and_no_newest_state_is_lost(stretches):
    clock = count()
    told: dict[str, list[tuple[int, ReportState, str | None]]] = {}
    spool = Spool(":memory:", RESERVED_BYTES + 60_000)
    for serial, state, run, length in stretches:
        key = f"{run}@1" if state in ACTIVE_STATES else None
        for _ in range(length):
            snapshots = [Snapshot(state, key, "part.gcode")]
            [report] = spool.save([Poll(serial, None, snapshots, None)], NOW + next(clock))
            told.setdefault(serial, []).append((report["sequence"], state, key))
    kept = set(sequences(spool.waiting(10**9)))
    spool.close()

    for reports in told.values():
        changes = [reports[0], *(after for before, after in pairwise(reports) if before[1:] != after[1:])]
        assert {number for number, *_ in [*changes, reports[-1]]} <= kept


def test_when_there_are_only_changes_the_starts_and_ends_stay_longest():
    spool = Spool(":memory:", RESERVED_BYTES + 40_000)
    for n in range(400):
        run = n // 100
        states = [ReportState.PRINTING, ReportState.PAUSED]
        state = ReportState.COMPLETED if n % 100 == 99 else states[n % 2]
        spool.save([Poll("A", None, [Snapshot(state, f"{run}@1", "part.gcode", progress=50)], None)], NOW + n)
    kept = spool.waiting(1000)
    spool.close()

    assert sum(report.worth == Worth.START_OR_END for report in kept) == 8
    assert len(kept) < 300
