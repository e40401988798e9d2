"""A real disk that can be filled up: a file system of its own in memory, which only root may mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.environment import cannot_run

SIZE_BYTES = 400_000


@dataclass
class SmallDisk:
    """A folder on a small disk."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill_up(self) -> None:
        """Leave no byte free."""
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * 4096):
                pass

    def make_room(self) -> None:
        """Undo it."""
        self._filler.unlink()

    def forbid_writing(self) -> None:
        """Mount it read-only, as the system does with a card that fails."""
        subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)  # noqa: S607


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount a disk at `folder`, which is made, until the end of the block."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "spool", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        cannot_run("no file system may be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607
