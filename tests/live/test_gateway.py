"""The gateway: what an open page costs the server, and how it ends."""

import socket
from pathlib import Path

from django.db import connection

from tests.conftest import ENVIRONMENT
from tests.processes import wait_for


def test_it_ends_well_with_streams_open(server, open_stream):
    streams = [open_stream(server).wait_until_open() for _ in range(20)]

    assert server.stop() == 0

    for stream in streams:
        stream.wait_for_end()


def test_open_pages_hold_no_thread_and_no_connection(server, open_stream):
    def threads() -> int:
        return len(list(Path(f"/proc/{server.pid}/task").iterdir()))

    def databases() -> int:
        if ENVIRONMENT.database == "sqlite":
            links = Path(f"/proc/{server.pid}/fd").iterdir()
            return sum("sqlite3" in str(link.readlink()) for link in links if link.is_symlink())
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    def open_many(count: int) -> None:
        for _ in range(count):
            open_stream(server).wait_until_open()

    open_many(5)
    few = threads(), databases()
    open_many(40)

    wait_for(lambda: threads() <= few[0] + 1 and databases() <= few[1], 10, f"{threads()}, {databases()}, {few}")


def test_a_websocket_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(
            b"GET /api/print-queue/events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

        assert line.recv(4096).startswith(b"HTTP/1.1 403")
