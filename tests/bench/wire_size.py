"""Row 13: what the list page and its scripts weigh on the way to a browser."""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

from tests.bench.growth import LIST
from tests.bench.servers import Servers
from tests.bench.table import Row
from tests.bench.target import Target

ROWS: Final = 50

# A script of the page, a shared worker, or a module that another one imports.
SCRIPT: Final = re.compile(r'(?:src|data-live-worker)="([^"]+\.js)"|(?:import|from)\s*"([^"]+\.js)"')


def measure(servers: Servers, say: Callable[[str], None]) -> list[Row]:
    """Fetch what a browser fetches, as compressed as the server gives it."""
    database = servers.sqlite("wire")
    world = servers.fill(database, "--ready", str(ROWS - 10), "--put-jobs", "5", "--printers", "5")
    ours = servers.ours(database, world)
    size, html = _fetch(ours, LIST)
    if html.count('class="q-row"') != ROWS:
        raise RuntimeError("The page does not have the rows that were wanted.")
    scripts = _scripts(ours, LIST, html)
    for path, weight in sorted(scripts.items()):
        say(f"{weight:6} bytes: {path}")
    script_kb = sum(scripts.values()) / 1024
    figures = f"{size / 1024:.1f} KB of {len(html.encode()) / 1024:.0f}; {script_kb:.1f} KB in {len(scripts)} scripts"
    is_met = size <= 60 * 1024 and script_kb <= 40
    what = f"list page over the wire: {ROWS} rows; all its JavaScript"
    return [Row(13, what, figures, "", "≤ 60 KB; ≤ 40 KB", is_met)]


def _scripts(target: Target, page: str, html: str) -> dict[str, int]:
    """Return the weight of every script that the page leads to, by path."""
    weights: dict[str, int] = {}
    left = [(page, html)]
    while left:
        base, text = left.pop()
        for found in SCRIPT.finditer(text):
            path = urljoin(base, found[1] or found[2])
            if path not in weights:
                weights[path], script = _fetch(target, path)
                left.append((path, script))
    return weights


def _fetch(target: Target, path: str) -> tuple[int, str]:
    """Return how many bytes the body had on the way, and the text in it."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", **target.page_headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} for {path}")
    return len(body), _text(body, answer.getheader("Content-Encoding", ""))


def _text(body: bytes, encoding: str) -> str:
    return (gzip.decompress(body) if encoding == "gzip" else body).decode()
