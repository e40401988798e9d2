"""The systemd unit: it starts the client as documented, and locks it in."""

import shlex
import shutil
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from printqueue.client.__main__ import _parser
from tests.environment import ROOT

pytestmark = pytest.mark.sqlite_only

UNIT = ROOT / "docs/client/printfactory-client.service"
README = (ROOT / "docs/client/README.md").read_text(encoding="utf-8")
NEWER_THAN_SOME_SYSTEMD = ("RestartSteps", "RestartMaxDelaySec")
EXPOSURE_LIMIT = 15
"""Tenths, as `systemd-analyze security --threshold` takes them; 0 is locked in, 100 is in the open."""


@pytest.fixture(scope="module")
def settings():
    """The unit's settings: the values of each name, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def test_it_starts_the_command_as_the_client_takes_it(settings):
    program, *arguments = shlex.split(settings["ExecStart"][0])

    assert Path(program).name == "printfactory-client"
    assert _parser().parse_args(arguments).config == Path("/etc/printfactory-client/client.toml")


def test_its_paths_and_user_are_those_of_the_guide(settings):
    program, _, config = shlex.split(settings["ExecStart"][0])
    [user], [group] = settings["User"], settings["Group"]

    assert [text for text in (program, config, f"--shell /usr/sbin/nologin {user}\n") if text not in README] == []
    assert user == group


def test_the_spool_of_the_example_is_where_the_unit_may_write(settings):
    spool = tomllib.loads((UNIT.parent / "client.example.toml").read_text())["spool"]

    assert Path(spool).parent == Path("/var/lib", settings["StateDirectory"][0])
    assert settings["ProtectSystem"] == ["strict"]


def test_it_comes_back_whatever_happened(settings):
    assert (settings["Restart"], settings["StartLimitIntervalSec"]) == (["always"], ["0"])


analyze = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(analyze is None, reason="systemd-analyze is not on this machine")


@pytest.fixture
def installed(tmp_path):
    """The unit with a program that is there."""
    text = UNIT.read_text()
    program = shlex.split(next(line for line in text.splitlines() if line.startswith("ExecStart=")))[0].split("=")[1]
    (tmp_path / UNIT.name).write_text(text.replace(program, "/bin/true"))
    return tmp_path / UNIT.name


@needs_systemd
def test_systemd_takes_every_line(installed):
    ended = subprocess.run([str(analyze), "verify", installed], capture_output=True, text=True, check=False)

    complaints = [line for line in ended.stderr.splitlines() if not any(key in line for key in NEWER_THAN_SOME_SYSTEMD)]
    assert (ended.returncode, complaints) == (0, [])


@needs_systemd
def test_systemd_finds_it_locked_in(installed):
    command = [str(analyze), "security", "--no-pager", "--offline=yes", f"--threshold={EXPOSURE_LIMIT}", str(installed)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
