"""What daphne would not survive, or would pay for with memory."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet import tcp

from printqueue.serving import web
from tests.environment import ROOT
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only


class Guarded:
    """A running guarded_server.py."""

    def __init__(self, stalled_after: float) -> None:
        self.port = free_port()
        program = [sys.executable, str(Path(__file__).with_name("guarded_server.py")), str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "STALLED_AFTER": str(stalled_after)}
        self.process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE)
        assert self.process.stdout
        assert self.process.stdout.readline() == b"listening\n"

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def state(self) -> dict[str, int]:
        return dict(json.loads(self.get("/state")))

    def open(self, path: str) -> socket.socket:
        """A connection that has asked, and reads nothing."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return line

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def patient() -> Iterator[Guarded]:
    server = Guarded(stalled_after=30)
    yield server
    server.stop()


@pytest.fixture
def hasty() -> Iterator[Guarded]:
    server = Guarded(stalled_after=0.5)
    yield server
    server.stop()


def test_a_response_that_breaks_off_is_no_good_end_for_the_client(patient):
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        patient.get("/boom")


def test_after_a_response_that_broke_off_requests_are_still_cleaned_up(patient):
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        patient.get("/boom")
    for _ in range(20):
        patient.get("/state")

    wait_for(lambda: patient.state()["requests"] <= 2, 10, "all requests but this one are forgotten")


def test_a_client_that_reads_nothing_is_not_written_to_for_ever(patient):
    with patient.open("/big"):
        wait_for(lambda: patient.state()["sent"] > 0)
        stands_still = [0]

        def has_stopped() -> bool:
            stands_still.append(patient.state()["sent"])
            return stands_still[-1] == stands_still[-20:][0] and len(stands_still) > 20

        wait_for(has_stopped, 20, "the server waits for the client")

        assert patient.state()["sent"] < 30_000_000  # of 65 MB; what it is lies in the kernel's buffers


def test_a_client_that_reads_gets_it_all(patient):
    assert len(patient.get("/big")) > 65_000_000


def test_a_client_that_reads_nothing_is_cut(hasty):
    with hasty.open("/big") as line:
        wait_for(lambda: hasty.state()["requests"] == 1, 20, "only the request that asks is left")

        with pytest.raises(ConnectionError):
            while line.recv(1 << 20):
                pass


def test_what_is_written_straight_to_the_clients_socket_keeps_its_place(patient):
    assert patient.get("/straight") == b"first straight last"


def test_a_transport_that_is_not_known_inside_is_left_to_itself():
    class OfALaterVersion(tcp.Server):
        pass

    assert web.straight_line(object.__new__(OfALaterVersion)) is None
    assert web.straight_line(object.__new__(tcp.Server)) is None  # without buffers


def test_a_client_that_vanished_is_noticed_by_the_kernel_after_half_a_minute(patient):
    assert patient.state()["user_timeout"] == 30_000


def test_it_ends_well_with_responses_under_way(hasty):
    with hasty.open("/wait") as line:
        assert b"200" in line.recv(4096)

        assert hasty.stop() == 0
