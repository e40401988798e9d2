"""Which job a run belongs to: what is not certain stays open."""

import pytest

from printqueue.matching import ONLY_OPEN_JOB, Match, OpenJob, RunFacts, match
from printqueue.protocol import file_name_key

RUN = RunFacts(printer_id=1, file_key="splint")


def test_the_only_open_job_with_the_file_is_the_one() -> None:
    jobs = [OpenJob(7, "splint", None), OpenJob(8, "ring", None)]

    assert match(RUN, jobs) == Match(7, ONLY_OPEN_JOB)


def test_a_job_bound_to_this_printer_is_the_one() -> None:
    assert match(RUN, [OpenJob(7, "splint", 1)]) == Match(7, ONLY_OPEN_JOB)


def test_two_jobs_with_the_file_are_a_question() -> None:
    assert match(RUN, [OpenJob(7, "splint", None), OpenJob(8, "splint", 1)]) is None


def test_a_job_bound_to_another_printer_is_not_touched() -> None:
    assert match(RUN, [OpenJob(7, "splint", 2)]) is None


def test_a_run_without_a_file_name_matches_nothing() -> None:
    assert match(RunFacts(1, ""), [OpenJob(7, "", None)]) is None


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
