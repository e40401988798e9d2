"""For whoever watches over the server: is the process up, and can it work."""

from __future__ import annotations

import functools

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from printqueue.live import pump


@csrf_exempt  # a wrong method is a wrong method, with or without a token
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return _answer(is_ok=True)


@csrf_exempt  # a wrong method is a wrong method, with or without a token
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers, is migrated, and is being followed for open pages."""
    return _answer(is_ok=pump.is_fresh() and _database_is_ready())


def _answer(*, is_ok: bool) -> HttpResponse:
    word, status = ("ok", 200) if is_ok else ("not ok", 503)
    return HttpResponse(f"{word}\n", status=status, content_type="text/plain; charset=utf-8")


def _database_is_ready() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _require_migrated()
    except (Error, _NotMigrated):
        return False
    return True


class _NotMigrated(Exception):
    """The database is older than this code."""


@functools.cache  # what is migrated stays so; an exception is not kept
def _require_migrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _NotMigrated
