"""Makes a PostgreSQL's socket one of TCP, run as a program by test_hints.py on another network.

When it is killed it ends its connections with a reset, once: whoever was cut off before never hears of it.
"""

import asyncio
import socket
import sys

from tests.faults.lines import NO_LINGER


async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    from_postgres, to_postgres = await asyncio.open_unix_connection(sys.argv[3])
    await asyncio.gather(pump(reader, to_postgres), pump(from_postgres, writer), return_exceptions=True)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def main() -> None:
    async with await asyncio.start_server(lead, sys.argv[1], int(sys.argv[2])) as server:
        print("listening", flush=True)  # noqa: T201
        await server.serve_forever()


asyncio.run(main())
