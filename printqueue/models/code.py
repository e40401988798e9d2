"""Job codes: short, said over the phone, written on a bag, put into file names."""

from __future__ import annotations

import secrets
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O or U to be misread."""


def new_code(length: int) -> str:
    """Return a random code of `length` characters with at least one digit and one letter, unlike a word or a year."""
    while True:
        code = "".join(secrets.choice(CROCKFORD) for _ in range(length))
        if not code.isdigit() and not code.isalpha():
            return code
