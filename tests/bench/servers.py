"""Starts what is measured, each server on the servers' core, and ends it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

import psycopg
from psycopg.sql import SQL, Identifier

from tests.bench.procfs import Cores
from tests.bench.target import Target, World
from tests.environment import ROOT, variables
from tests.postgres import Postgres, installed_binaries
from tests.processes import ServeProcess, free_port, wait_for

REFERENCES: Final = Path(__file__).parent / "references"

OPEN_DOORS: Final = {
    # One key and one log-in stand for a whole shop here.
    "KEY_RATE": "100000",
    "KEY_BURST": "1000000",
    "STREAMS": "10000",
    "STREAMS_PER_USER": "10000",
    "SECRET_KEY": "of-servers-that-are-measured-and-thrown-away-0123456789",
}


class CannotRun(Exception):
    """What a measurement needs is not on this machine. The text says what."""


class Servers:
    """Servers that are measured together, and their databases. Leave it to end them."""

    folder: Path

    def __init__(self) -> None:
        self.cores = Cores()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # Short, since PostgreSQL's socket is in it, whose path may have 107 bytes.
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pf-bench-"))
        self.folder = Path(folder)
        self.folder.chmod(0o711)
        (self.folder / "data" / "static").mkdir(parents=True)
        for name in variables():
            os.environ.pop(name, None)
        self.cores.take_load()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()
        self.cores.give_back()

    # ------------------------------------------------------------------ databases

    def sqlite(self, name: str) -> str:
        """Return the DATABASE_URL of an SQLite database of this name."""
        return f"sqlite:///{self.folder / name}.sqlite3"

    def copy_sqlite(self, name: str, copy: str) -> str:
        """Return the DATABASE_URL of a copy of an SQLite database that nobody uses now."""
        shutil.copy(self.folder / f"{name}.sqlite3", self.folder / f"{copy}.sqlite3")
        return self.sqlite(copy)

    @staticmethod
    def copy_postgres(postgres: Postgres, name: str, copy: str) -> str:
        """Return the DATABASE_URL of a copy of a PostgreSQL database that nobody uses now."""
        with psycopg.connect(postgres.url("template1"), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(copy), Identifier(name)))
        return postgres.url(copy)

    @contextmanager
    def postgres(self) -> Iterator[Postgres]:
        """A PostgreSQL with an empty database of the name postgres. Raises CannotRun."""
        binaries = installed_binaries()
        if binaries is None:
            raise CannotRun("there is no PostgreSQL")
        with self.cores.for_others():
            server = Postgres(Path(tempfile.mkdtemp(prefix="pg", dir=self.folder)) / "server")
            server.folder.parent.chmod(0o711)
            server.start(binaries)
        try:
            yield server
        finally:
            server.stop()

    def fill(self, database: str, *arguments: str) -> World:
        """Make the tables of `database`, and the rows that `arguments` ask for."""
        return World.of(json.loads(self.run_python("tests.bench.fill", *arguments, database=database)))

    def run_python(self, module: str, *arguments: str, database: str) -> str:
        """Run one of our modules on `database` and return what it prints."""
        with self.cores.for_others():
            done = subprocess.run(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**os.environ, **self._environment(database)},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        return done.stdout

    def _environment(self, database: str) -> dict[str, str]:
        # One folder of static files for all of them.
        return {**OPEN_DOORS, "DATABASE_URL": database, "DATA_DIR": str(self.folder / "data")}

    # ------------------------------------------------------------------ servers

    @contextmanager
    def starting(self) -> Iterator[Self]:
        """Whatever server is started in here ends with it, before its database does."""
        outer, self._stack = self._stack, ExitStack()
        try:
            yield self
        finally:
            self._stack.close()
            self._stack = outer

    def ours(self, database: str, world: World) -> Target:
        """PrintFactory as `./run serve` starts it, on a filled database."""
        log = self.folder / f"serve-{free_port()}.log"
        server = ServeProcess(environment=self._environment(database), log=log)
        with self.cores.for_server():
            server.launch()
        self._stack.callback(lambda: server.is_running and server.stop())
        server.wait_until_ready()
        return Target("PrintFactory", server.port, server.pid, world)

    def bare(self) -> Target:
        """Bare uvloop: nothing but the writes."""
        port = free_port()
        return self._reference("bare uvloop", port, [sys.executable, str(REFERENCES / "bare_uvloop.py"), str(port)])

    def node(self) -> Target:
        """Raw Node. Raises CannotRun without it."""
        node = shutil.which("node")
        if node is None:
            raise CannotRun("there is no node on PATH")
        port = free_port()
        return self._reference("raw Node", port, [node, str(REFERENCES / "raw_node.mjs"), str(port)])

    def plain(self) -> Target:
        """django-eventstream as documented, on daphne."""
        return self._daphne("plain django-eventstream", "plain_eventstream", {})

    def stock(self, database: str, world: World) -> Target:
        """The same work for a report on stock Django, on daphne."""
        return self._daphne("stock Django", "stock_django", self._environment(database), world)

    def _daphne(self, name: str, module: str, environment: Mapping[str, str], world: World | None = None) -> Target:
        port = free_port()
        application = f"tests.bench.references.{module}:application"
        command = [sys.executable, "-m", "daphne", "--verbosity", "0", "--port", str(port), application]
        return self._reference(name, port, command, environment, world)

    def _reference(
        self,
        name: str,
        port: int,
        command: list[str],
        environment: Mapping[str, str] | None = None,
        world: World | None = None,
    ) -> Target:
        log = self.folder / f"reference-{port}.log"
        with self.cores.for_server(), open(log, "wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=output, stderr=output
            )
        self._stack.callback(_end, process)
        wait_for(lambda: _listens(process, port, log), 30, f"{name} listens")
        return Target(name, port, process.pid, world or World())


def _listens(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"It ended instead of starting:\n{log.read_text(errors='replace')}")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
