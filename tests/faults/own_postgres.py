"""A PostgreSQL that a test may freeze, shut down and start again."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
from django.db import connection

from tests.environment import cannot_run
from tests.postgres import Postgres, installed_binaries

DATABASE: Final = "printfactory"


class OwnPostgres(Postgres):
    """One server, with an empty database; whoever serves first makes the tables."""

    is_up = True

    @property
    def database_url(self) -> str:
        """DATABASE_URL of its database."""
        return self.url(DATABASE)

    def create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as line:
            line.execute(f"CREATE DATABASE {DATABASE}")

    def up(self) -> None:
        super().up()
        self.is_up = True

    def down(self) -> None:
        connection.close()  # the test's own would be cut
        super().down()
        self.is_up = False

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside the block it neither answers nor refuses: all its processes stand still."""
        pids = self._pids()
        try:
            for pid in pids:
                with suppress(ProcessLookupError):  # a backend that just ended
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):  # it was about to end when it was frozen
                    os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """Return its processes, first the one that makes the others."""
        postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, children.split())]


@contextmanager
def running_postgres() -> Iterator[OwnPostgres]:
    """Have one for the block."""
    binaries = installed_binaries()
    if binaries is None:
        cannot_run("there is no PostgreSQL: neither the wheel's nor the system's")
    folder = Path(tempfile.mkdtemp(prefix="pf-"))  # short, since a socket's path may have 107 bytes
    folder.chmod(0o711)
    postgres = OwnPostgres(folder / "postgres")
    try:
        postgres.start(binaries)
        postgres.create_database()
        yield postgres
    finally:
        if postgres.is_up:
            postgres.stop()
        shutil.rmtree(folder)


@contextmanager
def models_on(postgres: OwnPostgres) -> Iterator[None]:
    """Let the models of the test process, in all its threads, be those of this server."""
    settings = connection.settings_dict
    before = {name: settings[name] for name in ("HOST", "NAME")}
    connection.close()
    settings.update(HOST=str(postgres.folder), NAME=DATABASE)
    try:
        yield
    finally:
        connection.close()
        settings.update(before)
