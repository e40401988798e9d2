"""manage.py whose event loop can be blocked, run as a program by test_bursts.py.

SIGUSR2 blocks it for two seconds, and on until the file named by BLOCKED_WHILE is gone. Python runs the handler in the
main thread, which is the loop's; pump and request threads go on.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import manage


def block(*_: object) -> None:
    os.write(2, b"blocked\n")
    time.sleep(2)
    while Path(os.environ["BLOCKED_WHILE"]).exists():
        time.sleep(0.01)
    os.write(2, b"free again\n")


signal.signal(signal.SIGUSR2, block)
manage.main()
