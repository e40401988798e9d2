"""What daphne would not survive, or would pay for with memory."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet import tcp

from printqueue.serving import connections
from tests.environment import ROOT
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only


class Guarded:
    """A running guarded_server.py; `limits` are those of its module that are other than usual, in seconds."""

    def __init__(self, **limits: float) -> None:
        self.port = free_port()
        program = [sys.executable, str(Path(__file__).with_name("guarded_server.py")), str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(limit) for name, limit in limits.items()}}
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
        line = self.connect()
        line.sendall(ask(path))
        return line

    def connect(self) -> socket.socket:
        """A connection that has not asked."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait(timeout=18)


def ask(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def whole_answer(line: socket.socket, count: int = 1) -> bytes:
    """Read an answer, or so many, which travel in chunks, to their end."""
    heard = b""
    while heard.count(b"\r\n0\r\n\r\n") < count:
        piece = line.recv(65_536)
        assert piece, f"cut after {heard!r}"
        heard += piece
    return heard


def rest_until_end(line: socket.socket) -> bytes:
    """Read until the server ends the connection; ConnectionError when it does so without a FIN."""
    heard = b""
    while piece := line.recv(65_536):
        heard += piece
    return heard


@pytest.fixture(scope="module")
def patient() -> Iterator[Guarded]:
    server = Guarded()
    yield server
    server.stop()


@pytest.fixture
def hasty() -> Iterator[Guarded]:
    server = Guarded(STALLED_AFTER=0.5)
    yield server
    server.stop()


@pytest.fixture
def strict() -> Iterator[Guarded]:
    """Gives a request half a second, and an idle connection a whole one."""
    server = Guarded(REQUEST_TAKES=0.5, IDLE_FOR=1)
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


def test_a_client_that_reads_slowly_gets_it_all(hasty):
    """What waits for it lasts for many times the limit, yet it reads a little all the time."""
    with hasty.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        line.sendall(ask("/slow-read"))

        assert read_slowly(line) > 4_000_000


def test_what_waits_for_a_slow_reader_at_the_end_keeps_no_task(patient):
    with patient.open("/at-once") as line:
        wait_for(lambda: patient.state()["requests"] == 1, 10, "the answer is given")

        assert patient.state()["tasks"] == 1

        assert len(whole_answer(line)) > 10_000_000


def test_a_connection_between_two_requests_is_let_go_without_a_word(strict):
    with strict.open("/state") as line:
        whole_answer(line)

        assert rest_until_end(line) == b""


def test_a_connection_may_be_idle_for_longer_than_a_request_may_take(strict):
    with strict.open("/state") as line:
        whole_answer(line)
        time.sleep(0.7)  # the time that is tested

        line.sendall(ask("/state"))

        assert b"200 OK" in whole_answer(line)


def test_a_connection_is_not_idle_while_the_end_of_an_answer_is_being_read(strict):
    """All of it is written, and lies in buffers for several times as long as a connection may be idle."""
    with strict.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        line.sendall(ask("/at-once"))

        assert read_slowly(line) > 10_000_000


def test_a_connection_is_let_go_when_the_end_of_an_answer_is_not_read(strict):
    with strict.open("/at-once") as line:
        wait_for(lambda: not is_established(line), 10, "the server has cut it")


def is_established(line: socket.socket) -> bool:
    """Whether the connection still is one, without reading from it."""
    return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x01"


def read_slowly(line: socket.socket) -> int:
    """Read an answer to its end, a little at a time; return its length."""
    length = 0
    while piece := line.recv(32_768):
        length += len(piece)
        if piece.endswith(b"0\r\n\r\n"):
            break
        time.sleep(0.01)  # that is slow
    return length


def test_a_request_that_takes_its_time_is_cut_however_often_a_byte_comes(strict):
    with strict.open("/state") as line:
        whole_answer(line)

        with pytest.raises(ConnectionError):
            for byte in itertools.cycle(b"a"):
                line.sendall(bytes([byte]))
                time.sleep(0.05)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_an_answer_may_take_longer_than_a_request_though_requests_came_together(strict, before):
    with strict.connect() as line:
        line.sendall(ask("/state") * before + ask("/held/long"))
        wait_for(lambda: strict.state()["held"] == 1)
        time.sleep(1.2)  # longer than any limit of this server

        strict.get("/let-go/long")

        assert whole_answer(line, before + 1).count(b"200 OK") == before + 1


def test_what_is_written_straight_to_the_clients_socket_keeps_its_place(patient):
    assert patient.get("/straight") == b"first straight last"


def test_a_transport_that_is_not_known_inside_is_left_to_itself():
    class OfALaterVersion(tcp.Server):
        pass

    assert connections.straight_line(object.__new__(OfALaterVersion)) is None
    assert connections.straight_line(object.__new__(tcp.Server)) is None  # without buffers


def test_a_client_that_vanished_is_noticed_by_the_kernel_after_half_a_minute(patient):
    assert patient.state()["user_timeout"] == 30_000


def test_it_ends_well_with_responses_under_way(hasty):
    with hasty.open("/wait") as line:
        assert b"200" in line.recv(4096)

        assert hasty.stop() == 0


def test_told_to_end_it_listens_no_more_and_answers_who_asks_on_an_old_connection(patient_alone):
    server = patient_alone
    with server.open("/held/first") as first, server.connect() as second, server.connect() as third:
        wait_for(lambda: server.state()["held"] == 1)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(server), 10, "it listens no more")
        second.sendall(ask("/held/second"))
        third.sendall(ask("/let-go/first"))
        assert b"200 OK" in whole_answer(third)
        assert b"200 OK" in whole_answer(first)

        third.sendall(ask("/let-go/second"))

        assert b"200 OK" in whole_answer(second)
    assert server.wait() == 0


def listens(server: Guarded) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture
def patient_alone() -> Iterator[Guarded]:
    server = Guarded()
    yield server
    if server.process.poll() is None:
        server.stop()
