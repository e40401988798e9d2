"""Rows for tests: small functions with defaults that may be overridden."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from printqueue.models import Printer, PrinterKey, PrintQueue, Who
from printqueue.protocol import Scope

NOW = datetime(2026, 11, 23, 15, 6, tzinfo=UTC)
_numbers = count(1)


def make_staff(**fields: Any) -> User:
    """Return a member of staff; the password is "tidy-workshop"."""
    number = next(_numbers)
    defaults = {"username": f"staff{number}", "password": "tidy-workshop", "is_staff": True}
    return User.objects.create_user(**{**defaults, **fields})


def make_printer(serial: str = "", **fields: Any) -> Printer:
    serial = serial or f"printer-{next(_numbers)}"
    return Printer.objects.create(serial=serial, **{"name": serial.title(), **fields})


def make_job(*, by: User | None = None, now: datetime = NOW, **fields: Any) -> PrintQueue:
    number = next(_numbers)
    defaults = {"design_name": f"Splint {number}", "print_file_name": f"splint-{number}.gcode.3mf"}
    return PrintQueue.create(by=Who(user=by), now=now, **{**defaults, **fields})


def make_key(*printers: Printer, scopes: tuple[Scope, ...] = tuple(Scope), **fields: Any) -> tuple[PrinterKey, str]:
    """Return a key for `printers` (none given: for all) and its whole text."""
    fields.setdefault("all_printers", not printers)
    key, token = PrinterKey.issue("Test client", scopes, **fields)
    key.printers.set(printers)
    return key, token
