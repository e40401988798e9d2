"""Job codes: short, said over the phone, written on a bag, put into file names."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Final

from printqueue.file_words import is_telling

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O or U to be misread."""

_HEXADECIMAL: Final = re.compile(r"[0-9A-F]+")


def new_code(length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a code of `length` characters that tells itself from words, numbers, measures and hashes in a file name.

    It does also when its 0 and 1 are written as letters. `choose` picks one of the characters of a text.
    """
    while True:
        code = "".join(choose(CROCKFORD) for _ in range(length))
        spellings = [code, code.replace("0", "O").replace("1", "I"), code.replace("0", "O").replace("1", "L")]
        if all(map(is_telling, spellings)) and not _HEXADECIMAL.fullmatch(code):
            return code
