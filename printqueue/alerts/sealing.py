"""Secrets that are kept to be used, and never shown again: sealed with a key that is made of SECRET_KEY."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class CannotUnseal(Exception):
    """What was sealed cannot be opened any more."""

    def __init__(self) -> None:
        super().__init__("Its URL cannot be read: SECRET_KEY has changed since it was entered. Enter the URL again.")


def seal(secret: str) -> str:
    """Return `secret` in a form that is of no use without SECRET_KEY; another one each time."""
    return _box(settings.SECRET_KEY).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises CannotUnseal."""
    from cryptography.fernet import InvalidToken

    try:
        return _box(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken as problem:
        raise CannotUnseal from problem


@lru_cache(maxsize=2)
def _box(secret_key: str) -> Fernet:
    # Loaded when it is needed first: most processes never seal anything.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    # SECRET_KEY signs sessions too: what is derived for one purpose says nothing about the other.
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"printqueue.alerts.sealing")
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret_key.encode())))
