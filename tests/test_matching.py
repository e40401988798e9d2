"""Which job a run belongs to: what is not certain stays open."""

from datetime import UTC, datetime

import pytest

from printqueue.matching import (
    ONLY_OPEN_JOB,
    SAME_FILE,
    SAME_PRINTER,
    Ambiguous,
    Match,
    OpenJob,
    RunFacts,
    Suggestion,
    match,
)
from printqueue.protocol import file_name_key

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)
RUN = RunFacts(printer_id=1, file_name="splint.gcode", started_at=NOW)


def job(pk: int, file_name: str, printer_id: int | None = None) -> OpenJob:
    return OpenJob(pk, f"7K2{pk}", "Splint", "C-1", file_name, printer_id, pk, None, 1)


def test_the_only_open_job_with_the_file_is_the_one() -> None:
    assert match(RUN, [job(7, "splint.3mf"), job(8, "ring")]) == Match(7, ONLY_OPEN_JOB)


def test_a_job_bound_to_this_printer_is_the_one() -> None:
    assert match(RUN, [job(7, "splint", 1)]) == Match(7, ONLY_OPEN_JOB)


def test_two_jobs_with_the_file_are_a_question() -> None:
    found = match(RUN, [job(9, "ring", 1), job(8, "splint"), job(7, "splint", 1)])

    assert found == Ambiguous((Suggestion(7, SAME_FILE), Suggestion(8, SAME_FILE), Suggestion(9, SAME_PRINTER)))


def test_a_job_bound_to_another_printer_is_not_touched() -> None:
    assert match(RUN, [job(7, "splint", 2)]) == Ambiguous(())


def test_a_run_without_a_file_name_matches_nothing() -> None:
    assert match(RunFacts(1, "", NOW), [job(7, "")]) == Ambiguous(())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Würfel.3mf", "wu\u0308rfel.gcode.3mf"),  # NFD against NFC
        ("/data/Metadata/plate_1.gcode", "plate_1.3mf"),
        ("Star; Size: M.3mf", "Star; Size_ M"),  # as an A1 showed one print before and after its start
        ("C:\\prints\\Ring.BGCODE", "ring.gcode"),
        ("STRASSE.gcode", "straße.gcode"),
    ],
)
def test_spellings_of_one_file_agree(one: str, other: str) -> None:
    assert file_name_key(one) == file_name_key(other)


@pytest.mark.parametrize("name", ["ring_s6.gcode", "ring s7.gcode", "ring", "gcode.ring"])
def test_different_files_stay_different(name: str) -> None:
    assert file_name_key(name) != file_name_key("ring_s7.gcode")
