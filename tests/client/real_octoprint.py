"""A real OctoPrint with its virtual printer, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.environment import ROOT, cannot_run
from tests.processes import free_port, wait_for

VERSION = "1.11.8"
HOME = ROOT / f".venv/peers/octoprint-{VERSION}"
PROGRAM = HOME / "bin/octoprint"
GLOBAL_KEY = "0123456789ABCDEF" * 2
USER = "printfactory"
START_SECONDS = 60
LAYERS = 40
GCODE = "".join(f"G1 X{layer} Y{layer} F3000\nG4 P1000\n" for layer in range(LAYERS))
QUIET = ("announcements", "softwareupdate", "tracking", "errortracking", "discovery", "pluginmanager")


@dataclass
class RealOctoPrint:
    """An OctoPrint that is up; `api` speaks with its global key, `key` is a user's."""

    url: str
    api: httpx2.Client
    key: str = ""

    def shown(self) -> dict[str, Any]:
        """What /api/job shows."""
        answer: dict[str, Any] = self.api.get("/api/job").json()
        return answer

    def connect(self) -> None:
        """Connect the virtual printer."""
        self.say("/api/connection", command="connect", port="VIRTUAL", baudrate=115200)
        wait_for(lambda: self.shown()["state"] == "Operational", START_SECONDS, "the virtual printer")

    def print_file(self, name: str) -> None:
        """Upload a file of some 40 s and print it."""
        upload = {"file": (name, GCODE.encode(), "text/plain")}
        self.api.post("/api/files/local", files=upload, data={"select": "true", "print": "true"}).raise_for_status()

    def say(self, path: str, **body: Any) -> dict[str, Any]:
        """POST a command."""
        answer = self.api.post(path, json=body).raise_for_status()
        return dict(answer.json()) if answer.content else {}


def install() -> None:
    """Install OctoPrint once, into an environment of its own; skip when that is not possible here."""
    if PROGRAM.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(HOME)], check=True)
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "pip", "install", "--quiet", "--python", str(HOME / "bin/python"), f"OctoPrint=={VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        cannot_run(f"OctoPrint {VERSION} cannot be installed: {str(said)[-500:]}")


@contextmanager
def real_octoprint(folder: Path) -> Iterator[RealOctoPrint]:
    """Serve an OctoPrint whose data lives in `folder` until the end of the block."""
    install()
    port = free_port()
    settings = {
        "server": {"host": "127.0.0.1", "port": port, "firstRun": False, "onlineCheck": {"enabled": False}}
        | {"pluginBlacklist": {"enabled": False}},
        "api": {"key": GLOBAL_KEY},
        "plugins": {"_disabled": list(QUIET), "virtual_printer": {"enabled": True}},
    }
    (folder / "config.yaml").write_text(json.dumps(settings))  # JSON is YAML
    base = ["--basedir", str(folder)]
    user = ["user", "add", "--password", "not-secret", "--admin", USER]
    subprocess.run([str(PROGRAM), *base, *user], check=True, capture_output=True)
    command = [str(PROGRAM), "serve", *base, "--host", "127.0.0.1", "--port", str(port), "--iknowwhatimdoing"]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx2.Client(base_url=url, headers={"X-Api-Key": GLOBAL_KEY}, timeout=10) as api:
            wait_for(lambda: _is_up(api), START_SECONDS, "OctoPrint is up")
            octoprint = RealOctoPrint(url, api)
            octoprint.key = octoprint.say(f"/api/access/users/{USER}/apikey")["apikey"]
            yield octoprint
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _is_up(api: httpx2.Client) -> bool:
    try:
        return api.get("/api/version").status_code == 200
    except httpx2.TransportError:
        return False
