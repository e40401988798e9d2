"""No secret is shown, whoever says it."""

import base64
import logging
import os
import subprocess

import pytest

from printqueue.client.log import JournalFormatter, RedactingFormatter, redacted
from tests.client.broker import BambuBroker
from tests.client.drivers.printer_server import printer_server
from tests.client.fake_server import error
from tests.client.program import COMMAND, KEY, LIMIT_SECONDS, client
from tests.environment import ROOT
from tests.processes import wait_for

pytestmark = pytest.mark.sqlite_only

SECRETS = [KEY, "87650001", "voron-secret-0002", "octo-secret-0003", "prusa-secret-0004", "prusa-password-0005"]


@pytest.fixture
def failing_printers(tmp_path):
    """A printer of each family that refuses its secret, as configuration; the HTTP ones say it back."""
    with BambuBroker(tmp_path) as bambu, printer_server() as peer:
        peer.lets_in = lambda question: question.headers.get("x-api-key") is None
        refusal = {"error": {"code": 401, "message": f"{SECRETS} are wrong"}}
        peer.replies = {"/api/v1/status": (401, refusal), "/printer/objects/query": (403, refusal)}
        peer.headers = {"WWW-Authenticate": 'Digest realm="Printer API", nonce="0123456789", stale="false"'}
        yield (
            f'[[printer]]\nserial = "{bambu.serial}"\ndriver = "bambu"\nhost = "127.0.0.1"\nport = {bambu.port}\n'
            f'access_code = "{SECRETS[1]}"\ntls_ca = "{bambu.ca_file}"\n'
            f'[[printer]]\nserial = "p2"\ndriver = "moonraker"\nurl = "{peer.url}"\napi_key = "{SECRETS[2]}"\n'
            f'[[printer]]\nserial = "p3"\ndriver = "octoprint"\nurl = "{peer.url}"\napi_key = "{SECRETS[3]}"\n'
            f'[[printer]]\nserial = "p4"\ndriver = "prusalink"\nurl = "{peer.url}"\napi_key = "{SECRETS[4]}"\n'
            f'[[printer]]\nserial = "p5"\ndriver = "prusalink"\nurl = "{peer.url}"\n'
            f'username = "maker"\npassword = "{SECRETS[5]}"\n'
        )


def shown(text):
    """Which secrets `text` shows, as they are or as HTTP Basic would send them."""
    spellings = {secret: [secret, base64.b64encode(secret.encode()).decode()] for secret in SECRETS}
    return [secret for secret, ways in spellings.items() if any(way in text for way in ways)]


@pytest.fixture
def refuses_and_says_the_key(queue):
    queue.answer = lambda _: error(401, f"The key {KEY} is unknown.")


@pytest.mark.usefixtures("refuses_and_says_the_key")
def test_a_check_against_peers_that_refuse_every_secret_shows_none(configure, failing_printers):
    ended = client("--config", configure(failing_printers), "--check", "--verbose")

    assert [line.split(" ")[0] for line in ended.stdout.splitlines()] == [*["WRONG"] * 5, "ok", "WRONG"]
    assert "DEBUG" in ended.stderr
    assert shown(ended.stdout + ended.stderr) == []


@pytest.mark.usefixtures("refuses_and_says_the_key")
def test_a_verbose_log_against_peers_that_refuse_every_secret_shows_none(configure, failing_printers, start, tmp_path):
    start("--config", configure(failing_printers), "--verbose")
    log = tmp_path / "client-0.log"
    words = {"The key [secret] is unknown.", "refuses the access code", *(f"WARNING p{n}: " for n in range(2, 6))}
    wait_for(lambda: all(word in log.read_text() for word in words), LIMIT_SECONDS)

    assert shown(log.read_text()) == []


def test_an_exception_that_holds_a_secret_is_logged_without_it():
    formatter = RedactingFormatter("%(message)s")
    formatter.secrets = {KEY}
    try:
        raise ValueError(f"Bearer {KEY}")
    except ValueError as fault:
        told = (type(fault), fault, fault.__traceback__)
    record = logging.LogRecord("client", logging.ERROR, __file__, 1, "It failed", None, told)

    lines = formatter.format(record)

    assert "ValueError: Bearer [secret]" in lines
    assert shown(lines) == []


def test_the_journal_is_told_how_grave_each_line_is_and_not_the_time(configure, tmp_path, monkeypatch):
    log = (tmp_path / "journal").open("w+")
    stream = os.fstat(log.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{stream.st_dev}:{stream.st_ino}")
    path = configure()
    path.chmod(0o644)
    with log:
        subprocess.run([*COMMAND, "--config", path, "--once"], cwd=ROOT, stderr=log, check=True)

    lines = (tmp_path / "journal").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == [f"<4>{path}", "<6>Left"]


def test_every_line_of_a_fault_is_as_grave_in_the_journal():
    record = logging.LogRecord("client", logging.ERROR, __file__, 1, "It failed\nbadly", None, None)

    assert JournalFormatter("%(message)s").format(record) == "<3>It failed\n<3>badly"


@pytest.mark.parametrize(
    ("secrets", "left"),
    [
        ({"abcdef"}, "[secret]gh ok"),
        ({"abcd", "abcdefgh"}, "[secret] ok"),
        ({"ok"}, "abcdefgh ok"),
    ],
)
def test_the_longest_secret_is_hidden_first_and_short_ones_are_words(secrets, left):
    assert redacted("abcdefgh ok", secrets) == left
