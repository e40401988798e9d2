"""What the name of a print file says of its design, and which name says for certain which job it is. Pure."""

from __future__ import annotations

import re
from typing import Final

from printqueue.file_words import is_telling

SUFFIXES: Final = (".gcode.3mf", ".bgcode", ".gcode", ".3mf", ".gco", ".bgc", ".g")
"""How print files end, the longest first."""

MAX_DESIGN: Final = 24
"""So long, with code and suffix, is a name that every printer's screen and SD card takes."""

MAX_DESIGN_NAME: Final = 200
"""So long may the name of a design be."""

_LIKE_A_CODE: Final = re.compile(r"(?=.*[0-9])(?=.*[a-z])[0-9a-z]{4,8}")


def design_name(file_name: str) -> str:
    """Return what a design may be called whose file has this name: "buddy-ring_s7.gcode.3mf" is "Buddy ring s7"."""
    stem, _suffix = _split(re.split(r"[/\\]", file_name)[-1])
    words = re.sub(r"[_\-\s]+", " ", stem).strip()[:MAX_DESIGN_NAME]
    return words[:1].upper() + words[1:] or "Print"


def certain_name(design: str, code: str, file_name: str) -> str:
    """Return a name for the file of a job that no printer changes and that leads to this job alone.

    `design` and `code` are the job's, `file_name` is the present one, of which the ending stays. A design that would
    not be whole in it is left out: what remains may be another one's name. A code that may be a word, as older ones
    may, is called a job's.
    """
    words = re.findall(r"[a-z0-9]+", design.lower())
    stem = "-".join(words)
    is_whole = design.isascii() and 0 < len(stem) <= MAX_DESIGN and not any(map(_LIKE_A_CODE.fullmatch, words))
    named = f"{stem}_{code}" if is_telling(code) else f"{stem}-job-{code}"
    return f"{named if is_whole else f'job_{code}'}{_split(file_name)[1] or '.gcode'}"


def _split(name: str) -> tuple[str, str]:
    """Return the name without its ending, and the ending as it is usually written; "" for none that is known."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], suffix
    return name, ""
