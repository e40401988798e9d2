"""The slicer's figure in the name of a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printqueue.slicer_figure import slicer_seconds

pytestmark = pytest.mark.sqlite_only

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("part_0.2mm_PLA_MK3S_1h25m.gcode", HOUR + 25 * MINUTE),
        ("part_0.2mm_PLA_MK3S_1d2h3m.bgcode", DAY + 2 * HOUR + 3 * MINUTE),
        ("part_0.2mm_PETG_MINI_25m.gcode", 25 * MINUTE),
        ("part_PLA_25m.gcode", 25 * MINUTE),
        ("part_PLA_2h0m.gcode", 2 * HOUR),
        ("part_PLA_1h5m30s.gcode.3mf", HOUR + 5 * MINUTE + 30),
        ("part_PLA_12m8s.gcode", 12 * MINUTE + 8),
        ("part_PLA_45s.gcode", 45),
        ("PART_0.2MM_PLA_1H25M.GCODE", HOUR + 25 * MINUTE),
        ("/data/prints/part_PLA_1h25m.gcode", HOUR + 25 * MINUTE),
        ("part_PLA_1h25m (2).gcode", HOUR + 25 * MINUTE),
        ("part_PLA_25m (1).gcode", 25 * MINUTE),
        ("part_PLA_1h25m_7K2Q.gcode", HOUR + 25 * MINUTE),
        ("1h25m part.gcode", HOUR + 25 * MINUTE),
        ("part_100h5m.gcode", 100 * HOUR + 5 * MINUTE),
        ("part_1h25m_1h25m.gcode", HOUR + 25 * MINUTE),
    ],
)
def test_a_time_that_a_slicer_wrote_is_read(name, seconds):
    assert slicer_seconds(name) == seconds


@pytest.mark.parametrize(
    "name",
    [
        "",
        "bracket.gcode",
        "bracket_2h.gcode",  # a slicer writes 2h0m
        "bracket_PLA_2h.gcode",
        "rope_25m.gcode",  # metres, as far as anybody knows
        "25m_PLA_rope.gcode",
        "rope_25m_PLA.gcode",
        "25m.gcode",
        "PLA_0m.gcode",
        "part_PLA_0h0m.gcode",
        "part_PLA_90m.gcode",  # a slicer writes 1h30m
        "part_1h75m.gcode",
        "part_1d25h3m.gcode",
        "part_1d5m.gcode",  # a slicer writes 1d0h5m
        "part_25m1h.gcode",
        "part_1h25m_2h10m.gcode",  # which of them?
        "part_v1h25m.gcode",
        "part_1h25mm.gcode",
        "part_0.1h25m.gcode",
        "7h3m3_PLA.gcode",
        "M3x25m_screw.gcode",
        "2026-11-25_14h30.gcode",
        "part_99d23h59m.gcode",
    ],
)
def test_what_may_be_something_else_is_no_time(name):
    assert slicer_seconds(name) is None


@given(st.integers(0, 20), st.integers(0, 23), st.integers(0, 59))
def test_what_prusaslicer_writes_is_what_is_read(days, hours, minutes):
    total = days * DAY + hours * HOUR + minutes * MINUTE
    written = (f"{days}d" if days else "") + (f"{hours}h" if days or hours else "") + f"{minutes}m"

    assert slicer_seconds(f"part_0.2mm_PLA_MK4_{written}.gcode") == (total or None)


@given(st.text(max_size=300))
def test_any_name_may_come(name):
    found = slicer_seconds(name)

    assert found is None or found > 0
