"""What a file name says of its design, and which name leads to its job for certain."""

from datetime import UTC, datetime

import pytest

from printqueue.file_names import certain_name, design_name
from printqueue.matching import Match, OpenJob, RunFacts, match
from printqueue.protocol import is_safe_text

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file_name", "design"),
    [
        ("buddy-ring-duo_s7_x2.gcode.3mf", "Buddy ring duo s7 x2"),
        ("Würfel.3MF", "Würfel"),
        ("/data/clips/cable clip.gcode", "Cable clip"),
        ("C:\\prints\\Ring.BGCODE", "Ring"),
        ("no ending", "No ending"),
        ("___.gcode", "Print"),
        (".gcode", "Print"),
        ("r" + "x" * 240 + ".gcode", "R" + "x" * 199),  # as long as a design's name may be
    ],
)
def test_a_design_is_named_after_its_file(file_name: str, design: str) -> None:
    assert design_name(file_name) == design


@pytest.mark.parametrize(
    ("design", "file_name", "name"),
    [
        ("Infinity Splint", "infinity-splint_s6.gcode.3mf", "infinity-splint_7K2Q.gcode.3mf"),
        ("Infinity Splint", "a.GCODE", "infinity-splint_7K2Q.gcode"),
        ("Infinity Splint", "plate_1", "infinity-splint_7K2Q.gcode"),
        ("Thumb Spica Shell, short", "a.gcode", "thumb-spica-shell-short_7K2Q.gcode"),
        ("Thumb Spica Shell, short, vented", "a.gcode", "job_7K2Q.gcode"),  # cut, it would be the one above
        ("Würfel: groß (2×)", "w.bgcode", "job_7K2Q.bgcode"),
        ("夹板 🦴", "a.3mf", "job_7K2Q.3mf"),
        ("Like 9MMQ", "a.gcode", "job_7K2Q.gcode"),  # another job's code, perhaps
        ("Ring v12, s10", "a.gcode", "ring-v12-s10_7K2Q.gcode"),
        ("../../etc/passwd", "a.gcode", "etc-passwd_7K2Q.gcode"),
        ("...", "a.gcode", "job_7K2Q.gcode"),
    ],
)
def test_the_certain_name_has_code_ending_and_a_design_that_is_whole(design: str, file_name: str, name: str) -> None:
    assert certain_name(design, "7K2Q", file_name) == name
    assert name.isascii() and is_safe_text(name)


DESIGNS = [
    "Ring",
    "Ring, wide",
    "Ring, wide, with vent holes",
    "Ring, wide, with slots",
    "Würfel",
    "Wurfel",
    "9MMQ",
    "C-1042",
]


@pytest.mark.parametrize("code", ["K2Q", "B0A", "ABC"])  # with a number in front, a telling code and two of a word
@pytest.mark.parametrize("design", DESIGNS)
def test_a_print_of_the_certain_name_is_linked_whatever_else_is_wanted(design: str, code: str) -> None:
    jobs = [
        OpenJob(pk, f"{pk}{code}", other, f"C-104{pk}", "plate_1.gcode", None, pk, None)
        for pk, other in enumerate(DESIGNS, start=1)
    ]
    job = jobs[DESIGNS.index(design)]
    run = RunFacts(1, certain_name(design, job.code, job.file_name), NOW)

    assert match(run, jobs) == Match(job.pk, f"file name has job code {job.code}")
