"""Make .venv with everything uv.lock names, from nothing but Python's standard library.

`./run` calls this when .venv is missing or out of date. Neither pip nor ensurepip is needed: pip's wheel is fetched
from the package index and run as it is, and installs uv, which installs the rest. All three steps are pinned by
hash. The index is the one pip or uv is configured for (UV_DEFAULT_INDEX, PIP_INDEX_URL, pip.conf), else PyPI.
"""

import argparse
import base64
import configparser
import fcntl
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import urllib.parse
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"

PYPI = "https://pypi.org/simple"
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
UV_VERSION = "0.13.9"
UV_REQUIREMENT = f"""uv=={UV_VERSION}
 --hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19
 --hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe
 --hash=sha256:ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375
 --hash=sha256:2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25
 --hash=sha256:66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63
""".replace("\n ", " \\\n ")

RUNTIME = ["--extra", "server", "--extra", "client"]
TESTS = ["--group", "test", "--group", "e2e", "--group", "lint", "--group", "bench"]


def configured_index() -> str | None:
    """The package index this machine is set up for; None when nobody chose one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    home = Path.home()
    config = configparser.RawConfigParser()
    # In pip's order: what comes later wins.
    files: list[str | Path] = [
        "/etc/xdg/pip/pip.conf",
        "/etc/pip.conf",
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
    ]
    config.read([*files, os.environ.get("PIP_CONFIG_FILE", "")])
    return config.get("global", "index-url", fallback=None)


def fetch(url: str) -> bytes:
    """The body behind `url`; a name and password in it are sent as Basic authentication."""
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())  # noqa: S310  (an index may be a file)
    if parts.username:
        login = ":".join(urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return bytes(response.read())


def fetch_pip(index: str, folder: Path) -> Path:
    """Fetch pip's wheel through the index's page for it; raise SystemExit when it is not the pinned one."""
    page_url = index.rstrip("/") + "/pip/"
    page = fetch(page_url).decode()
    link = re.search(rf'href="([^"]*{re.escape(PIP_WHEEL)}[^"]*)"', page)
    if link is None:
        sys.exit(f"The package index has no {PIP_WHEEL}.")
    wheel = fetch(_beside(page_url, link[1].replace("&amp;", "&")))
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"{PIP_WHEEL} from the package index is not the file we know (its SHA-256 differs).")
    path = folder / PIP_WHEEL
    path.write_bytes(wheel)
    return path


def _beside(page_url: str, link: str) -> str:
    """`link` resolved against its page; the page's credentials go along to the same host only."""
    page, target = urllib.parse.urlsplit(page_url), urllib.parse.urlsplit(urllib.parse.urljoin(page_url, link))
    if target.hostname == page.hostname and target.port == page.port:
        target = target._replace(netloc=page.netloc)
    return target._replace(fragment="").geturl()


def install_uv(index: str) -> None:
    """Put the pinned uv into .venv."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_pip(index, Path(folder))
        requirements = Path(folder, "uv.txt")
        requirements.write_text(UV_REQUIREMENT)
        environment = {**os.environ, "PIP_INDEX_URL": index, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        call(
            [PYTHON, wheel / "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", requirements],
            environment,
        )


def has_uv() -> bool:
    """Whether .venv holds the uv we want."""
    if not UV.exists():
        return False
    answer = subprocess.run([UV, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.startswith(f"uv {UV_VERSION}")


def sync(wanted: list[str], index: str | None) -> None:
    """Make .venv hold exactly what uv.lock says."""
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(VENV), "VIRTUAL_ENV": str(VENV)}
    if "PIP_CERT" in os.environ:
        environment.setdefault("SSL_CERT_FILE", os.environ["PIP_CERT"])
    selection: list[str | Path] = ["--frozen", "--quiet", "--python", PYTHON, *wanted]
    if index is None:
        call([UV, "sync", *selection, "--no-install-project"], environment)
        return
    # uv.lock names files on PyPI's own host; another index gives the same files, held to the same hashes.
    environment["UV_DEFAULT_INDEX"] = index
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        call([UV, "export", *selection, "--no-emit-project", "--output-file", requirements], environment)
        constraints = Path(folder, "constraints.txt")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        constraints.write_text("\n".join(project["tool"]["uv"]["build-constraint-dependencies"]))
        exactly: list[str | Path] = ["--require-hashes", "--build-constraints", constraints]
        call([UV, "pip", "sync", "--quiet", *exactly, requirements], environment)


def call(command: list[str | Path], environment: dict[str, str]) -> None:
    """Run a step in the project's folder; end with its exit code when it fails."""
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    if code:
        sys.exit(code)


def main() -> None:
    """Bring .venv up to date and note so in the stamp file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what tests and lint need")
    parser.add_argument("--stamp", required=True, help="what to note when all is done")
    options = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] < (3, 15):
        sys.exit(f"PrintFactory needs Python 3.11 to 3.14; this is {sysconfig.get_python_version()}.")
    VENV.mkdir(exist_ok=True)
    stamp = VENV / "stamp"
    with open(VENV / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two servers may be started at once
        if stamp.exists() and stamp.read_text() == options.stamp and PYTHON.exists():
            return
        print("Setting up .venv …", file=sys.stderr)  # noqa: T201  (a command speaks)
        stamp.unlink(missing_ok=True)
        venv.EnvBuilder(symlinks=True, upgrade=PYTHON.exists()).create(VENV)
        index = configured_index()
        if not has_uv():
            install_uv(index or PYPI)
        sync(RUNTIME + TESTS if options.tests else RUNTIME, index)
        stamp.write_text(options.stamp)


if __name__ == "__main__":
    main()
