"""`create_key NAME --scope S … --printer SERIAL|'*' …`: print a new API key, alone, on standard output."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from printqueue.models import Printer, PrinterKey
from printqueue.protocol import MAX_SERIAL, Scope, is_safe_text
from printqueue.serving.prepare import prepare_tables

ALL: Final = "*"


class Command(BaseCommand):
    """Makes the key, and the printers it names if they are not known yet."""

    help = "Make an API key and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, the scopes and the printers."""
        scopes = ", ".join(Scope)
        parser.add_argument("name", help='who or what uses it, such as "Raspberry Pi, back room"')
        parser.add_argument("--scope", action="append", default=[], help=f"what it may do: {scopes}; may be repeated")
        parser.add_argument(
            "--printer",
            action="append",
            default=[],
            metavar="SERIAL",
            help="a printer it speaks for, by serial, or '*' for all; may be repeated; none: jobs without printer alone",
        )

    def handle(self, *, name: str, scope: list[str], printer: list[str], **options: Any) -> None:
        """Make the key or say in a sentence why not; nothing is made then."""
        scopes = [_scope(word) for word in scope]
        if not scopes:
            raise CommandError(f"Give at least one --scope: {', '.join(Scope)}.")
        prepare_tables()
        with transaction.atomic():
            token = self.make(name, scopes, printer)
        self.stdout.write(token)

    def make(self, name: str, scopes: list[Scope], serials: list[str]) -> str:
        """Make the key and its printers; return its whole text."""
        printers = [_printer(serial) for serial in serials if serial != ALL]
        try:
            key, token = PrinterKey.issue(name, scopes, all_printers=ALL in serials)
        except ValidationError as problem:
            raise CommandError(f"The name {name!r} will not do: {' '.join(problem.messages)}") from problem
        key.printers.set(printers)
        return token


def _scope(word: str) -> Scope:
    try:
        return Scope(word)
    except ValueError as problem:
        raise CommandError(f"There is no scope {word!r}; there are: {', '.join(Scope)}.") from problem


def _printer(serial: str) -> Printer:
    if not serial.strip() or len(serial) > MAX_SERIAL or not is_safe_text(serial):
        raise CommandError(
            f"--printer {serial!r} is no serial: expected 1 to {MAX_SERIAL} characters, none of them a control character."
        )
    return Printer.objects.get_or_create(serial=serial)[0]
