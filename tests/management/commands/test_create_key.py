"""`create_key`"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from printqueue.models import Printer, PrinterKey
from printqueue.protocol import Scope
from tests.environment import ROOT
from tests.factories import make_printer

pytestmark = pytest.mark.django_db


def create_key(*arguments: str) -> str:
    """What the command writes on standard output."""
    output = StringIO()
    call_command("create_key", *arguments, stdout=output)
    return output.getvalue()


def test_the_key_alone_is_printed_and_lets_in():
    output = create_key("Back room", "--scope", "reports:write", "--printer", "*")

    assert output == output.strip() + "\n"
    key = PrinterKey.objects.matching(output.strip(), timezone.now())
    assert key is not None
    assert (key.name, key.scopes, key.all_printers) == ("Back room", ["reports:write"], True)


def test_scopes_and_printers_may_be_repeated():
    create_key("Pi", "--scope", "reports:write", "--scope=jobs:read", "--printer", "voron-1", "--printer=voron-2")

    key = PrinterKey.objects.get()
    assert key.allows(Scope.REPORTS_WRITE)
    assert key.allows(Scope.JOBS_READ)
    assert not key.all_printers
    assert set(key.printers.values_list("serial", flat=True)) == {"voron-1", "voron-2"}


def test_printers_that_are_named_are_made_once():
    known = make_printer("voron-1", name="Left")

    create_key("Pi", "--scope", "reports:write", "--printer", "voron-1", "--printer", "voron-2")

    assert set(Printer.objects.values_list("serial", flat=True)) == {"voron-1", "voron-2"}
    known.refresh_from_db()
    assert known.name == "Left"


def test_no_printer_is_no_printer():
    create_key("Office", "--scope", "jobs:read")

    key = PrinterKey.objects.get()
    assert not key.all_printers
    assert not key.printers.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scope", "jobs:delete"], "There is no scope 'jobs:delete'; there are: reports:write, jobs:read"),
        ([], "at least one --scope"),
        (["--scope", "jobs:read", "--printer", ""], "is no serial"),
        (["--scope", "jobs:read", "--printer", "a" * 65], "is no serial"),
        (["--scope", "jobs:read", "--printer", "voron-1", "--printer", "a\nb"], "is no serial"),
    ],
)
def test_a_wrong_option_makes_nothing_and_says_why(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        create_key("Pi", *arguments)

    assert not PrinterKey.objects.exists()
    assert not Printer.objects.exists()


@pytest.mark.parametrize("name", ["", "a" * 101])
def test_a_name_that_will_not_do_is_refused(name):
    with pytest.raises(CommandError, match="will not do"):
        create_key(name, "--scope", "jobs:read", "--printer", "voron-1")

    assert not Printer.objects.exists()


def test_a_key_may_be_made_before_the_first_server_starts(tmp_path: Path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    command = [sys.executable, "manage.py", "create_key", "Pi", "--scope", "reports:write", "--printer", "voron-1"]

    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    assert re.fullmatch(r"pf_[0-9a-f]{8}_[\w-]{43}\n", made.stdout)
