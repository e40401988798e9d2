"""The real client on a real disk that is full."""

import subprocess
import sys

import pytest

from tests.client.small_disk import small_disk
from tests.environment import ROOT
from tests.processes import wait_for

pytestmark = pytest.mark.sqlite_only

LIMIT_SECONDS = 60


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def log(queue, disk, tmp_path):
    """The log of a client that runs with its spool on the disk until the test ends."""
    config, log = tmp_path / "client.toml", tmp_path / "client.log"
    config.write_text(
        f'server = "{queue.url}"\nkey = "pf_ab_cd"\npoll_seconds = 0.1\nspool = "{disk.folder}/spool.sqlite3"\n'
        '[[printer]]\nserial = "sim-1"\ndriver = "simulated"\nseconds = 3600\n'
    )
    command = [sys.executable, "-m", "printqueue.client", "--config", str(config)]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    yield log
    process.terminate()
    process.wait(LIMIT_SECONDS)


def test_the_client_goes_on_while_its_disk_is_full_and_says_so_once(queue, disk, log):
    def wait_for_more(reports):
        enough = len(queue.sequences) + reports
        wait_for(lambda: len(queue.sequences) >= enough, LIMIT_SECONDS, "reports go on")

    wait_for_more(5)
    disk.fill_up()
    wait_for(lambda: "cannot be written" in log.read_text(), LIMIT_SECONDS, "the disk is missed")
    wait_for_more(20)
    disk.make_room()
    wait_for(lambda: "can be written again" in log.read_text(), LIMIT_SECONDS, "the disk is back")

    assert queue.sequences == sorted(set(queue.sequences))
    assert log.read_text().count("cannot be written") == 1
