"""Jobs and file names for property tests: few words, so that they meet again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from printqueue.matching import OpenJob, RunFacts, Standing

NOW = datetime(2026, 11, 25, 14, 32, tzinfo=UTC)

codes = ["7K2Q", "9X4D", "0R1N", "200C", "B0AT", "A1B2"]
designs = ["Ring", "Ring 7", "Thumb splint", "指輪", "5*3", "Boat", "Part", "Würfel", "Wurfel", "Mount 7K2Q"]
customers = ["C-1042", "1042", "Meyer", "Ring", "田中", "7", ""]
words = [
    *codes,
    *designs,
    *customers,
    "7kzq",
    "orin",
    "boat",
    "v2",
    "plate_1",
    "2026-11-24",
    "20261124-1432",
    "🦾",
    "final",
]

file_names = st.builds(
    lambda parts, between, suffix: between.join(parts) + suffix,
    st.lists(st.sampled_from(words), max_size=4),
    st.sampled_from(["_", " ", "-", ""]),
    st.sampled_from([".gcode", ".gcode.3mf", "", ".3mf"]),
)
runs = st.builds(RunFacts, printer_id=st.sampled_from([1, 2]), file_name=file_names, started_at=st.just(NOW))


@st.composite
def jobs(draw: st.DrawFn, code: str, pk: int) -> OpenJob:
    """A job, open more often than not."""
    starts = [None, None, NOW - timedelta(minutes=10), NOW - timedelta(hours=2)]
    return OpenJob(
        pk=pk,
        code=code,
        design_name=draw(st.sampled_from(designs)),
        customer_id=draw(st.sampled_from(customers)),
        file_name=draw(st.one_of(st.sampled_from(["ring.gcode", "Ring_Meyer.3mf", "7K2Q ring.gcode"]), file_names)),
        printer_id=draw(st.sampled_from([None, None, 1, 2])),
        place=draw(st.integers(0, 3)),
        started_at=draw(st.sampled_from(starts)),
        standing=draw(st.sampled_from([Standing.OPEN] * 6 + list(Standing))),
    )


@st.composite
def queues(draw: st.DrawFn) -> list[OpenJob]:
    """Jobs with different codes."""
    chosen = draw(st.lists(st.sampled_from(codes), unique=True, max_size=5))
    return [draw(jobs(code, pk)) for pk, code in enumerate(chosen, start=1)]
