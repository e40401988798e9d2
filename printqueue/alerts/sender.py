"""The program that speaks to the outside: `python -m printqueue.alerts.sender`, a process of its own.

Whatever a mail server or a web server does, it does to this process, which can be ended at any moment; and Apprise, with
all its services some 60 MB, goes when it is not needed. It knows no Django and no database.

On standard input it gets a route, then messages; on standard output it answers each, one JSON object a line. It ends when
its input does, also in the middle of a send: whoever started it is gone.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final

from printqueue.alerts.addresses import is_private_address

NOT_ALLOWED: Final = (
    "Its address is of this machine or of a private network, which is not allowed (ALERT_PRIVATE_TARGETS)."
)

MARKDOWN: Final = frozenset({"discord"})
"""Services that read every text as Markdown."""

CAUSES: Final = (
    ("not allowed (ALERT_PRIVATE_TARGETS)", NOT_ALLOWED),
    ("Connection refused", "The connection was refused."),
    ("Name or service not known", "The name of the server is not known."),
    ("Temporary failure in name resolution", "The name of the server could not be looked up."),
    ("No address associated", "The name of the server has no address."),
    ("Network is unreachable", "The network is unreachable."),
    ("No route to host", "There is no way to the server."),
    ("CERTIFICATE_VERIFY_FAILED", "The certificate of the server is not trusted."),
    ("WRONG_VERSION_NUMBER", "The server does not speak TLS there."),
    ("STARTTLS extension not supported", "The server does not offer STARTTLS."),
    ("timed out", "The server did not answer in time."),
    ("unexpectedly closed", "The server closed the connection."),
    ("closed connection", "The server closed the connection."),
    ("reset by peer", "The server closed the connection."),
    ("Broken pipe", "The server closed the connection."),
    ("SSLError", "The encrypted connection failed."),
    ("EOF occurred", "The server closed the connection."),
)
"""What the libraries say, and what people are told. Their own words may hold the URL."""


class Line:
    """What goes on on the line to the outside: watched by an audit hook, which no library can pass by."""

    def __init__(self, *, may_be_private: bool) -> None:
        self.may_be_private = may_be_private
        self.is_text_next = False
        self.has_text_gone = False

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse connections to where none may go, and note when the message itself leaves this machine."""
        if event == "socket.connect":
            self._check(arguments[1])
        elif event == "http.client.send":
            self._note()
        elif event == "smtplib.send":
            # After the command DATA, and the server's consent, comes the message.
            if self.is_text_next:
                self._note()
            data = arguments[1]
            self.is_text_next = (data.encode() if isinstance(data, str) else bytes(data[:6])).lower().strip() == b"data"

    def _check(self, address: Any) -> None:
        """Raise OSError unless this very address may be connected to: names were resolved before, redirects followed.

        So a name that is resolved to another address the second time gains nothing. What remains: a public address whose
        owner passes the connection on into a private network.
        """
        if self.may_be_private:
            return
        host = address[0] if isinstance(address, tuple) else ""
        try:
            is_private = is_private_address(str(host))
        except ValueError:
            is_private = True  # a file, or a name, which would be resolved behind our back
        if is_private:
            raise OSError(NOT_ALLOWED)

    def _note(self) -> None:
        if not self.has_text_gone:
            self.has_text_gone = True
            say(gone=True)


class Witness(logging.Handler):
    """Keeps what Apprise logs of one send."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):
            self.lines.append((record.levelno, record.getMessage()))


def say(**values: Any) -> None:
    """Write one line to whoever started this."""
    os.write(1, json.dumps(values).encode() + b"\n")


def serve() -> None:
    """Get ready for one target, then send what comes."""
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=[lines], daemon=True).start()
    order = json.loads(lines.get())
    with suppress(OSError):
        os.nice(5)  # reports go first
    line = Line(may_be_private=order["may_be_private"])
    sys.addaudithook(line.watch)
    service = _service(order["url"], order["patience_seconds"])
    if service is None:
        say(outcome="invalid", words="This is no URL of that service: look up how one is written.")
        return
    say(ready=True)
    while True:
        _send(service, json.loads(lines.get()), order["url"], line)


def _read(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(1)


def _service(url: str, patience_seconds: float) -> Any:
    """Return Apprise with the one service that `url` names, None if it names none."""
    import apprise

    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    asset = apprise.AppriseAsset(
        app_id="PrintFactory",
        app_desc="PrintFactory",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return None
    plugin.socket_connect_timeout = plugin.socket_read_timeout = patience_seconds
    plugin.service_retry = 0  # when to try again is decided by whoever keeps the log
    service = apprise.Apprise(asset=asset)
    return service if service.add(plugin) else None


def _send(service: Any, message: Mapping[str, str], url: str, line: Line) -> None:
    plugin = service[0]
    formats = plugin.notify_format if isinstance(plugin.notify_format, tuple | list) else [plugin.notify_format]
    scheme = url.partition("://")[0].lower()
    title = message["title"]
    if str(getattr(formats[0], "value", formats[0])) == "html":
        body, body_format = message["html"], "html"
    else:
        body, body_format = message["text"], "text"
        if scheme in MARKDOWN:
            body, title = escaped(body), escaped(title)
    line.has_text_gone = line.is_text_next = False
    witness, log = Witness(), logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.addHandler(witness)
    try:
        is_sent = bool(service.notify(title=title, body=body, body_format=body_format))
    except Exception as problem:
        witness.lines.append((logging.DEBUG, f"{type(problem).__name__}: {problem}"))
        is_sent = False
    finally:
        log.removeHandler(witness)
    if is_sent:
        say(outcome="sent", words="")
        return
    words, is_answer = in_words(witness.lines, url)
    say(outcome="uncertain" if line.has_text_gone and not is_answer else "failed", words=words)


def escaped(text: str) -> str:
    """Return plain text as Markdown that looks like it, and calls nobody (@everyone); addresses stay as they are."""
    parts = re.split(r"(https?://\S+)", text.replace("@", "@\u200b"))
    return "".join(
        part if index % 2 else re.sub(r"([\\*_~`|>#\[\]()-])", r"\\\1", part) for index, part in enumerate(parts)
    )


def in_words(lines: list[tuple[int, str]], url: str) -> tuple[str, bool]:
    """Return why a send failed, without anything of `url`, and whether the other side itself said so."""
    text = "\n".join(line for _, line in lines)
    answer = re.search(r"error=(\d{3})\b", text) or re.search(r"\((\d{3}), b['\"]", text)
    if answer is not None:
        known = {"401": "it does not know the login", "403": "it does not allow this", "404": "there is nothing there",
                 "413": "the message is too long", "429": "too many messages", "535": "it does not know the login"}  # fmt: skip
        what = known.get(answer[1])
        return f"The server answered {answer[1]}{f': {what}' if what else ''}.", True
    for found, words in CAUSES:
        if found in text:
            return words, False
    warnings = [line for level, line in lines if level >= logging.WARNING]
    return without_secrets(warnings[-1], url)[:250] if warnings else "It could not be sent.", False


def without_secrets(words: str, url: str) -> str:
    """Return `words` without whatever stands in `url`: passwords and tokens stand in any part of it."""
    pieces = {piece for piece in re.split(r"[:/?#@&=,]+", url.partition("://")[2]) if len(piece) > 3}
    for piece in sorted(pieces, key=len, reverse=True):
        words = words.replace(piece, "…")
    return words


if __name__ == "__main__":
    serve()
