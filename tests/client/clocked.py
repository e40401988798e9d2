"""The real client, or the real server, in a process whose clock a test moves: only a test runs this.

    python -m tests.client.clocked client RUSH --config FILE
    python -m tests.client.clocked server SECONDS serve --port 8000

The client's clock and time since boot go right until the file RUSH appears; from then on FACTOR times as fast, until
they are `RUSHED_SECONDS` ahead. The server's clock is SECONDS ahead from the start.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

FACTOR = 60
RUSHED_SECONDS = 900.0


def ahead(rush: Path, real: Callable[[], float]) -> float:
    """How many seconds the client's clock is ahead now."""
    try:
        began = rush.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    return min(max(0.0, (FACTOR - 1) * (real() - began)), RUSHED_SECONDS)


def client(rush: str, *arguments: str) -> int:
    """Run the client; its waits are the real ones."""
    real_time, real_gettime = time.time, time.clock_gettime
    time.time = lambda: real_time() + ahead(Path(rush), real_time)
    time.clock_gettime = lambda clock: real_gettime(clock) + ahead(Path(rush), real_time)
    from printqueue.client.__main__ import main

    return main(arguments)


def server(seconds: str, *arguments: str) -> None:
    """Run a command of manage.py."""
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(seconds)), tick=True).start()
    import manage

    sys.argv = ["manage.py", *arguments]
    manage.main()


if __name__ == "__main__":
    sys.exit({"client": client, "server": server}[sys.argv[1]](*sys.argv[2:]))
