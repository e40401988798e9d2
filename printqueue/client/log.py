"""The client's log on standard error, in which no secret is ever shown, whoever says it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Collection
from typing import Final

LINE: Final = "%(asctime)s %(levelname)s %(message)s"
PRIORITIES: Final = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
HIDDEN: Final = "[secret]"
SHORTEST_HIDDEN: Final = 4
"""Shorter texts are within too many words to be hidden."""


def log_to_stderr(level: int) -> RedactingFormatter:
    """Begin to log, at DEBUG also what the libraries do. Return the formatter, to be told the secrets."""
    formatter = JournalFormatter("%(message)s") if _is_read_by_journal() else RedactingFormatter(LINE)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler])
    if level > logging.DEBUG:
        for chatty in ("httpx2", "httpcore2"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    threading.excepthook = _log_fault_of_thread
    return formatter


class RedactingFormatter(logging.Formatter):
    """Hides the secrets in all that is logged, exceptions and what a peer said included."""

    secrets: Collection[str] = ()

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of `record`."""
        return redacted(super().format(record), self.secrets)


class JournalFormatter(RedactingFormatter):
    """Begins each line with its priority as the journal of systemd takes it, which knows the time by itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of `record`."""
        priority = f"<{PRIORITIES.get(record.levelname, 6)}>"
        return priority + super().format(record).replace("\n", f"\n{priority}")


def _is_read_by_journal() -> bool:
    """Whether standard error leads to the journal: the variable alone is also inherited by programs in a terminal."""
    stream = os.fstat(sys.stderr.fileno())
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


def redacted(text: str, secrets: Collection[str]) -> str:
    """Return `text` with each of `secrets` hidden, the longest first: one may be within another."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_HIDDEN:
            text = text.replace(secret, HIDDEN)
    return text


def _log_fault_of_thread(fault: threading.ExceptHookArgs) -> None:
    exc_info = (fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    logging.critical("A fault ended the thread %s", fault.thread and fault.thread.name, exc_info=exc_info)
