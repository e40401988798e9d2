"""Reading what firmware sends: anything may be missing, of another type or out of range, and then is None."""

from __future__ import annotations

from typing import Any


def table(value: Any, *keys: str) -> dict[str, Any]:
    """Return the JSON object at `keys` under `value`, empty when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """Return a text that is not blank."""
    return value.strip() or None if isinstance(value, str) else None


def number(value: Any, low: float, high: float) -> float | None:
    """Return a finite number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


def whole(value: Any, low: float, high: float) -> int | None:
    """Return a number as an integer."""
    found = number(value, low, high)
    return None if found is None else int(found)


def celsius(value: Any) -> float | None:
    """Return a temperature with one decimal."""
    found = number(value, -100, 1000)
    return None if found is None else round(found, 1)
