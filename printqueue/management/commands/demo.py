"""A shop to look around in: a queue, three simulated printers, and the real client that reports them."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from printqueue.management.commands.serve import Command as Serve
from printqueue.models import Printer, PrinterKey, PrintQueue, Who
from printqueue.protocol import Scope
from printqueue.serving.locks import AlreadyServed, only_server

JOBS: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("Infinity Splint", "infinity-splint_s6.gcode.3mf", "C-1042", {"due_days": 1}),
    ("Buddy Ring Duo", "buddy-ring-duo_s9.gcode.3mf", "C-0987", {"rush": True, "due_days": 0}),
    ("Thumb Spica Shell, short", "thumb-spica_short_m_right.gcode.3mf", "C-1044", {"rush": True, "due_days": 0}),
    ("Resting Pan, left", "resting-pan_left.gcode", "C-1017", {"note": "Soft edge at the wrist."}),
    ("Infinity Splint", "infinity-splint_s10.gcode.3mf", "C-0871", {"due_days": 1, "copies": 2}),
    ("Mallet Stack, index", "mallet-stack_index_s7.gcode.3mf", "C-1028", {}),
    ("Swan Neck Ring, double loop", "swan-neck_double_s5_v12.gcode.3mf", "C-1031", {"due_days": 2}),
)

# What each printer prints in turn; the last one also prints what nobody asked for, so that the tray is not empty.
PRINTERS: Final = (
    ("demo-left", "Left P1S", 900, 300, ("infinity-splint_s6.gcode.3mf", "resting-pan_left.gcode")),
    ("demo-right", "Right P1S", 600, 330, ("buddy-ring-duo_s9.gcode.3mf", "thumb-spica_short_m_right.gcode.3mf")),
    ("demo-a1", "A1 Bench", 420, 40, ("cable-clip_test.gcode", "mallet-stack_index_s7.gcode.3mf")),
)


class Command(BaseCommand):
    """Serve a demonstration from a database of its own."""

    help = "Serve a queue with three simulated printers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        # First of all: the log-in and the client of a demonstration that runs already must stay as they are.
        try:
            with only_server():
                self.demonstrate(port)
        except AlreadyServed as error:
            raise CommandError(str(error)) from error

    def demonstrate(self, port: int) -> None:
        """Make what is missing, and serve it together with its client; the caller holds `only_server`."""
        call_command("migrate", verbosity=0)
        if not PrintQueue.objects.exists():
            fill_queue()
        self.stdout.write(f"Log in as demo with the password {give_password()}")
        config = write_client_config(port)
        log = config.with_suffix(".log")
        self.stdout.write(f"The printers' client writes to {log}")
        with running_client(config, log):
            Serve().prepare_and_serve(settings.BIND, port, with_worker=True)


def fill_queue() -> None:
    """Put the demonstration's jobs into an empty queue."""
    now = timezone.now()
    for design, file_name, customer, extra in JOBS:
        values = dict(extra)
        due_days = values.pop("due_days", None)
        due_at = now + timedelta(days=due_days, hours=3) if due_days is not None else None
        PrintQueue.create(
            by=Who(),
            now=now,
            design_name=design,
            print_file_name=file_name,
            customer_id=customer,
            due_at=due_at,
            **values,
        )


def give_password() -> str:
    """Give the user "demo" a new password and return it."""
    password = secrets.token_hex(4)
    user, _made = User.objects.get_or_create(username="demo", defaults={"is_staff": True, "is_superuser": True})
    user.set_password(password)
    user.save()
    return password


def write_client_config(port: int) -> Path:
    """Write the client's file and return its path."""
    path = Path(settings.DATA_DIR) / "client.toml"
    path.touch(mode=0o600)
    token = kept_key(path) or new_key()
    lines = [f'server = "http://127.0.0.1:{port}"', f'key = "{token}"', "poll_seconds = 2"]
    for serial, name, seconds, start_at, files in PRINTERS:
        lines += ["", "[[printer]]", 'driver = "simulated"', f'serial = "{serial}"', f'name = "{name}"']
        lines += [f"seconds = {seconds}", f"start_at_seconds = {start_at}", f"files = {list(files)!r}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def kept_key(path: Path) -> str | None:
    """Return the key of the last start, if it is still good: another would have to wait until its lease ends."""
    token = tomllib.loads(path.read_text(encoding="utf-8")).get("key", "")
    return token if PrinterKey.objects.all().matching(token, timezone.now()) else None


def new_key() -> str:
    """Make the printers, and a key for them."""
    key, token = PrinterKey.issue("Demo printers", [Scope.REPORTS_WRITE])
    for serial, name, *_rest in PRINTERS:
        key.printers.add(Printer.objects.get_or_create(serial=serial, defaults={"name": name})[0])
    return token


@contextmanager
def running_client(config: Path, log: Path, patience_seconds: float = 10) -> Iterator[None]:
    """Run the printer client as a process of its own, as it runs beside real printers, until the block ends.

    A client in the middle of a call ends after it, or after `patience_seconds`: its spool bears that.
    """
    command = [sys.executable, "-m", "printqueue.client", "--config", str(config)]
    with log.open("wb") as output:
        client = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=output, stderr=output)  # noqa: S603 - ours
    try:
        yield
    finally:
        client.terminate()
        with suppress(subprocess.TimeoutExpired):
            client.wait(patience_seconds)
        client.kill()
        client.wait()
