"""Where a Chromium is, and a Debian package of it when there is none."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.environment import cannot_run

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The path of $CHROMIUM, else of one on PATH, else of Debian's package, installed as root; skip without."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else cannot_run(f"$CHROMIUM names {chosen}, which is not there")
    return _on_path() or _installed() or cannot_run("there is no Chromium; set $CHROMIUM to one")


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _installed() -> str | None:
    if not Path("/etc/debian_version").exists() or os.geteuid() != 0:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "--quiet", *arguments], env=environment, check=False)  # noqa: S607  (Debian's own)
    return _on_path()
