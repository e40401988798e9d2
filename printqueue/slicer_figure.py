"""How long the slicer thinks that a print takes, by the name that it gave the file. Pure.

PrusaSlicer and OrcaSlicer end a name with it unless told otherwise: `part_0.2mm_PLA_MK3S_1h25m.gcode`, `part_PLA_25m.gcode`.
They always write minutes beside hours, so that `2h` alone is somebody's remark, or a size, and not believed.
"""

from __future__ import annotations

import re
from typing import Final

from printqueue.protocol import file_name_key

MOST_SECONDS: Final = 90 * 86_400
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MOST: Final = {"h": 23, "m": 59, "s": 59}  # beside a larger unit

_TIME: Final = re.compile(
    r"(?<![0-9a-z.,])(?:(?P<d>\d{1,2})d)?(?:(?P<h>\d{1,3})h)?(?:(?P<m>\d{1,3})m)?(?:(?P<s>\d{1,2})s)?(?![0-9a-z])"
)
"""A word of numbers with units, the largest first."""

_COPY: Final = re.compile(r"[ _]?\(\d+\)$")
_SLICED: Final = re.compile(
    r"(?<![0-9a-z])(?:0[.,]\d{1,3}mm|pla|petg?|abs|asa|tpu|flex|pc|pa|nylon|pva|hips|pp|pvb|ngen|cpe)(?![0-9a-z])"
)
"""The height of layers, or a filament: a slicer has written this name."""


def slicer_seconds(file_name: str) -> float | None:
    """Return the seconds that the slicer foretold, as `file_name` has them; None in doubt."""
    name = _COPY.sub("", file_name_key(file_name))
    found = [(match, parts) for match in _TIME.finditer(name) if (parts := _parts(match))]
    sure = {_seconds(parts) for _, parts in found if _is_whole(parts)}
    if sure:
        [seconds, *others] = sure
        return None if others or not 0 < seconds <= MOST_SECONDS else float(seconds)
    if found and _SLICED.search(name):
        match, parts = found[-1]
        # Less than an hour, or than a minute: the slicer writes one unit alone, and at the end.
        if (
            match.end() == len(name)
            and match.start() > 0
            and [*parts] in (["m"], ["s"])
            and 0 < [*parts.values()][0] < 60
        ):
            return float(_seconds(parts))
    return None


def _parts(match: re.Match[str]) -> dict[str, int]:
    return {unit: int(number) for unit, number in match.groupdict().items() if number is not None}


def _seconds(parts: dict[str, int]) -> int:
    return sum(number * _SECONDS[unit] for unit, number in parts.items())


def _is_whole(parts: dict[str, int]) -> bool:
    """Whether these are two units or more, each beside the next smaller one, and no more of one than make the next."""
    units = "".join(parts)
    fits = all(parts[unit] <= _MOST[unit] for unit in units[1:])
    return len(units) >= 2 and units in "dhms" and fits
