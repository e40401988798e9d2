"""Reading a TOML table strictly: each error names the file, the place, the key and what was expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from printqueue.protocol import is_safe_text


class ConfigError(Exception):
    """The configuration cannot be used; the message says where, which key and what was expected."""


class Table:
    """One TOML table. Ask for each key once, then `finish()`: what nobody asked for is unknown."""

    def __init__(self, values: Mapping[str, Any], where: str, file: Path, holders: set[Path] | None = None) -> None:
        """`where` begins each error ("client.toml, printer 2"); relative paths start at the folder of `file`.

        `holders` gathers the files that a secret was read from.
        """
        self.where = where
        self.holders: set[Path] = set() if holders is None else holders
        self._values = values
        self._file = file
        self._asked: list[str] = []

    def text(self, key: str, *, default: str | None = None, max_length: int = 255) -> str:
        """Return a text of 1 to `max_length` characters."""
        value = self._value(key, default)
        if not isinstance(value, str) or not 0 < len(value) <= max_length or not is_safe_text(value):
            raise self.error(key, f"a text of 1 to {max_length} characters")
        return value

    def optional_text(self, key: str, *, max_length: int = 255) -> str | None:
        """Return a text, or None when the key is absent."""
        return self.text(key, max_length=max_length) if self._has(key) else None

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        """Return a number from `low` to `high`."""
        value = self._value(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not low <= value <= high:
            raise self.error(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def optional_number(self, key: str, *, low: float, high: float) -> float | None:
        """Return a number, or None when the key is absent."""
        return self.number(key, low=low, high=high) if self._has(key) else None

    def whole_number(self, key: str, *, low: int, high: int, default: int | None = None) -> int:
        """Return an integer from `low` to `high`."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(key, f"a whole number from {low} to {high}")
        return value

    def switch(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "true or false")
        return value

    def choice(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """Return one of `choices`."""
        value = self._value(key, default)
        if value not in choices:
            raise self.error(key, "one of " + ", ".join(f'"{choice}"' for choice in choices))
        return str(value)

    def texts(self, key: str, *, default: list[str]) -> tuple[str, ...]:
        """Return a list of one text or more."""
        value = self._value(key, default)
        if not isinstance(value, list) or not value or not all(_is_plain_text(item) for item in value):
            raise self.error(key, "a list of one text or more, each of 1 to 255 characters")
        return tuple(value)

    def path(self, key: str, *, default: str | None = None) -> Path:
        """Return a path; relative ones start at the folder of the configuration file."""
        return self._file.parent / self.text(key, default=default, max_length=4096)

    def file(self, key: str) -> Path:
        """Return the path of a file that is there."""
        path = self.path(key)
        if not path.is_file():
            raise self.error(key, f"a file; there is none at {path}")
        return path

    def secret(self, key: str) -> str:
        """Return a secret, given as `key` or as the first line of the file that `key`_file names."""
        file_key = f"{key}_file"
        in_file = self._has(file_key)
        if in_file == self._has(key):
            raise self.error(key, f"either `{key}` or `{file_key}`, and not both")
        secret = _first_line(self, file_key) if in_file else self.text(key)
        self.holders.add(self.path(file_key) if in_file else self._file)
        if not secret.isascii() or not secret.isprintable() or not secret or " " in secret:
            raise self.error(file_key if in_file else key, "printable ASCII characters without blanks")
        return secret

    def optional_secret(self, key: str) -> str | None:
        """Return a secret, or None when neither the key nor its file is named."""
        given = [self._has(name) for name in (f"{key}_file", key)]
        return self.secret(key) if any(given) else None

    def tables(self, key: str, label: str) -> list[Table]:
        """Return the tables of `[[key]]`, at least one."""
        value = self._value(key, [])
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"at least one [[{key}]]")
        return [Table(item, f"{self.where}, {label} {n}", self._file, self.holders) for n, item in enumerate(value, 1)]

    def finish(self) -> None:
        """Raise ConfigError when the table holds a key that nobody asked for."""
        unknown = sorted(self._values.keys() - set(self._asked))
        if unknown:
            known = ", ".join(dict.fromkeys(self._asked))
            raise ConfigError(f"{self.where}: unknown key `{unknown[0]}`. Known here: {known}.")

    def error(self, key: str, expected: str) -> ConfigError:
        """Return the error for `key`. It never shows the value: that may be a secret."""
        state = "is not usable" if key in self._values else "is missing"
        return ConfigError(f"{self.where}: `{key}` {state}; expected {expected}.")

    def _has(self, key: str) -> bool:
        self._asked.append(key)
        return key in self._values

    def _value(self, key: str, default: Any) -> Any:
        return self._values[key] if self._has(key) else default


def _first_line(table: Table, key: str) -> str:
    path = table.file(key)
    try:
        return (path.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise table.error(key, f"a readable text file; {path}: {error}") from error


def _is_plain_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and is_safe_text(value)
