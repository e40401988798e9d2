"""Which run a printer is on: keys that survive a restart, numbers of the last print kept out of the next, ends told once.

Pure: the drivers say what the printer showed and when; nothing here reads a clock or a disk.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from printqueue.client.snapshot import Readings, Snapshot
from printqueue.protocol import ACTIVE_STATES, PERCENT_STATES, ReportState, file_name_key

SHOW_END_SECONDS = 90.0
"""How long an end is repeated before the printer counts as idle.

Longer than the 60 s for which the server lets another client speak for the printer: an end that was refused for that
reason arrives after all.
"""

WENT_BACK_PERCENT = 5.0
"""A print found this much earlier than it was left is another print of the same file."""

_KEPT_NUMBERS = ("percent", "remaining_seconds", "layer")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a printer shows, before it is known which run that is.

    `title` is what the printer calls the print before, during and after it; `name` is the file's name, when shown.
    `native_id` is the printer's own id of the print, None when it has none. `cancelled`: it says a person cancelled.
    """

    state: ReportState
    title: str | None = None
    name: str | None = None
    native_id: str | None = None
    percent: float | None = None
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    started_at: float | None = None
    cancelled: bool = False
    readings: Readings = Readings()


@dataclass(slots=True)
class Run:
    """One physical print as far as this client has seen it. Kept on disk as JSON."""

    key: str
    state: str
    title: str | None = None
    name: str | None = None
    native_id: str | None = None
    percent: float | None = None
    remaining_seconds: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    started_at: float | None = None
    cancel_seen: bool = False
    end: str | None = None
    ended_at: float = 0.0
    end_reported: bool = False


class RunTracker:
    """Turns the sightings of one printer into snapshots with run keys."""

    def __init__(self, memory: dict[str, Any] | None = None) -> None:
        self._run = _restored(memory)
        self._replaced: list[Run] = []
        self._latest: Sighting | None = None
        self._leftover: dict[str, float] = {}

    @property
    def has_seen(self) -> bool:
        """Whether the printer showed anything yet."""
        return self._latest is not None

    def memory(self) -> dict[str, Any] | None:
        """Return what the next process has to know to go on with the same run."""
        return None if self._run is None else asdict(self._run)

    def active_run(self) -> Run | None:
        """Return a copy of the run that has not ended as far as is known, or None."""
        return replace(self._run) if self._run is not None and self._run.end is None else None

    def end(self, outcome: ReportState, now: float) -> None:
        """End the run as the printer's own records tell it, before what the printer shows now is taken in."""
        if self._run is not None and self._run.end is None:
            self._end_run(self._run, outcome, now)

    def see(self, sighting: Sighting, now: float, *, after_gap: bool) -> None:
        """Take in one sighting; `after_gap` when the printer was out of sight before it (also at the very first)."""
        if sighting.state in ACTIVE_STATES:
            self._see_printing(sighting, now, after_gap)
        elif self._run is not None and self._run.end is None:
            self._end_run(self._run, _outcome(self._run, sighting, after_gap), now)
        elif self._run is not None and sighting.cancelled and not self._run.end_reported:
            # The code that tells a cancel from a failure can come one message after the failure.
            self._run.end = ReportState.CANCELLED
        self._latest = sighting

    def snapshots(self, now: float) -> list[Snapshot]:
        """Return what to report at `now`, oldest first: ends of runs that another one replaced, then the present."""
        told = [_ended(run, self._readings()) for run in self._replaced]
        self._replaced.clear()
        present = self._present(now)
        return told if present is None else [*told, present]

    def _present(self, now: float) -> Snapshot | None:
        run = self._run
        if self._latest is None:
            return None
        if run is not None and run.end is None:
            return _going_on(run, self._readings())
        if run is not None and (not run.end_reported or now - run.ended_at < SHOW_END_SECONDS):
            run.end_reported = True
            return _ended(run, self._readings())
        return Snapshot(ReportState.IDLE, readings=self._readings())

    def _readings(self) -> Readings:
        return Readings() if self._latest is None else self._latest.readings

    def _see_printing(self, sighting: Sighting, now: float, after_gap: bool) -> None:
        run = self._run
        if run is None or not _goes_on(run, sighting, after_gap):
            run = self._open_run(sighting, now, after_gap)
        elif after_gap:
            self._leftover = _left_by_last_print(sighting)
        run.state = sighting.state
        run.title = sighting.title or run.title
        run.name = sighting.name or run.name
        run.native_id = sighting.native_id or run.native_id
        run.cancel_seen = run.cancel_seen or sighting.cancelled
        if sighting.state in PERCENT_STATES:
            self._take_numbers(run, sighting)

    def _open_run(self, sighting: Sighting, now: float, after_gap: bool) -> Run:
        previous = self._run
        if previous is not None and previous.end is None:
            self._end_run(previous, ReportState.UNKNOWN_END, now)
        if previous is not None and not previous.end_reported:
            self._replaced.append(previous)
        witnessed = not after_gap and self._latest is not None
        before = _numbers(self._latest) if witnessed and self._latest else {}
        self._leftover = before | _left_by_last_print(sighting)
        from_the_start = witnessed or sighting.state == ReportState.PREPARING
        self._run = Run(
            key=_new_key(sighting.native_id, now, previous),
            state=sighting.state,
            percent=0.0 if from_the_start else None,
            started_at=sighting.started_at or (now if from_the_start else None),
        )
        return self._run

    def _end_run(self, run: Run, outcome: ReportState, now: float) -> None:
        run.end, run.ended_at = outcome, now
        if outcome == ReportState.COMPLETED:
            run.percent, run.remaining_seconds = 100.0, 0

    def _take_numbers(self, run: Run, sighting: Sighting) -> None:
        """Take over what the printer has shown of this print, and not what it still shows of the last one."""
        for name, value in _numbers(sighting).items():
            if name in self._leftover and self._leftover[name] == value:
                continue
            self._leftover.pop(name, None)
            if name == "percent" and run.percent is not None and value < run.percent:
                continue  # a percent by time is an estimate that printers correct; what was printed stays printed
            setattr(run, name, value)
        run.total_layers = sighting.total_layers or run.total_layers


def _goes_on(run: Run, sighting: Sighting, after_gap: bool) -> bool:
    """Whether what the printer shows is still `run`."""
    if run.end is not None or (sighting.state == ReportState.PREPARING and run.state != ReportState.PREPARING):
        return False
    if after_gap:
        return _same_print(run, sighting) and not _went_back(run, sighting)
    # While preparing, the new print's id can arrive a message later than its state.
    return run.state == ReportState.PREPARING or _agree(run.native_id, sighting.native_id)


def _outcome(run: Run, sighting: Sighting, after_gap: bool) -> ReportState:
    """How `run` ended, given the first sighting that no longer prints."""
    if sighting.state == ReportState.IDLE:
        # Seen live, a print that leaves no end was aborted. After a gap nobody knows.
        return ReportState.UNKNOWN_END if after_gap else ReportState.CANCELLED
    if after_gap and not _names(sighting, run):
        return ReportState.UNKNOWN_END
    if sighting.state == ReportState.FAILED and (run.cancel_seen or sighting.cancelled):
        return ReportState.CANCELLED
    return sighting.state


def _names(sighting: Sighting, run: Run) -> bool:
    """Whether an end says that it is this run's. One that names no print may be that of any."""
    if run.native_id and sighting.native_id:
        return run.native_id == sighting.native_id
    title = file_name_key(sighting.title or "")
    return title != "" and title == file_name_key(run.title or "")


def _same_print(run: Run, sighting: Sighting) -> bool:
    if run.native_id and sighting.native_id:
        return run.native_id == sighting.native_id
    return _agree(file_name_key(run.title or ""), file_name_key(sighting.title or ""))


def _went_back(run: Run, sighting: Sighting) -> bool:
    if sighting.state not in PERCENT_STATES or run.percent is None or sighting.percent is None:
        return False
    return sighting.percent < run.percent - WENT_BACK_PERCENT


def _agree(one: str | None, other: str | None) -> bool:
    """Whether two facts do not contradict each other; an absent one contradicts nothing."""
    return not one or not other or one == other


def _left_by_last_print(sighting: Sighting) -> dict[str, float]:
    """Which numbers of a first sighting belong to the print before: all while preparing, else a 100 % and its 0 s."""
    if sighting.state == ReportState.PREPARING:
        return _numbers(sighting)
    if sighting.percent != 100.0:
        return {}
    return {"percent": 100.0} | ({"remaining_seconds": 0} if sighting.remaining_seconds == 0 else {})


def _numbers(sighting: Sighting) -> dict[str, float]:
    values = {name: getattr(sighting, name) for name in _KEPT_NUMBERS}
    return {name: value for name, value in values.items() if value is not None}


def _new_key(native_id: str | None, now: float, previous: Run | None) -> str:
    """`<native id>@<first seen, epoch s>`, since native ids come round again; two in one second differ."""
    key = f"{native_id or 0}@{int(now)}"
    if previous is not None and previous.key == key:
        return f"{native_id or 0}@{int(now) + 1}"
    return key


def _going_on(run: Run, readings: Readings) -> Snapshot:
    """A run at work. While preparing, numbers mean nothing yet."""
    state = ReportState(run.state)
    if state not in PERCENT_STATES:
        return Snapshot(state, run.key, run.name, started_at=run.started_at, readings=readings)
    return _with_numbers(run, state, readings)


def _ended(run: Run, readings: Readings) -> Snapshot:
    """An ended run with the numbers last seen while it printed: printers clear some of them at the end."""
    return _with_numbers(run, ReportState(run.end or ReportState.UNKNOWN_END), readings)


def _with_numbers(run: Run, state: ReportState, readings: Readings) -> Snapshot:
    return Snapshot(
        state=state,
        run_key=run.key,
        filename=run.name,
        progress=run.percent,
        remaining_seconds=run.remaining_seconds,
        layer=run.layer,
        total_layers=run.total_layers,
        started_at=run.started_at,
        readings=readings,
    )


def _restored(memory: dict[str, Any] | None) -> Run | None:
    """The run of the process before; a memory of another version is forgotten rather than misread."""
    if not memory or not {"key", "state"} <= memory.keys() <= {field.name for field in fields(Run)}:
        return None
    return Run(**memory)
