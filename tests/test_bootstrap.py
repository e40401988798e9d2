"""Fetching pip's wheel from whatever package index the machine is set up for."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from printfactory import bootstrap

WHEEL = b"stands for pip's wheel"
LOGIN = "Basic " + base64.b64encode(b"me:s@cret").decode()


class Index(BaseHTTPRequestHandler):
    """A private package index: it wants a log-in, and links its files relatively with a hash behind."""

    def do_GET(self) -> None:
        page = f'<a href="../../files/{bootstrap.PIP_WHEEL}?a=1&amp;b=2#sha256=0">pip</a>'.encode()
        bodies = {"/simple/pip/": page, f"/files/{bootstrap.PIP_WHEEL}?a=1&b=2": WHEEL}
        body = bodies.get(self.path) if self.headers["Authorization"] == LOGIN else None
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def index() -> Iterator[str]:
    """The URL of an index with a name and a password in it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://me:s%40cret@127.0.0.1:{server.server_port}/simple"
        server.shutdown()
        thread.join()


@pytest.fixture
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_wheel_comes_through_a_private_index(monkeypatch: pytest.MonkeyPatch, index: str, tmp_path: Path):
    monkeypatch.setattr(bootstrap, "PIP_SHA256", hashlib.sha256(WHEEL).hexdigest())

    assert bootstrap.fetch_pip(index, tmp_path).read_bytes() == WHEEL


def test_another_file_under_the_wheels_name_is_refused(index: str, tmp_path: Path):
    with pytest.raises(SystemExit, match="SHA-256"):
        bootstrap.fetch_pip(index, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_configuration")
def test_the_index_is_taken_from_pips_configuration_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://index.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))

    assert bootstrap.configured_index() == "https://index.example/simple"


@pytest.mark.usefixtures("no_configuration")
def test_the_environment_wins_over_the_configuration_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://index.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")

    assert bootstrap.configured_index() == "https://other.example/simple"
