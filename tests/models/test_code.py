"""Job codes that a file name can carry."""

from random import Random

import pytest

from printqueue.file_words import FileName, is_telling
from printqueue.models.code import CROCKFORD, new_code


@pytest.mark.parametrize("length", [4, 5, 6])
def test_a_new_code_stands_for_itself_in_a_file_name_however_it_is_written(length):
    choose = Random(1).choice  # noqa: S311 - the same codes each time

    for code in {new_code(length, choose) for _ in range(500)}:
        assert len(code) == length
        assert set(code) <= set(CROCKFORD)
        for written in (code, code.lower(), code.replace("0", "o").replace("1", "l")):
            [found] = FileName(f"splint ({written}) final.gcode").codes[1:2] or FileName(f"{written}.gcode").codes
            assert (found.code, found.is_sure) == (code, True)


@pytest.mark.parametrize(
    "word",
    ["2026", "1432", "boat", "solo", "final", "200C", "25mm", "2h30", "1h5m", "45min", "M3x8", "40x60", "2of3", "MK4S"]
    + ["PA12", "TPU95", "REV2", "plate1", "clip12", "3DLP", "V2B1", "11nov", "100pc", "x20y30", "P1S", "X1C"],
)  # fmt: skip
def test_words_numbers_measures_and_machines_do_not(word):
    assert not is_telling(word)
    assert not is_telling(word.upper())
