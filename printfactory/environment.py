"""Typed readers of environment variables; each refuses a wrong value with one sentence that names it.

An empty variable counts as unset, so that a service file may list every name.
"""

import os

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value of `name` without surrounding blanks."""
    return os.environ.get(name, "").strip() or default


def words(name: str) -> list[str]:
    """The comma-separated parts of `name`, blanks and empty parts dropped."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def boolean(name: str, default: bool) -> bool:
    """True or false, in the words people write into service files."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE_WORDS | FALSE_WORDS:
        return value in TRUE_WORDS
    raise ImproperlyConfigured(f"{name} is {value!r}, but must be true or false.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number between `least` and `most`, both included."""
    value = text(name, str(default))
    if value.isascii() and value.isdecimal() and least <= int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(f"{name} is {value!r}, but must be a whole number from {least} to {most}.")


def choice(name: str, options: tuple[str, ...]) -> str:
    """One of `options`; the first is the default."""
    value = text(name, options[0])
    if value in options:
        return value
    raise ImproperlyConfigured(f"{name} is {value!r}, but must be one of {', '.join(options)}.")
