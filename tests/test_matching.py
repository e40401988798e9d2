"""Which job a run belongs to: what is not certain is a question.

The table is the specification. A row: what the printer calls the file, the jobs, and the job that the run is linked to
for which reason, or ASK with the jobs that are suggested first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from printqueue.matching import (
    CODE_IN_NAME,
    NAMED_IN_NAME,
    NEXT_COPY,
    ONLY_OPEN_JOB,
    SAME_STAMP,
    STARTED_HERE,
    Ambiguous,
    Match,
    OpenJob,
    RunFacts,
    Standing,
    match,
)
from printqueue.protocol import file_name_key

NOW = datetime(2026, 11, 25, 14, 32, tzinfo=UTC)
HERE, THERE = 1, 2
ASK = "ask"


def job(code: str, design: str = "", customer: str = "", file: str = "", *, at: int | None = None) -> OpenJob:
    """An open job, bound to printer `at`; its number and its place are those of its code."""
    pk = int(code, 36)
    return OpenJob(pk, code, design or f"Part {code}", customer, file or f"part-{code[::-1]}.3mf", at, pk, None)


def started(wanted: OpenJob, printer: int = HERE, minutes_ago: int = 5) -> OpenJob:
    return replace(wanted, printer_id=printer, started_at=NOW - timedelta(minutes=minutes_ago))


def but(wanted: OpenJob, standing: Standing) -> OpenJob:
    return replace(wanted, standing=standing)


def printed(wanted: OpenJob, key: str) -> OpenJob:
    return replace(wanted, standing=Standing.ENDED, printed=frozenset({key}))


THUMB = job("7K2Q", "Thumb splint", "C-1042", "thumb.gcode.3mf")
WRIST = job("9X4D", "Wrist splint M", "C-2077", "wrist-m.gcode")
WRIST_2 = job("9Y5D", "Wrist splint M", "C-3001", "wrist-m.gcode")  # the shared file, another customer
WRIST_3 = job("9Z6D", "Wrist splint M", "C-2077", "wrist-m.gcode")  # the shared file, the same customer
RING = job("R70N", "Ring 7", "Meyer", "Ring: size 7?.3mf")
AGAIN = job("A1B2", "Thumb splint", "C-1042", "7K2Q thumb.gcode.3mf")  # "print again" of a job with such a file
MEASURE = job("200C", "Bracket", "C-4000", "bracket.gcode")
WORD = job("B0AT", "Keel", "C-5000", "keel.gcode")
SERIES = job("2H30", "Clip", "Öz", "clip.gcode")
STOCK = job("8T3M", "Clip", "", "stock clip.gcode")
PLATE = job("5P6L", "Stand", "", "plate_1.gcode")
MONDAY = job("1M2N", "Insole", "C-6000", "insole 2026-11-23.gcode")
TUESDAY = job("3T4W", "Insole", "C-6000", "insole 2026-11-24.gcode")
YUBIWA = job("6Y7B", "指輪", "田中", "指輪 田中.3mf")
SHINA = job("2Z9S", "Шина кисти", "Иванов", "Шина кисти (Иванов).gcode")
ATTELLE = job("4A5T", "Attelle: pouce", "Sánchez", "Attelle: pouce.3mf")
LONG = job("8L9N", "Long", "C-7000", "x" * 249 + ".gcode")
STAR = job("1S9T", "Star", "C-7100", "Star; Size: M.3mf")
CUBE = job("7C8E", "Würfel", "C-7200", "Würfel.3mf")
SAME = job("8D8F", "Thirty-six", "C-7300", "36mm.gcode.3mf")
NUMBER = job("5N6R", "Ring 12", "1042", "ring12.3mf")
SURNAME = job("3R3G", "Nose clip", "Ring", "nose clip 03.3mf")

CODE, FILE, PARTS = CODE_IN_NAME, ONLY_OPEN_JOB, NAMED_IN_NAME

# fmt: off
TABLE: list[tuple[str, list[OpenJob], OpenJob | str, object]] = [
    # The job code, however it is written.
    ("7K2Q.gcode", [THUMB, WRIST], THUMB, CODE),
    ("7K2Q_thumb_v3.gcode.3mf", [THUMB, WRIST], THUMB, CODE),
    ("thumb-7k2q.bgcode", [THUMB, WRIST], THUMB, CODE),
    ("Thumb splint (7K2Q) 0.2mm.gcode", [THUMB, WRIST], THUMB, CODE),
    ("#7K2Q C-1042 final.3mf", [THUMB, WRIST], THUMB, CODE),
    ("splint,7K2Q,PETG.gcode", [THUMB, WRIST], THUMB, CODE),
    ("r7on ring.gcode", [RING], RING, CODE),  # O for 0
    ("R7ON.gcode", [RING], RING, CODE),
    ("thumb_TIl2.gcode", [job("T112")], ASK, [job("T112")]),  # a word with a number behind it
    ("TIl2 C-1.gcode", [job("T112", customer="C-1")], ASK, [job("T112")]),  # no customer: too short to tell
    ("TIl2 C-10.gcode", [job("T112", customer="C-10")], job("T112"), CODE),
    ("#TIl2.gcode", [job("T112")], job("T112"), CODE),
    ("job til2.gcode", [job("T112")], job("T112"), CODE),
    ("november/7K2Q.gcode", [THUMB], THUMB, CODE),  # Klipper shows the folder too
    ("7K2Q/thumb piece.gcode", [THUMB], ASK, []),  # a folder is not the file
    ("７Ｋ２Ｑ.gcode", [THUMB], THUMB, CODE),
    ("指輪7K2Q田中.gcode", [THUMB], THUMB, CODE),  # no blanks between words
    ("é7K2Q.gcode", [THUMB], ASK, []),
    ("7K2Qx.gcode", [THUMB], ASK, []),
    ("17K2Q.gcode", [THUMB], ASK, []),
    ("7K-2Q.gcode", [THUMB], ASK, []),
    ("7K2.gcode", [THUMB], ASK, []),  # cut
    ("🦾7K2Q🦾.gcode", [THUMB], THUMB, CODE),
    ("\u200e7K2Q\u200f.gcode", [THUMB], THUMB, CODE),
    ("7K\u200b2Q.gcode", [THUMB], THUMB, CODE),  # looks the same
    ("x" * 244 + " 7K2Q.gcode", [THUMB], THUMB, CODE),
    ("7K2Q~1.BGC", [THUMB], THUMB, CODE),  # 7K2Q.bgcode, as FAT has it
    ("7K2Q_T~1.BGC", [THUMB], ASK, [THUMB]),  # what is missing may contradict
    ("7K2Q " + "x" * 250, [THUMB], ASK, [THUMB]),  # cut at 255 characters
    ("5f2b7K2Q-7K2Q-47K2-a7K2-9391dcdcd199.gcode", [THUMB], THUMB, CODE),
    ("5f2b9c1d-7e2a-4e12-a1b2-9391dcdcd199.gcode", [AGAIN], ASK, []),  # a number of 128 bits
    # Words, measures and machines that look like a code.
    ("bracket_200C.gcode", [MEASURE], ASK, [MEASURE]),
    ("tower 200C.gcode", [MEASURE], ASK, [MEASURE]),
    ("200C C-4000.gcode", [MEASURE], MEASURE, CODE),
    ("#200C.gcode", [MEASURE], MEASURE, CODE),
    ("boat_0.2mm.gcode", [WORD], ASK, [WORD]),
    ("B0AT.gcode", [WORD], WORD, CODE),
    ("stand_2h30.gcode", [SERIES], ASK, [SERIES]),
    ("thumb 7K2Q 2H30 200C boat.gcode", [THUMB, MEASURE, SERIES, WORD], THUMB, CODE),
    # A code that something else contradicts.
    ("7K2Q_9X4D.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),
    ("7K2Q.gcode", [replace(THUMB, printer_id=THERE)], ASK, [THUMB]),
    ("7K2Q.gcode", [replace(THUMB, printer_id=HERE)], THUMB, CODE),
    ("7K2Q C-2077.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),  # of another customer
    ("7K2Q Wrist splint M.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),  # another design
    ("7K2Q C-1042 Wrist splint M.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),
    ("7K2Q thumb.gcode.3mf", [THUMB, AGAIN], ASK, [THUMB, AGAIN]),  # code of one, file of the other
    ("7K2Q thumb.gcode.3mf", [but(THUMB, Standing.ENDED), AGAIN], AGAIN, FILE),
    ("7K2Q thumb.gcode.3mf", [but(THUMB, Standing.WANTS_MORE), AGAIN], ASK, [AGAIN]),  # its second copy?
    ("7K2Q thumb.gcode.3mf", [but(THUMB, Standing.FAILED), AGAIN], ASK, [AGAIN]),  # once more?
    ("7K2Q thumb.gcode.3mf", [but(THUMB, Standing.BUSY), AGAIN], ASK, [AGAIN]),  # started twice?
    ("7K2Q thumb A1B2.gcode.3mf", [but(THUMB, Standing.ENDED), AGAIN], AGAIN, CODE),
    ("7K2Q C-2077 Wrist splint M.gcode", [but(THUMB, Standing.ENDED), WRIST], ASK, [WRIST]),
    ("7K2Q A1B2.gcode", [but(THUMB, Standing.BUSY), job("A1B2")], ASK, [job("A1B2")]),
    ("7K2Q.gcode", [but(THUMB, Standing.BUSY)], ASK, []),  # started twice
    ("7K2Q_20261124-1042.gcode", [THUMB, NUMBER], ASK, [THUMB, NUMBER]),  # a customer, or a time of day
    ("7K2Q_20261124-1042.gcode", [THUMB, but(NUMBER, Standing.ENDED)], THUMB, CODE),
    ("7K2Q ring clip.gcode", [THUMB, SURNAME], ASK, [THUMB, SURNAME]),
    # Somebody said that it is being printed here.
    ("wrist-m.gcode", [started(WRIST), WRIST_2], WRIST, STARTED_HERE),
    ("wrist-m.gcode", [started(WRIST, minutes_ago=-2), WRIST_2], WRIST, STARTED_HERE),
    ("wrist-m.gcode", [started(WRIST, minutes_ago=31), WRIST_2], ASK, [WRIST, WRIST_2]),
    ("wrist-m.gcode", [started(WRIST, THERE), WRIST_2], ASK, [WRIST_2, WRIST]),
    ("wrist-m.gcode", [started(WRIST), started(WRIST_2)], ASK, [WRIST, WRIST_2]),
    ("something.gcode", [started(WRIST)], ASK, [WRIST]),
    ("", [started(WRIST)], ASK, [WRIST]),
    ("/data/Metadata/plate_1.gcode", [started(WRIST)], ASK, [WRIST]),
    ("9X4D.gcode", [WRIST, started(THUMB)], WRIST, CODE),
    # The very file, as each family of printers shows it.
    ("thumb.gcode.3mf", [THUMB, WRIST], THUMB, FILE),
    ("THUMB.3mf", [THUMB, WRIST], THUMB, FILE),
    ("thumb", [THUMB, WRIST], THUMB, FILE),
    ("thumb.3mf.gcode", [THUMB, WRIST], THUMB, FILE),
    ("C:\\prints\\Thumb.BGCODE", [THUMB, WRIST], THUMB, FILE),
    ("usb/to print/thumb.gcode", [THUMB, WRIST], THUMB, FILE),
    ("Wu\u0308rfel.gcode", [CUBE], CUBE, FILE),
    ("36mm.3mf", [SAME], SAME, FILE),
    ("Star; Size_ M", [STAR], STAR, FILE),
    ("Star; Size: M", [STAR], STAR, FILE),
    ("Ring_ size 7_.gcode", [RING], RING, FILE),
    ("attelle_ pouce.gcode.3mf", [ATTELLE], ATTELLE, FILE),
    ("指輪 田中", [YUBIWA], YUBIWA, FILE),
    ("ШИНА КИСТИ (ИВАНОВ).bgcode", [SHINA], SHINA, FILE),
    ("\u200fthumb\u200e.gcode", [THUMB], THUMB, FILE),
    ("x" * 249 + ".gcode", [LONG], LONG, FILE),
    ("x" * 240 + ".gcode", [LONG], ASK, []),  # cut
    ("THUMB~1.GCO", [THUMB], ASK, []),  # a name of 8 and 3 characters
    ("thumb (1).gcode", [THUMB], ASK, []),
    ("thumb_.gcode", [THUMB], ASK, []),
    ("thumb.stl", [THUMB], ASK, []),
    ("/data/Metadata/plate_1.gcode", [PLATE], ASK, []),  # says nothing, even if a job says the same
    ("plate_1.3mf", [PLATE], ASK, []),
    ("Untitled (3).gcode", [job("5P6L", file="untitled (3).gcode")], ASK, []),
    ("", [THUMB, job("5P6L", file=".gcode")], ASK, []),
    ("🦾.gcode", [job("5P6L", file="🦾.3mf")], job("5P6L"), FILE),
    # The very file, of more jobs than one.
    ("wrist-m.gcode", [WRIST, WRIST_2], ASK, [WRIST, WRIST_2]),
    ("wrist-m.gcode", [WRIST_3, WRIST], WRIST, NEXT_COPY.format(count=2)),
    ("wrist-m.gcode", [WRIST, WRIST_2, WRIST_3], ASK, [WRIST, WRIST_2, WRIST_3]),
    ("clip.gcode", [job("1A1A", "Clip", "", "clip.gcode"), job("1B1B", "Clip", "", "clip.gcode")], ASK, [job("1A1A"), job("1B1B")]),
    ("wrist-m.gcode", [WRIST, replace(WRIST_2, printer_id=HERE)], ASK, [WRIST, WRIST_2]),
    ("wrist-m.gcode", [WRIST, replace(WRIST_2, printer_id=THERE)], ASK, [WRIST, WRIST_2]),
    ("wrist-m.gcode", [replace(WRIST, printer_id=HERE), replace(WRIST_2, printer_id=THERE)], WRIST, FILE),
    ("wrist-m.gcode", [replace(WRIST, printer_id=THERE)], ASK, [WRIST]),
    ("wrist-m.gcode", [but(WRIST, Standing.BUSY), WRIST_2], WRIST_2, FILE),
    ("wrist-m.gcode", [but(WRIST, Standing.ENDED), WRIST_2], WRIST_2, FILE),
    ("wrist-m.gcode", [but(WRIST, Standing.WANTS_MORE), WRIST_2], ASK, [WRIST_2]),  # its second copy?
    ("wrist-m.gcode", [but(WRIST, Standing.FAILED), WRIST_2], ASK, [WRIST_2]),  # once more?
    ("wrist-m.gcode", [but(WRIST, Standing.FAILED), WRIST_3], WRIST_3, FILE),
    ("wrist-m.gcode", [but(replace(WRIST, printer_id=THERE), Standing.LOST), replace(WRIST_2, printer_id=HERE)], ASK, [WRIST_2, WRIST]),
    ("wrist-m.gcode", [but(replace(WRIST, printer_id=HERE), Standing.LOST)], WRIST, FILE),
    ("wrist-m.gcode", [but(WRIST, Standing.BUSY)], ASK, []),
    # Customer and design in the name.
    ("C-1042_thumb_splint_v2.gcode", [THUMB, WRIST], THUMB, PARTS),
    ("ThumbSplint C1042.gcode", [THUMB, WRIST], THUMB, PARTS),
    ("meyer ring 7 PETG 2h30m.gcode", [RING, THUMB], RING, PARTS),
    ("Шина_кисти_Иванов_2.gcode", [SHINA], SHINA, PARTS),
    ("田中_指輪_v2.gcode", [YUBIWA], YUBIWA, PARTS),
    ("Sánchez Attelle_ pouce.gcode", [ATTELLE], ATTELLE, PARTS),
    ("Ring nose clip.gcode", [SURNAME], SURNAME, PARTS),
    ("nose clip.gcode", [SURNAME], ASK, [SURNAME]),
    ("thumb splint.gcode", [THUMB], ASK, [THUMB]),
    ("C-1042.gcode", [THUMB], ASK, [THUMB]),
    ("C-1042 C-2077 thumb splint.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),
    ("C-1042 thumb splint wrist splint M.gcode", [THUMB, WRIST], ASK, [THUMB, WRIST]),
    ("C-1042 thumb splint.gcode", [THUMB, AGAIN], ASK, [THUMB, AGAIN]),
    ("C-1042 thumb splint.gcode", [replace(THUMB, printer_id=THERE)], ASK, [THUMB]),
    ("C-1042 thumb splint.gcode", [but(AGAIN, Standing.ENDED), THUMB], ASK, [THUMB]),  # the old one's file?
    ("C-1042 thumb splint A1B2.gcode", [printed(AGAIN, "thumb"), THUMB], ASK, [THUMB]),  # it has the old one's code
    ("C-1042_ring_12.gcode", [NUMBER], ASK, [NUMBER]),  # customer C-1042 is not customer 1042
    ("7K2Q C-1042.gcode", [THUMB, NUMBER], THUMB, CODE),
    ("1042 ring 12.gcode", [NUMBER], NUMBER, PARTS),
    ("C-1042 thumb splint.gcode", [printed(AGAIN, "c-1042 thumb splint"), THUMB], ASK, [THUMB]),
    ("C-1042 thumb splint.gcode", [printed(AGAIN, "thumb_a1b2"), THUMB], THUMB, PARTS),  # that had another file
    ("1042 ring 1_2.gcode", [NUMBER], ASK, [NUMBER]),  # 1/2 is not 12
    ("ring 12_20261125-1042.gcode", [NUMBER], ASK, [NUMBER]),  # the time of day is no customer
    ("Clip stock v2.gcode", [STOCK], ASK, [STOCK]),  # no customer
    # Time stamps break a tie, and do nothing else.
    ("C-6000 insole 2026-11-24 v2.gcode", [MONDAY, TUESDAY], TUESDAY, SAME_STAMP),
    ("C-6000 insole 2026-11-25 v2.gcode", [MONDAY, TUESDAY], ASK, [MONDAY, TUESDAY]),
    ("C-6000 insole v2.gcode", [MONDAY, TUESDAY], ASK, [MONDAY, TUESDAY]),
    ("2026-11-24.gcode", [MONDAY, TUESDAY], ASK, []),
    # Nothing.
    ("3DBenchy.gcode", [THUMB, WRIST], ASK, []),
    ("3DBenchy.gcode", [THUMB, replace(WRIST, printer_id=HERE)], ASK, [WRIST]),
    ("thumb.gcode", [], ASK, []),
]
# fmt: on


def decide(file_name: str, jobs: list[OpenJob]) -> Match | Ambiguous:
    return match(RunFacts(HERE, file_name, NOW), jobs)


@pytest.mark.parametrize(("file_name", "jobs", "expected", "why"), TABLE, ids=[row[0][:50] or "-" for row in TABLE])
def test_the_specification(file_name, jobs, expected, why):
    found = decide(file_name, jobs)

    if isinstance(expected, OpenJob):
        assert found == Match(expected.pk, why.format(code=expected.code))
    else:
        assert isinstance(found, Ambiguous)
        assert [suggestion.job_id for suggestion in found.suggestions] == [wanted.pk for wanted in why]


def test_a_suggestion_says_what_speaks_for_it_and_against():
    jobs = [THUMB, replace(WRIST, printer_id=THERE)]

    found = decide("7K2Q wrist splint m.gcode", jobs)

    assert isinstance(found, Ambiguous)
    assert [suggestion.reason for suggestion in found.suggestions] == [
        "file name has job code 7K2Q",
        "design is in the file name, but wanted on another printer",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Würfel.3mf", "wu\u0308rfel.gcode.3mf"),  # NFD against NFC
        ("/data/Metadata/plate_1.gcode", "plate_1.3mf"),
        ("Star; Size: M.3mf", "Star; Size_ M"),  # as an A1 showed one print before and after its start
        ("C:\\prints\\Ring.BGCODE", "ring.gcode"),
        ("STRASSE.gcode", "straße.gcode"),
        ("ring.3mf.gcode", "ring.gcode.3mf"),
        ("\u200fring\u200e.gcode", "ring"),
    ],
)
def test_spellings_of_one_file_agree(one, other):
    assert file_name_key(one) == file_name_key(other)


@pytest.mark.parametrize("name", ["ring_s6.gcode", "ring s7.gcode", "ring", "gcode.ring"])
def test_different_files_stay_different(name):
    assert file_name_key(name) != file_name_key("ring_s7.gcode")
