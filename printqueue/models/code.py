"""Job codes: short, said over the phone, written on a bag, put into file names."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O or U to be misread."""


def new_code(length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a code of `length` characters with at least one digit and one letter, unlike a word or a year.

    `choose` picks one of the characters of a text.
    """
    while True:
        code = "".join(choose(CROCKFORD) for _ in range(length))
        if not code.isdigit() and not code.isalpha():
            return code
