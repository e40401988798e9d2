"""Between servers and PostgreSQL: passes everything on, and loses hints while it is told to."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from tests.faults.loop import LoopThread

SOCKET: Final = ".s.PGSQL.5432"
NOTIFICATION: Final = b"A"
"""The type of the message that carries a hint (PostgreSQL's documentation, "Message Formats")."""


class Wire:
    """A Unix socket that leads to the PostgreSQL whose socket is in `target`."""

    def __init__(self, target: Path) -> None:
        self.loses_hints = False
        self.lost = 0
        """How many hints were lost."""
        self._target = str(target / SOCKET)
        self._folder = Path(tempfile.mkdtemp(prefix="pf-"))
        self._thread = LoopThread("wire")
        path = str(self._folder / SOCKET)
        self._server = self._thread.run(asyncio.start_unix_server(self._connect, path))

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of `database` through this wire."""
        return f"postgresql://postgres@{quote(str(self._folder), safe='')}/{database}"

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_postgres, to_postgres = await asyncio.open_unix_connection(self._target)
        ways = [
            asyncio.create_task(self._there(reader, to_postgres)),
            asyncio.create_task(self._back(from_postgres, writer)),
        ]
        with suppress(asyncio.CancelledError):  # at the end of the test; asyncio would print it
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        to_postgres.close()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            if self.loses_hints and head[:1] == NOTIFICATION:
                self.lost += 1
                continue
            writer.write(head + body)
            await writer.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.loop.call_soon_threadsafe(self._server.close)
        self._thread.close()
        shutil.rmtree(self._folder)
