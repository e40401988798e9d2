"""A newcomer's first minute: one command, three printers that move."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2

from tests.environment import ROOT
from tests.processes import ServeProcess, wait_for


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


def test_the_demo_shows_three_printers_that_move_and_ends_with_its_client(tmp_path: Path):
    environment = {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    server = ServeProcess(environment=environment, log=tmp_path / "demo.log")
    server.command = [sys.executable, "manage.py", "demo", "--port", str(server.port)]

    with server, closing(log_in(server)) as browser:
        wait_for(lambda: len(percents(browser)) == 3, 30, "three printers print")
        before = percents(browser)
        wait_for(lambda: all(now > was for now, was in zip(percents(browser), before, strict=True)), 30, "all moved")
        assert server.stop() == 0

    # A client that still ran would not let another one have its spool.
    config = ["--config", str(tmp_path / "client.toml")]
    command = [sys.executable, "-m", "printqueue.client", *config, "--once", "--dry-run"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
