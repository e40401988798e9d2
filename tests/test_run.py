"""./run, as people call it."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import httpx2
import pytest

from tests.client.fake_server import fake_server, wrong
from tests.environment import ROOT
from tests.processes import free_port, wait_for

logger = logging.getLogger(__name__)

USED_BY_THE_CLIENT = {"printfactory", "httpx2", "paho-mqtt"}
NEEDED_BY_HTTPX2 = {"httpcore2", "anyio", "h11", "idna", "truststore", "typing-extensions"}

VERBS = ["setup", "demo", "serve", "worker", "client", "manage", "test", "lint", "bench"]


def run(*arguments: str, cwd: Path = ROOT, **given: str) -> subprocess.CompletedProcess[str]:
    """Call ./run and wait for its end."""
    return subprocess.run(
        [ROOT / "run", *arguments], cwd=cwd, env={**os.environ, **given}, capture_output=True, text=True, check=False
    )


def test_alone_it_lists_its_verbs():
    ended = run()

    listed = [line.split()[1] for line in ended.stdout.splitlines() if line.startswith("  ./run ")]
    assert listed == VERBS
    assert ended.returncode == 0


def test_an_unknown_verb_is_refused():
    ended = run("launch")

    assert ended.returncode == 2
    assert "There is no verb 'launch'." in ended.stderr


def test_setup_that_has_nothing_to_do_does_not_even_look_for_python(tmp_path: Path):
    for tool in ("sh", "cat", "cksum", "dirname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    assert run("setup").returncode == 0

    ended = run("setup", PATH=str(tmp_path))

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_arguments_arrive_as_they_were_given():
    ended = run("manage", "shell", "--no-imports", "-c", "print('two  blanks', \"and 'quotes'\")")

    assert ended.stdout == "two  blanks and 'quotes'\n"


def test_the_exit_code_of_a_command_is_runs_own():
    assert run("manage", "shell", "--no-imports", "-c", "raise SystemExit(7)").returncode == 7


def test_it_works_from_any_folder_and_keeps_it(tmp_path: Path):
    ended = run("manage", "shell", "--no-imports", "-c", "import os; print(os.getcwd())", cwd=tmp_path)

    assert ended.stdout == f"{tmp_path}\n"


def test_a_signal_reaches_the_server(tmp_path: Path):
    port = free_port()
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [ROOT / "run", "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
        )

    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 60, "serve is ready")
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=20) == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{port}/healthz")
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Whether there is a 200 behind `url`."""
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False


def fresh_checkout(folder: Path) -> Path:
    """A copy of what git knows, as a clone has it."""
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")  # noqa: S607
    for name in filter(None, files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fresh_checkout_sets_itself_up(tmp_path: Path):
    checkout = fresh_checkout(tmp_path / "checkout")

    ended = subprocess.run([checkout / "run", "manage", "version"], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("5.2.")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_installed_client_brings_only_what_it_uses_and_works(tmp_path: Path):
    checkout = fresh_checkout(tmp_path / "checkout")
    installed = tmp_path / "installed"
    venv.create(installed)
    uv = Path(sys.prefix, "bin", "uv")
    python = installed / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, f"{checkout}[client]"], check=True)

    listed = subprocess.check_output([uv, "pip", "list", "--format", "json", "--python", python], text=True)
    names = {package["name"] for package in json.loads(listed)}
    logger.info(f"installed: {sorted(names)}")
    assert (USED_BY_THE_CLIENT - names, names - USED_BY_THE_CLIENT - NEEDED_BY_HTTPX2) == (set(), set())

    with fake_server() as queue:
        queue.answer = lambda _: wrong("reports")
        config = tmp_path / "client.toml"
        config.write_text(
            f'server = "{queue.url}"\nkey = "pf_ab_cd"\n[[printer]]\nserial = "s"\ndriver = "simulated"\n'
        )
        command = [str(installed / "bin/printfactory-client"), "--config", str(config), "--check"]
        checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert "ok    printer s: connected, preparing" in checked.stdout
    assert f"ok    server: {queue.url} takes reports with this key" in checked.stdout
