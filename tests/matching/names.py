"""How people name print files, and what printers make of the names."""

from __future__ import annotations

import re
from random import Random
from typing import Final

STANDARD: Final = ["Wrist splint M", "Wrist splint L", "Thumb splint", "Finger ring 7", "Finger ring 8", "Knee pad"]
"""Designs that many customers order alike: their file is sliced once and used for all."""

DESIGNS: Final = [
    *STANDARD, "Hand splint left", "Hand splint right", "Infinity splint", "Mallet splint", "Boutonniere splint",
    "Neck brace", "Elbow brace", "Ring", "Ring 9", "Insole", "Insole 42", "Nose clip", "Cup holder", "Key turner",
    "Pen grip", "Würfelhalter", "指輪", "Шина кисти", "Star; Size: M", "Bracket 200C", "Stift 5*3", "Attelle: pouce",
]  # fmt: skip

SURNAMES: Final = [
    "Meyer", "Nguyễn", "田中", "O'Brien", "Иванов", "Sánchez", "Ring", "Öz", "Abdel-Karim", "de Vries", "Schmidt", "Kim",
    "Horváth", "Rossi", "García", "山本", "Петрова", "Clip", "Łoś", "MacLeod", "Šimić", "Ng", "van den Berg", "Yılmaz",
    "Müller-Lüdenscheidt", "Bianchi", "Dubois", "Hansen", "Papadópoulos", "Singh", "Cohen", "Novák", "Silva", "Weiß",
]  # fmt: skip

EXTRAS: Final = [
    "", "", "", "_v2", " final", "_PETG_2h30m", "_0.2mm_PLA_MK4S_1h5m", "_200C", " (1)", "_20261124-1432", "-2026-11-23",
    "_plate_2", " 🦾", "_3h", "_M3x8", "_PA12", "_REV2",
]  # fmt: skip

OLD_CODES: Final = ["MK4S", "200C", "REV2", "M3X8", "PA12", "2H30", "1H5M", "B0AT", "S010", "ENDE"]
"""Codes that a system may have given out once, and that are also words, measures or machines."""

FOREIGN: Final = [
    "3DBenchy", "xyz-calibration_cube", "untitled", "Untitled (3)", "plate_1", "temperature tower 200C", "boat_0.2mm",
    "solo_stand_PETG_2h30m", "Spool holder M3x8", "clip_REV2", "MK4S_fan_duct", "gridfinity 2x3", "lamp",
]  # fmt: skip


def with_code(code: str, design: str, customer: str, rng: Random) -> str:
    """A file name that carries the code, as people write it."""
    written = code
    if rng.random() < 0.25:
        written = written.lower()
    if rng.random() < 0.1:
        written = written.replace("0", rng.choice("oO")).replace("1", rng.choice("ilIL"))
    who = customer or "stock"
    forms = [
        f"{written}", f"{written}_{design}", f"{written} {design}", f"{design}_{written}", f"{design} ({written})",
        f"{who}-{design}-{written}", f"{written}_{who}", f"#{written} {who} {design}",
    ]  # fmt: skip
    return rng.choice(forms) + rng.choice(EXTRAS)


def with_parts(design: str, customer: str, rng: Random) -> str:
    """A file name that says for whom it is and what it is."""
    forms = [
        f"{customer}_{design}",
        f"{design} {customer}",
        f"{customer}-{design.replace(' ', '')}",
        f"{design}_{customer}",
    ]
    return rng.choice(forms) + rng.choice(EXTRAS)


def meaningless(rng: Random) -> str:
    """A file name that says nothing, though no other file has it."""
    number = rng.randrange(10_000)
    unique = [
        f"asdf{number}", f"scan_{number:05d}", f"IMG_{number:04d} (2)", f"{rng.getrandbits(128):032x}", f"neu{number}b",
        f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-a{rng.getrandbits(12):03x}"
        f"-{rng.getrandbits(48):012x}",
    ]  # fmt: skip
    return rng.choice(unique)


def as_saved(stem: str, rng: Random) -> str:
    """The name with one of the suffixes that slicers give."""
    return stem + rng.choice([".gcode.3mf", ".3mf", ".gcode", ".bgcode"])


FAMILIES: Final = ("a1", "x1", "klipper", "octoprint", "prusalink")


def as_shown(name: str, family: str, rng: Random) -> str:
    """What a printer of `family` calls the file `name`."""
    stem = re.sub(r"(\.gcode)?\.(3mf|gcode|bgcode)$", "", name)
    replaced = re.sub(r'[:*?"<>|/\\]', "_", stem)
    match family:
        case "a1":
            return replaced + rng.choice(["", ".3mf", ".gcode.3mf"])
        case "x1" if rng.random() < 0.04:
            return f"/data/Metadata/plate_{rng.randrange(1, 4)}.gcode"
        case "x1":
            return replaced
        case "klipper":
            return rng.choice(["", "november/", "usb/to print/"]) + replaced + ".gcode"
        case "prusalink" if rng.random() < 0.04:
            return re.sub(r"[^A-Z0-9_]", "_", re.sub(r"[ .]", "", stem.upper()))[:6] + "~1.BGC"
        case "prusalink":
            return replaced + rng.choice([".bgcode", ".gcode"])
    return replaced + ".gcode"


def cut(told: str, code: str, rng: Random) -> str:
    """The name as a short display keeps it: in the middle of the code at its end."""
    return f"{told} {code}"[: -rng.randrange(1, len(code))]
