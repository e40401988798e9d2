"""The load generator against a real server: right where that is right, and not where it is not."""

import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

from tests.bench.load import Crowd, Result, Round, run
from tests.bench.servers import REFERENCES
from tests.bench.target import EVENTS, Target
from tests.processes import free_port, wait_for


@pytest.fixture
def bare() -> Iterator[Target]:
    """The reference that does nothing but write."""
    port = free_port()
    with subprocess.Popen([sys.executable, REFERENCES / "bare_uvloop.py", str(port)]) as process:
        wait_for(lambda: listens(port))
        yield Target("bare uvloop", port, process.pid)
        process.terminate()


def listens(port: int) -> bool:
    try:
        with httpx2.stream("GET", f"http://127.0.0.1:{port}{EVENTS}") as answer:
            return answer.status_code == 200
    except httpx2.TransportError:
        return False


async def load(target: Target, *, cut: int = 0) -> Result:
    """Twenty pages, of which so many are cut before the first report."""
    crowd = Crowd(target)
    await crowd.grow_to(20)
    for page in crowd.pages[:cut]:
        page.transport.abort()
    result = await Round(crowd, target.put).bursts(target.world.put_jobs, size=50, times=2, pause=0)
    await crowd.close()
    return result


def test_every_page_of_a_right_server_hears_everything(bare):
    result = run(load(bare))

    assert result.faults == ""
    assert result.tally.delivered == result.tally.expected == 20 * 100
    assert result.server_cpu >= 0
    assert len(result.call_ns) == 100


def test_a_page_that_was_cut_is_missed(bare):
    assert run(load(bare, cut=1)).tally.lost == 100
