"""Whoever alerts go to, on this machine: a web server and a mail server that do as they are told."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.processes import free_port, wait_for


class WebReceiver:
    """Takes what is posted to it. `moods` says how the next requests are met, then all are taken:

    "hang" answers nothing until it is closed, "close" reads the message and hangs up, a number is the status answered.
    """

    def __init__(self) -> None:
        self.moods: list[str | int] = []
        self.messages: list[dict[str, Any]] = []
        self.met = 0  # requests
        self.when_met: Callable[[], object] = lambda: None  # once a message is here, and before it is answered
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.meet(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"json://127.0.0.1:{self.port}/prints"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def meet(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.met += 1
        mood = self.moods.pop(0) if self.moods else 200
        if mood == "hang":
            self.closing.wait(60)
        if mood in {"hang", "close"}:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        if mood == 200:
            self.messages.append(json.loads(body))
            self.when_met()
        request.send_response(int(mood))
        request.send_header("Content-Length", "0")
        request.end_headers()

    @property
    def titles(self) -> list[str]:
        return [str(message["title"]) for message in self.messages]

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class MailReceiver:
    """A real SMTP server. `moods` says how the next mails are met, then all are taken:

    "refuse" answers 451, "close" reads the message and hangs up without a word.
    """

    def __init__(self, port: int = 0) -> None:
        self.moods: list[str] = []
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.met = 0
        self.port = port or free_port()
        self.url = (
            f"mailto://127.0.0.1:{self.port}/?from=queue@example.com&to=mia@example.com&smtp=127.0.0.1&mode=insecure"
        )
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, server_hostname="mail.example")
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.met += 1
        mood = self.moods.pop(0) if self.moods else "take"
        if mood == "close":
            server.transport.abort()
        if mood in {"close", "refuse"}:
            return "451 Not now"
        self.raw.append(envelope.content)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def close(self) -> None:
        self.controller.stop()


class Silent:
    """Takes connections and says nothing until it is closed."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.url = (
            f"mailto://127.0.0.1:{self.port}/?from=queue@example.com&to=mia@example.com&smtp=127.0.0.1&mode=insecure"
        )
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for one in self.taken:
            one.close()


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Wait for `condition`: a process has to be started for each message, on a machine that others use too."""
    wait_for(lambda: bool(condition()), seconds, what)
