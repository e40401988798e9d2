"""A newcomer's first minute: one command, three printers that move."""

import os
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from printqueue.client.spool import Spool
from printqueue.management.commands.demo import running_client
from tests.environment import ROOT
from tests.processes import ServeProcess, free_port, wait_for


def percents(browser: httpx2.Client) -> list[float]:
    """What the page's printer cards show."""
    page = browser.get("/admin/print-queue/").text
    cards = re.findall(r'<article class="printer".*?</article>', page, re.DOTALL)
    found = [re.search(r"([\d.]+)<small", card) for card in cards]
    return [float(percent[1]) for percent in found if percent]


def log_in(server: ServeProcess) -> httpx2.Client:
    """A browser that has logged in with what the demo printed."""
    password = re.search(r"Log in as demo with the password (\w+)", server.output())
    assert password is not None
    browser = httpx2.Client(base_url=server.url, follow_redirects=True)
    browser.get("/")
    token = browser.cookies["csrftoken"]
    browser.post("/admin/login/", data={"username": "demo", "password": password[1], "csrfmiddlewaretoken": token})
    return browser


@pytest.fixture
def demo(tmp_path: Path) -> ServeProcess:
    """The demo on data of its own, not yet started."""
    environment = {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    server = ServeProcess(environment=environment, log=tmp_path / "demo.log")
    server.command = [sys.executable, "manage.py", "demo", "--port", str(server.port)]
    return server


def test_the_demo_shows_three_printers_that_move_and_ends_with_its_client(demo: ServeProcess, tmp_path: Path):
    with demo as server, closing(log_in(server)) as browser:
        wait_for(lambda: len(percents(browser)) == 3, 30, "three printers print")
        before = percents(browser)
        wait_for(lambda: all(now > was for now, was in zip(percents(browser), before, strict=True)), 30, "all moved")
        assert server.stop() == 0

    # A client that still ran would not let another one have its spool.
    Spool(tmp_path / "spool.sqlite3").close()


def test_a_second_demo_on_the_same_data_is_refused_and_leaves_the_first_as_it_was(demo: ServeProcess, tmp_path: Path):
    with demo:
        config = (tmp_path / "client.toml").read_text()
        command = [sys.executable, "manage.py", "demo", "--port", str(free_port())]
        environment = {**os.environ, **demo.environment}
        second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

        assert second.stderr.strip().splitlines()[-1].startswith("CommandError: Another server runs on ")
        assert (tmp_path / "client.toml").read_text() == config
        with closing(log_in(demo)) as browser:
            assert "sessionid" in browser.cookies


def test_a_client_that_is_caught_in_a_long_send_is_ended_all_the_same(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = tmp_path / "client.toml"
        printer = '[[printer]]\nserial = "sim-1"\ndriver = "simulated"\n'
        config.write_text(f'server = "http://127.0.0.1:{silent.getsockname()[1]}"\nkey = "k"\n{printer}')

        with running_client(config, tmp_path / "client.log", patience_seconds=0.5):
            caught, _address = silent.accept()
        caught.close()

    Spool(tmp_path / "spool.sqlite3").close()
