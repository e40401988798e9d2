"""The real printer client as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.client.broker import BambuBroker
from tests.environment import ROOT

LIMIT_SECONDS = 20


def bambu(printer: BambuBroker) -> str:
    """The configuration of a Bambu printer whose certificate is verified."""
    return (
        f'[[printer]]\nserial = "{printer.serial}"\nname = "A1 Bench"\ndriver = "bambu"\nhost = "{printer.host}"\n'
        f'port = {printer.port}\naccess_code = "{printer.access_code}"\ntls = "verify"\ntls_ca = "{printer.ca_file}"\n'
    )


def simulated(serial: str, *, seconds: float, file_name: str) -> str:
    """The configuration of a printer that prints `file_name` once, in so many seconds."""
    return (
        f'[[printer]]\nserial = "{serial}"\ndriver = "simulated"\nseconds = {seconds}\nrepeat = false\n'
        f'files = ["{file_name}"]\n'
    )


@contextmanager
def running_client(folder: Path, url: str, token: str, printers: str) -> Iterator[Path]:
    """Run the client for these printers until the block ends; yields its log. It polls as often as it may."""
    config = folder / "client.toml"
    config.write_text(f'server = "{url}"\nkey = "{token}"\npoll_seconds = 0.1\n{printers}')
    log = folder / "client.log"
    command = [sys.executable, "-m", "printqueue.client", "--config", str(config)]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)
