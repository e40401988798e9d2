"""What open pages are promised, with real server processes that are killed, doubled and hurried."""

import logging
import time

from printqueue.models import PrintQueue
from tests.factories import make_job, make_key

logger = logging.getLogger(__name__)


def put_progress(server, token: str, job: PrintQueue, percent: float) -> None:
    with server.client(headers={"Authorization": f"Bearer {token}"}) as client:
        client.put(f"/api/print-queue/{job.pk}/progress", json={"progress": percent}).raise_for_status()


def test_a_write_is_told_at_once(server, open_stream):
    job, (_, token) = make_job(), make_key()
    stream = open_stream(server).wait_until_open()
    began = time.monotonic()

    put_progress(server, token, job, 45.3)
    stream.wait_for_message(progress=45.3, seconds=1.5)

    logger.info(f"PUT to stream in {1000 * (time.monotonic() - began):.0f} ms")
