"""A sender process, as whoever has something to send sees it: it is given a time for everything, and ended after it."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from django.conf import settings

from printqueue.alerts.channels import Route

START_SECONDS: Final = 60.0
"""Seconds in which the process must be ready, unless somebody waits for it. Nothing is claimed before that."""

LOOK_SECONDS: Final = 0.2
"""Seconds between two looks whether to break off."""


@dataclass(frozen=True)
class Message:
    """What is sent: `title` is one line of plain text."""

    title: str
    text: str
    html: str


@dataclass(frozen=True)
class Answer:
    """How sending ended: "sent", "failed" (it did not arrive), "uncertain" (it may have) or "invalid" (the URL)."""

    outcome: str
    words: str = ""


class Courier:
    """Sends messages along one route, in a process of its own, until the `with` block ends.

    It is given up when it takes longer than `start_seconds` to get ready, or than `send_seconds` for a message; and,
    whatever it does, when `is_ending` says so.
    """

    def __init__(
        self,
        route: Route,
        *,
        send_seconds: float,
        start_seconds: float = START_SECONDS,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_ending = is_ending
        self._start_seconds, self._send_seconds = start_seconds, send_seconds
        # No proxies: behind one nobody could see where a connection really goes.
        variables = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "printqueue.alerts.sender"],
            cwd=settings.BASE_DIR,
            env={**variables, "PYTHONPATH": str(settings.BASE_DIR)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for whoever started it
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("unreachable")
        self._input, self._output = self._process.stdin, self._process.stdout
        self._unread = b""
        patience_seconds = max(1.0, send_seconds / 3)
        self._say({"url": route.url, "may_be_private": route.may_be_private, "patience_seconds": patience_seconds})

    def get_ready(self) -> Answer | None:
        """Wait until a message can be sent; return why none can be, if so."""
        said = self._hear(self._start_seconds)
        if said is None:
            return Answer("failed", "The sender did not start.")
        return None if said.get("ready") else Answer(said["outcome"], said["words"])

    def send(self, message: Message) -> Answer:
        """Send one message, or break it off."""
        self._say({"title": message.title, "text": message.text, "html": message.html})
        is_gone, end = False, time.monotonic() + self._send_seconds
        while (said := self._hear(end - time.monotonic())) is not None:
            if "outcome" in said:
                return Answer(said["outcome"], said["words"])
            is_gone = True
        why = self._why_silent()
        self._kill()
        return Answer("uncertain", f"{why}: it may have arrived.") if is_gone else Answer("failed", f"{why}.")

    def _why_silent(self) -> str:
        if self._is_ending():
            return "PrintFactory was stopped"
        is_over = self._process.poll() is not None
        return "The sender broke off" if is_over else f"Not done within {self._send_seconds:g} seconds"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()

    def _say(self, words: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):  # then it has ended, and will not answer
            self._input.write(json.dumps(words).encode() + b"\n")

    def _hear(self, seconds: float) -> dict[str, Any] | None:
        """Return its next line; None when it says nothing in the time there is, or never will."""
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if time.monotonic() > end or self._is_ending():
                    return None
                if selector.select(min(LOOK_SECONDS, max(0.0, end - time.monotonic()))):
                    piece = os.read(self._output.fileno(), 65536)
                    if not piece:
                        return None
                    self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._input.close()
        self._output.close()
