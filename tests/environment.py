"""The environment tests run in: chosen before Django reads its settings, and the same for the servers they start."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from tests.postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "printfactory" / "settings.py"


def variables() -> set[str]:
    """The names of all environment variables that the settings read."""
    return set(re.findall(r'environment\.\w+\(\s*"(\w+)"', SETTINGS.read_text()))


def cannot_run(reason: str) -> NoReturn:
    """Skip for want of a tool; in CI, where every tool is to be there, fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run here: {reason}", pytrace=False)
    pytest.skip(reason)


class Environment:
    """A folder for this test run's data, and which database it runs on."""

    def __init__(self, database: str) -> None:
        self.database = database
        # Short, since it holds PostgreSQL's socket, whose path may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="pf-"))
        self.folder.chmod(0o711)
        self.postgres = Postgres(self.folder / "postgres")

    def apply(self) -> None:
        """Point the settings at this run's data, whatever the caller's shell has set."""
        for name in variables():
            os.environ.pop(name, None)
        data_dir = self.folder / "data"
        (data_dir / "static").mkdir(parents=True)
        os.environ["DATA_DIR"] = str(data_dir)
        os.environ["DJANGO_SETTINGS_MODULE"] = "printfactory.settings"
        if self.database == "postgres":
            os.environ["DATABASE_URL"] = self.postgres.url("printfactory")
            os.environ["SECRET_KEY"] = "the-same-for-every-server-of-this-test-run-0123456789"

    def remove(self) -> None:
        """Stop what runs and delete the folder."""
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
