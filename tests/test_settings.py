"""Settings: what each environment variable does, and what a wrong one says."""

import json
import logging
import os
import re
import runpy
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn

from printfactory.secret import kept_secret
from printqueue.logs import JsonFormatter
from tests.environment import ROOT, SETTINGS, variables

Load = Callable[..., dict[str, Any]]

POSTGRES = "postgresql://print:secret@db.example/queue"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Read settings.py afresh with these variables and no others."""

    def read(**given: str) -> dict[str, Any]:
        for name in variables():
            monkeypatch.delenv(name, raising=False)
        for name, value in {"DATA_DIR": str(tmp_path), **given}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return read


def refusal(load: Load, **given: str) -> str:
    """The sentence that these variables are refused with."""
    with pytest.raises(ImproperlyConfigured) as caught:
        load(**given)
    return str(caught.value)


def test_every_variable_that_settings_read_is_documented():
    documented = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))

    assert documented == variables()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../etc/passwd"),
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PUBLIC_URL", "queue.example"),
        ("PUBLIC_URL", "ftp://queue.example"),
        ("PUBLIC_URL", "https://queue.example/prints"),
        ("PUBLIC_URL", "https://me:secret@queue.example"),
        ("PUBLIC_URL", "https://queue.example:port"),
        ("TRUSTED_PROXIES", "-1"),
        ("KEY_RATE", "0"),
        ("KEY_BURST", "1.5"),
        ("SAMPLES_KEPT_DAYS", "0"),
        ("STALL_SILENT_MINUTES", "soon"),
        ("STALL_STILL_MINUTES", "-1"),
        ("STALL_PAUSED_MINUTES", "10081"),
        ("ALERT_SCHEMES", "mailtos, every thing"),
        ("ALERT_PRIVATE_TARGETS", "perhaps"),
        ("ALERT_CUSTOMER_DETAILS", "2"),
        ("ALERT_UNMATCHED_MINUTES", "0"),
        ("ALERT_SEND_SECONDS", "0"),
        ("ALERT_RETRY_SECONDS", "soon"),
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "https://me@mail.example"),
        ("EMAIL_URL", "smtp://mail.example"),
        ("EMAIL_URL", "smtp://queue@mail.example@mail.example:port"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "mysql://localhost/queue"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("DATABASE_URL", "postgresql://localhost:port/queue"),
        ("DATABASE_URL", "queue"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence_that_names_it(load: Load, name: str, value: str):
    sentence = refusal(load, **{name: value})

    assert sentence.startswith(name)
    assert sentence.endswith(".")


def test_a_data_folder_that_cannot_be_made_is_refused(load: Load, tmp_path: Path):
    (tmp_path / "file").touch()

    assert "DATA_DIR" in refusal(load, DATA_DIR=str(tmp_path / "file" / "data"))


def test_a_wrong_database_url_is_not_repeated_since_it_may_hold_a_password(load: Load):
    assert "hunter2" not in refusal(load, DATABASE_URL="mysql://me:hunter2@localhost/queue")


def test_a_wrong_email_url_is_not_repeated_since_it_may_hold_a_password(load: Load):
    assert "hunter2" not in refusal(load, EMAIL_URL="imap://me:hunter2@mail.example")


def test_a_mail_server_and_its_sender_by_url(load: Load):
    url = "smtp+tls://queue%40mail.example:secret@mail.example:587"

    assert load(EMAIL_URL=url)["EMAIL_URL"] == url


def test_schemes_of_alerts_replace_the_default(load: Load):
    assert load(ALERT_SCHEMES="mailtos, ntfys://")["ALERT_SCHEMES"] == ["mailtos", "ntfys"]


def test_an_empty_variable_counts_as_unset(load: Load):
    assert load(PORT="", PUBLIC_URL="", DEBUG="")["PUBLIC_URL"] == "http://127.0.0.1:8000"


def test_without_variables_data_is_kept_in_sqlite_in_the_data_folder(load: Load, tmp_path: Path):
    database = load()["DATABASES"]["default"]

    assert database["NAME"] == str(tmp_path / "printfactory.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_needs_a_secret_key_of_its_own(load: Load):
    assert refusal(load, DATABASE_URL=POSTGRES).startswith("SECRET_KEY")


def test_postgresql_by_url_and_secret(load: Load):
    database = load(DATABASE_URL=POSTGRES, SECRET_KEY="x" * 60)["DATABASES"]["default"]

    assert (database["HOST"], database["NAME"], database["CONN_MAX_AGE"]) == ("db.example", "queue", 600)


def test_a_connection_to_postgresql_that_died_without_a_word_is_noticed_within_seconds(load: Load):
    """As the kernel has it, since libpq passes over what a system does not know."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://print@127.0.0.1:{listener.getsockname()[1]}/queue"
        options = load(DATABASE_URL=url, SECRET_KEY="x" * 60)["DATABASES"]["default"]["OPTIONS"]
        line = PGconn.connect_start(make_conninfo(url, **options).encode())
        line.connect_poll()

        with socket.fromfd(line.socket, socket.AF_INET, socket.SOCK_STREAM) as end:
            names = [socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT]
            user_timeout, idle, interval, count = [end.getsockopt(socket.IPPROTO_TCP, name) for name in names]
            is_kept_alive = end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        line.finish()

    assert is_kept_alive
    assert user_timeout == 10_000  # ms
    assert idle + interval * count <= 15


def test_what_the_url_says_of_a_connection_to_postgresql_wins(load: Load):
    options = load(DATABASE_URL=f"{POSTGRES}?keepalives_idle=60", SECRET_KEY="x" * 60)["DATABASES"]["default"][
        "OPTIONS"
    ]

    assert (options["keepalives_idle"], options["connect_timeout"]) == (60, 5)


def test_postgresql_through_a_socket(load: Load):
    url = "postgresql://print@%2Frun%2Fpostgresql/queue"

    assert load(DATABASE_URL=url, SECRET_KEY="x" * 60)["DATABASES"]["default"]["HOST"] == "/run/postgresql"


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    path = tmp_path / "secret_key"

    first = kept_secret(path)

    assert kept_secret(path) == first
    assert len(first) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret_key"]


def test_bind_and_port_decide_the_public_url_and_the_hosts(load: Load):
    settings = load(BIND="192.0.2.5", PORT="8080")

    assert settings["PUBLIC_URL"] == "http://192.0.2.5:8080"
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", "192.0.2.5"]


def test_an_ipv6_bind_address_stands_in_brackets(load: Load):
    settings = load(BIND="2001:db8::5")

    assert settings["PUBLIC_URL"] == "http://[2001:db8::5]:8000"
    assert "[2001:db8::5]" in settings["ALLOWED_HOSTS"]


def test_the_public_urls_host_is_allowed(load: Load):
    assert "queue.example" in load(PUBLIC_URL="https://queue.example:8443")["ALLOWED_HOSTS"]


def test_allowed_hosts_replace_the_default(load: Load):
    assert load(ALLOWED_HOSTS="a.example, b.example")["ALLOWED_HOSTS"] == ["a.example", "b.example"]


def test_https_turns_on_all_that_protects_cookies(load: Load):
    settings = load(PUBLIC_URL="https://queue.example/")

    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert settings["SECURE_SSL_REDIRECT"]
    assert settings["SECURE_HSTS_SECONDS"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://queue.example"]


def test_http_turns_it_off(load: Load):
    settings = load(PUBLIC_URL="http://queue.example")

    assert not settings["SESSION_COOKIE_SECURE"]
    assert not settings["CSRF_COOKIE_SECURE"]
    assert not settings["SECURE_SSL_REDIRECT"]
    assert not settings["SECURE_HSTS_SECONDS"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == []


def test_forwarded_headers_count_only_behind_trusted_proxies(load: Load):
    assert load()["SECURE_PROXY_SSL_HEADER"] is None
    assert load(TRUSTED_PROXIES="1")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def manage(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these variables on top of the tests' own."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False)


def test_a_wrong_value_stops_a_command_with_its_sentence_and_no_traceback():
    ended = manage("check", TIME_ZONE="Mars/Olympus")

    assert ended.returncode == 1
    assert ended.stderr.startswith("printfactory: TIME_ZONE is 'Mars/Olympus'")
    assert ended.stderr.count("\n") == 1


def test_the_deployment_check_is_clean_with_https():
    ended = manage("check", "--deploy", "--fail-level", "WARNING", PUBLIC_URL="https://queue.example")

    assert ended.returncode == 0, ended.stderr


def test_a_json_log_line_holds_the_message_and_the_traceback():
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("pf", logging.ERROR, "", 0, "report %s refused", (5,), sys.exc_info())

    line = json.loads(JsonFormatter().format(record))

    assert line["message"] == "report 5 refused"
    assert "ValueError: broken" in line["traceback"]
