"""What is said: nothing breaks out of a line, of HTML or of Markdown, and times are those of the reader."""

from datetime import timedelta

import pytest

from printqueue.alerts.sender import escaped, in_words, without_secrets
from printqueue.alerts.words import message, one_line
from printqueue.models import Alert, Fact, FactKind, PrintRun
from tests.alerts.conftest import make_rule, make_target
from tests.factories import NOW, Client, make_job, make_printer

HOSTILE = '<b>*Bold*</b>_[x](http://evil.example)`\u202e" onload="'


def alert(kind=FactKind.FAILED, *, design="Infinity Splint", detail="", zone="Europe/Berlin", is_repeat=False) -> Alert:
    """An alert about a print of a job, not saved."""
    client = Client(make_printer(name="Left P1S"))
    job = make_job(design_name=design, print_file_name=f"{client.printer.serial}.gcode")
    client.says("printing", run_key="1@0", file_name=f"{client.printer.serial}.gcode")
    fact = Fact.of(PrintRun.objects.get(printer=client.printer), kind, at=NOW, noticed_at=NOW, detail=detail)
    fact.job = job
    target = make_target("ntfys://prints")
    return Alert(fact=fact, target=target, rule=make_rule(target, zone=zone), is_repeat=is_repeat)


@pytest.mark.parametrize("kind", FactKind)
def test_every_kind_has_words_of_its_own(db, kind):
    one = alert(kind, detail="A1 Something")
    job = one.fact.job
    assert job

    said = message([one])

    assert said.title.startswith(f"{job.code} Infinity Splint on Left P1S: ")
    assert said.text.count("\n") == 4
    assert f"/admin/print-queue/{job.pk}/" in said.text
    assert f"/admin/print-queue/{job.pk}/" in said.html


@pytest.mark.parametrize("kind", FactKind)
def test_every_kind_is_counted_in_a_digest(db, kind):
    said = message([alert(kind), alert(kind)])

    assert said.title.startswith("2 ")
    assert len(said.title) > 3
    assert said.text.count("Left P1S") == 2


def test_a_time_is_that_of_the_rules_zone(db):
    assert "When: Mon 23 Nov 2026, 16:06 (Europe/Berlin)" in message([alert()]).text


def test_a_repeat_is_called_one(db):
    said = message([alert(is_repeat=True)])

    assert said.title.startswith("May be a repeat: ")
    assert "May be a repeat" in said.text
    assert "May be a repeat" in said.html


def test_a_hostile_name_stays_text(db):
    said = message([alert(design=HOSTILE.replace("\u202e", ""), detail=f"{HOSTILE}\r\nBcc: all@example.com")])

    assert "\n" not in said.title
    assert "\u202e" not in said.title + said.text + said.html
    assert "<b>*Bold*</b>" in said.text
    assert "&lt;b&gt;*Bold*&lt;/b&gt;" in said.html
    assert 'onload="' not in said.html


def test_a_long_digest_names_the_first_ones(db):
    one = alert()

    said = message([one] * 40)

    assert said.title == "40 failed"
    assert said.text.count("/admin/print-queue/") == 30
    assert "and 10 more" in said.text


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\r\nb", "a b"), ("  a  b ", "a b"), ("a\x00b\u200bc\u202ed", "abcd"), ("Żółć 3·5 🖨", "Żółć 3·5 🖨")],
)
def test_a_line_is_one_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("plain 3.5 mm", "plain 3.5 mm"),
        ("*_[x](y)`|~>#", r"\*\_\[x\]\(y\)\`\|\~\>\#"),
        ("@everyone", "@\u200beveryone"),
        ("see http://queue.example/a_b_c now_", r"see http://queue.example/a_b_c now\_"),
    ],
)
def test_markdown_shows_names_as_they_are(text, markdown):
    assert escaped(text) == markdown


@pytest.mark.parametrize(
    ("line", "words", "is_answer"),
    [
        ("Failed to send JSON POST notification: Unauthorized., error=401.", "The server answered 401: it does not know the login.", True),
        ("Socket Exception: (550, b'no such user token12345')", "The server answered 550.", True),
        ("Max retries exceeded with url: /bot/token12345 (Connection refused)", "The connection was refused.", False),
        ("Could not notify token12345.", "Could not notify ….", False),
    ],
)  # fmt: skip
def test_a_failure_is_said_without_the_secrets_of_the_url(line, words, is_answer):
    assert in_words([(30, line)], "tgram://token12345/99887766") == (words, is_answer)


def test_secrets_are_taken_out_of_words():
    url = "json://mia:hunter2@hooks.example.com/s3cr3t?key=abcdef"

    assert without_secrets("mia hunter2 hooks.example.com s3cr3t abcdef", url) == "mia … … … …"


def test_a_late_thing_says_when_it_was_learned_of(db):
    one = alert()
    one.fact.noticed_at = NOW + timedelta(hours=2)

    said = message([one])

    assert said.title.endswith("(reported late)")
    assert "Reported late: PrintFactory learned of it Mon 23 Nov 2026, 18:06 (Europe/Berlin)." in said.text
