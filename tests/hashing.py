"""Passwords that are quick to check; what makes them slow in earnest is Django's, and tested there."""

from typing import Final

from django.contrib.auth.hashers import PBKDF2PasswordHasher

ROUNDS: Final = 1_000


class QuickHasher(PBKDF2PasswordHasher):
    """Django's own with few rounds: their number is part of the hash, so that real servers can check it."""

    iterations = ROUNDS
