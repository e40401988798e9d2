"""A client of one stream in a process of its own, run as a program: `python -m tests.faults.reader URL HEADERS`.

HEADERS is a JSON object. It says "open" on its standard output once the stream is, and reads until it is killed.
"""

import json
import sys

from tests.live.sse_client import SseClient


def main(url: str, headers: str) -> None:
    """Read the stream until it ends."""
    with SseClient(url, headers=json.loads(headers)) as stream:
        stream.wait_until_open(60)
        print("open", flush=True)  # noqa: T201
        stream.wait_for_end(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
