"""DATABASE_URL as Django's DATABASES["default"]."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured
from environ import Env

SQLITE = "django.db.backends.sqlite3"

# IMMEDIATE takes the write lock at BEGIN: a transaction that reads first and writes later would otherwise be
# refused at once ("database is locked") when another one wrote in between, whatever the timeout.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}
# A connection that lasts may be dead without a word: its machine lost power, or a firewall forgot it. The kernel asks
# after 5 s of silence and gives up after 10 s, before requests do (printqueue.live.threads.ANSWER_WITHIN).
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # ms; for what was sent and never acknowledged
}

# The few threads that do all requests (printqueue.live.threads) last, and so may their connections.
KEPT_SECONDS = 600


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """The connection settings for `url`; an empty one means SQLite in `data_dir`."""
    url = url or f"sqlite:///{data_dir / 'printfactory.sqlite3'}"
    try:
        config = _parsed(url)
    except ValueError:
        # The value is not shown, nor chained: it may hold a password.
        raise ImproperlyConfigured(
            "DATABASE_URL is neither sqlite:///<file> nor postgresql://<user>@<host>/<database>."
        ) from None
    config["CONN_MAX_AGE"] = KEPT_SECONDS
    return _sqlite(config) if config["ENGINE"] == SQLITE else _postgresql(config)


def _parsed(url: str) -> dict[str, Any]:
    """`url` taken apart; ValueError when it names no file or database of the two kinds."""
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("unknown kind of database")
    config: dict[str, Any] = Env.db_url_config(url)
    if config["NAME"] in ("", ":memory:"):
        raise ValueError("no file and no database named")
    return config


def _sqlite(config: dict[str, Any]) -> dict[str, Any]:
    name = str(config["NAME"])
    return {
        **config,
        "OPTIONS": {**SQLITE_OPTIONS, **config.get("OPTIONS", {})},
        # A file: the servers that tests start open the same database.
        "TEST": {"NAME": f"{name}.test"},
    }


def _postgresql(config: dict[str, Any]) -> dict[str, Any]:
    return {
        **config,
        "HOST": unquote(config["HOST"]),  # a socket's folder stands there as %2Frun%2Fpostgresql
        "OPTIONS": {**POSTGRESQL_OPTIONS, **config.get("OPTIONS", {})},
        "TEST": {"NAME": f"test_{config['NAME']}"},
    }
