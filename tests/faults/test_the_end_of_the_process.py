"""How a server ends."""

import logging
import time

import pytest

logger = logging.getLogger(__name__)


@pytest.mark.parametrize("round_", [1, *(pytest.param(number, marks=pytest.mark.slow) for number in range(2, 6))])
def test_it_ends_well_with_50_streams_open(round_, server, audience):
    """Row 21: SIGTERM; exit code 0, and soon. Five times over: what crashes at the end does not always."""
    audience.open(server, 50)
    audience.wait_until_open()
    began = time.monotonic()

    assert server.stop() == 0

    logger.info(f"a server with 50 streams ended after {time.monotonic() - began:.1f} s (limit 6)")
