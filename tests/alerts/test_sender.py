"""The line to the outside: every connection is judged by the address that it really goes to."""

import socket
import sys

import pytest

from printqueue.alerts import sender
from printqueue.alerts.sender import Line


@pytest.mark.parametrize(
    "address",
    [("127.0.0.1", 80), ("10.1.2.3", 80), ("::1", 80, 0, 0), ("fe80::1%eth0", 80, 0, 2), ("::ffff:127.0.0.1", 80, 0, 0),
     ("localhost", 80), ("example.com", 80), "/run/docker.sock", b"\x00abstract"],
)  # fmt: skip
def test_no_connection_goes_to_a_private_address_nor_to_what_is_none(address):
    with pytest.raises(OSError, match="ALERT_PRIVATE_TARGETS"):
        Line(may_be_private=False).watch("socket.connect", (None, address))


@pytest.mark.parametrize("address", [("8.8.8.8", 443), ("2606:4700::1111", 443, 0, 0)])
def test_a_connection_may_go_to_the_internet(address):
    Line(may_be_private=False).watch("socket.connect", (None, address))


def test_a_connection_may_go_anywhere_where_that_is_allowed():
    Line(may_be_private=True).watch("socket.connect", (None, ("127.0.0.1", 80)))


def test_a_real_connection_passes_by_the_audit_hook():
    """By the event that Python raises for it: if it were called otherwise, the hook would let everything pass."""
    seen = []

    def hook(event, arguments):
        if event == "socket.connect":
            seen.append(arguments[1])

    sys.addaudithook(hook)  # for the rest of the process: there is no way to take it back
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()

        assert listener.getsockname() in seen


@pytest.mark.parametrize(
    ("events", "has_gone"),
    [
        ([("smtplib.send", b"ehlo me\r\n"), ("smtplib.send", b"data\r\n")], False),
        ([("smtplib.send", b"data\r\n"), ("smtplib.send", b"Subject: x\r\n\r\n.\r\n")], True),
        ([("smtplib.send", "DATA\r\n"), ("smtplib.send", b"Subject: x")], True),
        ([("http.client.send", b"POST /")], True),
        ([("socket.getaddrinfo", "example.com")], False),
    ],
)
def test_it_is_known_whether_the_message_itself_has_left(monkeypatch, events, has_gone):
    monkeypatch.setattr(sender, "say", lambda **values: None)
    line = Line(may_be_private=False)

    for event, data in events:
        line.watch(event, (None, data))

    assert line.has_text_gone is has_gone
