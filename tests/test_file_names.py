"""What a file name says of its design, and which name leads to its job for certain."""

import pytest

from printqueue.file_names import certain_name, design_name
from printqueue.protocol import is_safe_text


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
