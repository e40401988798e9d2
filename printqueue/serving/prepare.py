"""What has to be there before a server serves: the tables, somebody who can log in, the static files."""

from __future__ import annotations

import hashlib
import resource
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from printqueue.serving.locks import file_lock, setting_up

FIRST_NAME: Final = "admin"


@dataclass(frozen=True)
class FirstStaff:
    """The log-in that was made, to be shown once: the database keeps only the password's hash."""

    name: str
    password: str


def prepare_database() -> FirstStaff | None:
    """Migrate, and make a first member of staff if there is none; return it if so. Several may call this at once."""
    with setting_up():
        migrate()
        if User.objects.filter(is_staff=True).exists():
            return None
        first = FirstStaff(FIRST_NAME, secrets.token_urlsafe(12))
        User.objects.create_superuser(first.name, password=first.password)
        return first


def prepare_tables() -> None:
    """Migrate if that has not been done: a key may be made before the first server starts."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        with setting_up():
            migrate()


def migrate() -> None:
    """Bring the tables up to this code; the caller holds `setting_up`."""
    call_command("migrate", interactive=False, verbosity=0)


def collect_static_files() -> None:
    """Copy all static files to STATIC_ROOT under hashed names, unless just these are there. Several may call at once."""
    if settings.DEBUG:
        return  # then they are served from where they are
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with file_lock(root.with_name(root.name + ".lock")):
        note = root / ".collected"
        wanted = _state_of_sources()
        if note.exists() and note.read_text() == wanted:
            return
        # What earlier versions were called stays: pages that were loaded before an upgrade still ask for it.
        call_command("collectstatic", interactive=False, verbosity=0)
        note.write_text(wanted)


def allow_open_files() -> None:
    """Let this process open as many files as the system grants: each open page is one, and the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _state_of_sources() -> str:
    """Return a text that changes with any static file's name, size or time."""
    state = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            state.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return state.hexdigest()
