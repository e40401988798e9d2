"""The pages about the client say what the client does."""

import re
from typing import get_args

import pytest

from printqueue.client.__main__ import _parser
from printqueue.client.config import Printer, SimulatedPrinter, load
from printqueue.client.spool import MAX_BYTES
from printqueue.client.toml_table import ConfigError
from tests.client.certificates import Authority
from tests.environment import ROOT

pytestmark = pytest.mark.sqlite_only

FOLDER = ROOT / "docs/client"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
HEAD = 'server = "https://q.example"\nkey = "k"\n'
PRINTER = '[[printer]]\nserial = "A1"\ndriver = "{driver}"\nhost = "h"\naccess_code = "1"\n{tls}'
TEXTS = [
    HEAD + "x = 1\n" + PRINTER.format(driver="bambu", tls='tls = "off"'),
    HEAD + PRINTER.format(driver="bambu", tls='tls = "off"') + "\nx = 1",
    HEAD + PRINTER.format(driver="bambu", tls=f'tls = "pin"\ntls_sha256 = "{"0" * 64}"') + "\nx = 1",
    HEAD + '[[printer]]\nserial = "A1"\ndriver = "moonraker"\nurl = "http://h"\nx = 1',
    HEAD + '[[printer]]\nserial = "A1"\ndriver = "prusalink"\nurl = "http://h"\napi_key = "k"\nx = 1',
    HEAD + '[[printer]]\nserial = "A1"\ndriver = "simulated"\nx = 1',
    HEAD + '[[printer]]\nserial = "A1"\ndriver = "octoprint"\nurl = "http://h"\napi_key = "1"\nx = 1',
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_key_is_documented(tmp_path, text):
    path = tmp_path / "client.toml"
    path.write_text(text)

    with pytest.raises(ConfigError) as refused:
        load(path)

    known = str(refused.value).split("Known here: ")[1].rstrip(".").split(", ")
    assert [key for key in known if key != "printer" and f"`{key}`" not in README] == []


def test_every_option_is_documented():
    options = [option for action in _parser()._actions for option in action.option_strings if option.startswith("--")]

    assert [option for option in options if option != "--help" and f"`{option}" not in README] == []


def test_the_example_is_a_configuration(tmp_path):
    (tmp_path / "key").write_text("pf_ab_cd\n")
    (tmp_path / "printer.cer").write_bytes(Authority.create().pem)
    (tmp_path / "client.toml").write_text((FOLDER / "client.example.toml").read_text())

    assert len(load(tmp_path / "client.toml").printers) == 5


def examples():
    """The configurations in the guide: the lines that each begins with, and one for each printer."""
    head, *printers = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [head + printer for printer in printers]


def test_every_printer_of_the_guide_is_a_configuration(tmp_path):
    (tmp_path / "printer.cer").write_bytes(Authority.create().pem)
    kinds = set()
    for text in examples():
        for name in re.findall(r'^\w+_file = "(.+?)"', text, re.MULTILINE):
            (tmp_path / name).write_text("a-secret\n")
        (tmp_path / "client.toml").write_text(text)
        kinds |= {type(printer) for printer in load(tmp_path / "client.toml").printers}

    assert kinds == set(get_args(Printer)) - {SimulatedPrinter}


def test_what_the_guide_explains_is_what_the_client_says():
    source = "".join(path.read_text() for path in sorted((ROOT / "printqueue/client").rglob("*.py")))
    tables = README.split("## What `--check` says")[1].split("\n## ")[0]
    firsts = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    words = [re.split(" \\(4| …", text)[0] for first in firsts for text in re.findall("`([^`]+)`", first)]

    assert len(words) > 20
    assert [text for text in words if text not in source] == []


def test_the_bound_of_the_spool_is_the_documented_one():
    assert f"| `spool_megabytes` | {MAX_BYTES // 1_000_000} |" in README
