"""Rows 15 and 16: how far off is the finish that is foretold?

Prints whose end is known are replayed up to the report that first says 10, 25, 50 and 75 %, and thinned to what is
kept of a run. What is compared is how long the print has yet to work then: by the printer alone, by elapsed time over
percent alone, and by `printqueue.estimate`; off by how much, as a share of the print's whole duration. Pauses count
in none of these: nobody foresees them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from printqueue.estimate import MARKS, EarlierRun, Seen, earlier_run, estimate
from printqueue.history import Point
from printqueue.protocol import ACTIVE_STATES, PERCENT_STATES, ReportState
from tests.bench.check import percentile
from tests.bench.servers import Servers
from tests.bench.table import Row, ruled
from tests.client.drivers.http_replay import CAPTURES
from tests.client.drivers.recorded_prints import Recording, Told, captured_recordings, composed_recordings, prints_in
from tests.courses import kept_of
from tests.estimate.prints import Print, simulated

SEED: Final = 20261125
"""Of no prints with which `printqueue.estimate` was made."""
PRINTS: Final = 240

START: Final = datetime(2026, 11, 25, tzinfo=UTC)

POINT: Final = 0.01
"""How much worse than the best other source ours may be."""
MOST_OFF: Final = 0.10
"""What the median of ours may be off by, from `MOST_OFF_FROM` percent on."""
MOST_OFF_FROM: Final = 25.0


@dataclass(frozen=True)
class Replay:
    """A print that ended well: what was seen of it while it was active, its end, its pauses, what was known before."""

    name: str
    seen: tuple[Seen, ...]
    ended_at: datetime
    pauses: tuple[tuple[datetime, datetime], ...]
    earlier: tuple[EarlierRun, ...] = ()
    slicer_seconds: float | None = None

    def seconds(self, start: datetime, end: datetime) -> float:
        """How long it worked between two moments, without pauses."""
        paused = (max(timedelta(), min(end, until) - max(start, since)) for since, until in self.pauses)
        return (end - start - sum(paused, timedelta())).total_seconds()


@dataclass(frozen=True)
class Foretold:
    """What was said at one mark of a replay: how far off, as a share of the whole; None where nothing was said."""

    mark: float
    by_printer: float | None
    by_percent: float | None
    ours: float | None
    is_new: bool  # whether there was nothing to go by but the print itself
    is_past: bool  # whether ours was before the moment at which it was said


Source = Callable[[Foretold], float | None]


def printer(one: Foretold) -> float | None:
    """What the printer said that remains."""
    return one.by_printer


def percent(one: Foretold) -> float | None:
    """What follows from elapsed time and percent."""
    return one.by_percent


def ours(one: Foretold) -> float | None:
    """What we say."""
    return one.ours


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Replay simulated and recorded prints, and print a table of each."""
    recorded = recorded_replays(captured_recordings() if CAPTURES is not None else composed_recordings())
    rows = []
    for number, what, replays, is_judged in (
        (15, f"finish foretold of {PRINTS} simulated prints (seed {SEED})", simulated_replays(), True),
        (16, f"the same of {len(recorded)} recorded prints", recorded, CAPTURES is not None),
    ):
        foretold = [one for replay in replays for one in foretell(replay)]
        say(f"{what}: {len(foretold)} marks")
        print(f"\nRow {number}, {what}: median / 90th percentile of how far off (prints)\n\n{comparison(foretold)}\n")
        rows.append(verdict(number, what, foretold, is_judged))
    return rows


# ---------------------------------------------------------------------- what is replayed


def simulated_replays(seed: int = SEED, count: int = PRINTS) -> Iterator[Replay]:
    """The simulated prints, each with what was kept of the earlier prints of its file."""
    for one in simulated(seed, count):
        yield Replay(
            name=one.name,
            seen=_reported(one),
            ended_at=START + timedelta(seconds=one.ended_at),
            pauses=tuple(
                (START + timedelta(seconds=since), START + timedelta(seconds=until)) for since, until in one.pauses
            ),
            earlier=tuple(
                earlier_run(kept(_reported(before)), START + timedelta(seconds=before.ended_at))
                for before in one.earlier
            ),
            slicer_seconds=one.slicer_seconds,
        )


def _reported(one: Print) -> tuple[Seen, ...]:
    return tuple(
        Seen(START + timedelta(seconds=report.at), report.state, report.percent, report.remaining)
        for report in one.reports
    )


def recorded_replays(recordings: Iterable[Recording]) -> list[Replay]:
    """The recorded prints that completed, as their drivers tell of them; none has an earlier run."""
    return list(filter(None, (_replay(one.name, run.told) for one in recordings for run in prints_in(one.play()))))


def _replay(name: str, told: Told) -> Replay | None:
    active = [(at, one) for at, one in told if one.state in ACTIVE_STATES]
    end = next((at for at, one in told if one.state == ReportState.COMPLETED), None)
    if end is None or not active:
        return None
    seen = tuple(
        Seen(START + timedelta(seconds=at), one.state, one.progress, one.remaining_seconds, one.layer)
        for at, one in active
    )
    ended_at = START + timedelta(seconds=end)
    moments = [(one.at, one.state) for one in seen] + [(ended_at, ReportState.COMPLETED)]
    pauses = tuple((since, until) for (since, state), (until, _) in pairwise(moments) if state == ReportState.PAUSED)
    return Replay(name, seen, ended_at, pauses)


def kept(seen: Sequence[Seen]) -> list[Seen]:
    """What is stored of a run that was reported so."""
    reports = dict(zip(map(_point, _with_percent(seen)), seen, strict=True))
    found, _course = kept_of(list(reports))
    return [replace(reports[one.point], percent=one.point.percent) for one in found]


def _with_percent(seen: Sequence[Seen]) -> Iterator[Seen]:
    """The same as a run says it: a percent that is not told, or does not count, is the last one."""
    percent = 0.0
    for one in seen:
        percent = one.percent if one.percent is not None and one.state in PERCENT_STATES else percent
        yield replace(one, percent=percent)


def _point(one: Seen) -> Point:
    return Point(one.at.timestamp(), str(one.state), one.percent or 0.0, one.layer)


# ---------------------------------------------------------------------- what is said


def foretell(replay: Replay) -> Iterator[Foretold]:
    """What is said of a print at each mark, by nothing that was not known then."""
    whole = replay.seconds(replay.seen[0].at, replay.ended_at)
    for mark in MARKS:
        reached = (index for index, one in enumerate(replay.seen) if one.percent is not None and one.percent >= mark)
        index = next(reached, None)
        if index is None:
            continue
        one = replay.seen[index]
        left = replay.seconds(one.at, replay.ended_at)
        worked = replay.seconds(replay.seen[0].at, one.at)
        said = estimate(
            kept(replay.seen[: index + 1]), one.at, earlier=replay.earlier, slicer_seconds=replay.slicer_seconds
        )
        yield Foretold(
            mark=mark,
            by_printer=None if one.remaining_seconds is None else abs(one.remaining_seconds - left) / whole,
            by_percent=abs(worked * (100 / (one.percent or mark) - 1) - left) / whole,
            ours=None if said is None else abs((said.finish - one.at).total_seconds() - left) / whole,
            is_new=not replay.earlier and replay.slicer_seconds is None,
            is_past=said is not None and said.finish < one.at,
        )


# ---------------------------------------------------------------------- what it was worth

FIGURES: Final[tuple[Callable[[list[float]], float], ...]] = (statistics.median, lambda off: percentile(off, 0.9))


def comparison(foretold: Sequence[Foretold]) -> str:
    """Return the table of all sources at all marks; the last rows are of the prints of which nothing else was known."""
    new = [one for one in foretold if one.is_new]
    rows = [
        ("printer only", printer, foretold),
        ("elapsed ÷ percent only", percent, foretold),
        ("ours", ours, foretold),
    ]
    if len(new) < len(foretold):
        rows += [("new files: printer only", printer, new), ("new files: elapsed ÷ percent only", percent, new)]
        rows += [("new files: ours", ours, new)]
    head = ("source", *(f"at {mark:g} %" for mark in MARKS))
    return ruled(head, [(name, *(_cell(source, some, mark) for mark in MARKS)) for name, source, some in rows])


def _cell(source: Source, foretold: Sequence[Foretold], mark: float) -> str:
    off = [far for one in foretold if one.mark == mark and (far := source(one)) is not None]
    if not off:
        return "-"
    return f"{' / '.join(f'{100 * figure(off):.1f}' for figure in FIGURES)} ({len(off)})"


def verdict(number: int, what: str, foretold: Sequence[Foretold], is_judged: bool) -> Row:
    """Hold ours against each other source, in each column, on the prints of which both say something."""
    worst = max(
        _behind(foretold, mark, figure, other) for mark in MARKS for figure in FIGURES for other in (printer, percent)
    )
    medians = [
        statistics.median(off)
        for mark in MARKS
        if mark >= MOST_OFF_FROM
        and (off := [one.ours for one in foretold if one.mark == mark and one.ours is not None])
    ]
    past = sum(one.is_past for one in foretold)
    silent = sum(one.ours is None for one in foretold)
    return Row(
        number,
        what,
        f"worst column {100 * worst:+.1f} points to the best other; median off from {MOST_OFF_FROM:g} % on at most "
        f"{100 * max(medians):.1f} %; {past} in the past; {silent} of {len(foretold)} not said",
        "",
        f"≤ {100 * POINT:g} point; ≤ {100 * MOST_OFF:g} %; 0",
        (worst <= POINT and max(medians) <= MOST_OFF and not past) if is_judged else None,
    )


def _behind(foretold: Sequence[Foretold], mark: float, figure: Callable[[list[float]], float], other: Source) -> float:
    """How much further off ours is than the other source; negative when it is nearer."""
    both = [
        (mine, theirs)
        for one in foretold
        if one.mark == mark and (mine := one.ours) is not None and (theirs := other(one)) is not None
    ]
    return figure([mine for mine, _ in both]) - figure([theirs for _, theirs in both]) if both else float("-inf")
