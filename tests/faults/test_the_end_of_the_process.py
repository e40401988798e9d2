"""How a server ends."""

import logging
import signal
import time

import pytest

from tests.processes import wait_for

logger = logging.getLogger(__name__)


@pytest.mark.parametrize("round_", [1, *(pytest.param(number, marks=pytest.mark.slow) for number in range(2, 6))])
def test_it_ends_well_with_50_streams_open(round_, server, audience):
    """Row 21: SIGTERM; exit code 0, and soon. Five times over: what crashes at the end does not always."""
    audience.open(server, 50)
    audience.wait_until_open()
    began = time.monotonic()

    assert server.stop() == 0

    logger.info(f"a server with 50 streams ended after {time.monotonic() - began:.1f} s (limit 6)")


def test_it_ends_well_also_when_it_is_told_again_and_again(server, audience):
    """Row 21: to the very last moment; Python would let a signal kill it while it tidies up."""
    audience.open(server, 5)
    audience.wait_until_open()

    def has_ended_though_told_again() -> bool:
        server.process.send_signal(signal.SIGTERM)
        return not server.is_running

    wait_for(has_ended_though_told_again, 18)

    assert server.process.returncode == 0
