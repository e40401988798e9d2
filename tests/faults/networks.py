"""A network of two for tests: this machine, and a place of its own from where a client can vanish without a word."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.environment import cannot_run

_numbers = itertools.count(1)


class Network:
    """A cable from this machine to a network namespace, made by iproute2; root alone may lay it.

    `here` is this machine's address on it, `within` the command that runs a program at the other end.
    """

    def __init__(self) -> None:
        number = next(_numbers)
        self.name = f"pf{os.getpid() % 100_000}x{number}"
        self.near, self.far = f"{self.name}a", f"{self.name}b"
        # From the range that is set aside for tests between networks (RFC 2544).
        subnet = f"198.18.{os.getpid() % 256}"
        self.here, self.there = f"{subnet}.{4 * number + 1}", f"{subnet}.{4 * number + 2}"
        self.within = ("ip", "netns", "exec", self.name)

    def drop_address(self) -> None:
        """Let the client's end forget its address: what is sent there is lost."""
        self._ip("-n", self.name, "address", "flush", "dev", self.far)

    def cut(self) -> None:
        """Take the client's end off the network."""
        self._ip("-n", self.name, "link", "set", self.far, "down")

    def mend(self) -> None:
        """Undo `cut`."""
        self._ip("-n", self.name, "link", "set", self.far, "up")

    def __enter__(self) -> Self:
        if not _may_lay_cables():
            cannot_run("a network of its own needs root and iproute2")
        made = self._try("netns", "add", self.name)
        if made.returncode:
            cannot_run(f"this machine gives no network of its own: {made.stderr.decode().strip()}")
        self._ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.name)
        self._ip("address", "add", f"{self.here}/30", "dev", self.near)
        self._ip("link", "set", self.near, "up")
        self._ip("-n", self.name, "address", "add", f"{self.there}/30", "dev", self.far)
        self._ip("-n", self.name, "link", "set", self.far, "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._try("netns", "delete", self.name)
        self._try("link", "delete", self.near)  # goes with the other end, but perhaps later

    def _ip(self, *arguments: str) -> None:
        done = self._try(*arguments)
        assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr.decode()}"

    @staticmethod
    def _try(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["ip", *arguments], capture_output=True, check=False)  # noqa: S607


def _may_lay_cables() -> bool:
    """Whether this is root on a machine with iproute2; on Debian its package is installed when it is missing."""
    if os.geteuid() != 0:
        return False
    if shutil.which("ip") is None and Path("/etc/debian_version").exists():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "iproute2"]):
            subprocess.run(["apt-get", "--quiet", *arguments], env=environment, check=False)  # noqa: S607
    return shutil.which("ip") is not None
