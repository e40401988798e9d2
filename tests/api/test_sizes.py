"""Bodies that are too large: refused, and never held in memory."""

import re
from pathlib import Path

import httpx2
import pytest

from printqueue.protocol import MAX_REPORTS_PER_CALL
from printqueue.views.api.parser import BODY_BYTES, REPORTS_BODY_BYTES
from tests.api.conftest import assert_error
from tests.factories import make_key

MEGABYTE = 1_000_000
BODY = b" " * MEGABYTE


def resident_bytes(pid: int) -> int:
    """The most memory that a process ever held."""
    kilobytes = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert kilobytes
    return int(kilobytes[1]) * 1024


def sent_in_chunks(megabytes: int):
    """A body whose length is not announced."""
    for _ in range(megabytes):
        yield BODY


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "chunked"])
@pytest.mark.parametrize("address", ["print-queue/1/progress", "printer-reports"])
def test_40_mb_are_refused_and_not_held(server, address, is_chunked):
    method = "PUT" if address.endswith("progress") else "POST"
    client = server.client(timeout=60, headers={"X-Api-Key": make_key()[1], "Content-Type": "application/json"})
    client.request(method, f"/api/{address}", content=b"{}")
    before = resident_bytes(server.pid)

    body = sent_in_chunks(40) if is_chunked else BODY * 40
    response = client.request(method, f"/api/{address}", content=body)

    assert response.status_code == 413
    assert response.json()["success"] is False
    assert resident_bytes(server.pid) - before < 10 * MEGABYTE
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("address", "most"), [("print-queue", BODY_BYTES), ("printer-reports", REPORTS_BODY_BYTES)])
def test_one_byte_more_than_the_limit_is_refused(caller, address, most):
    at_limit = caller.client.post(f"/api/{address}", b" " * most, content_type="application/json")
    beyond = caller.client.post(f"/api/{address}", b" " * (most + 1), content_type="application/json")

    assert_error(at_limit, 400)
    assert_error(beyond, 413)


def test_a_full_call_of_reports_fits(caller):
    report = {
        "printer": "01P00A000000000",
        "state": "printing",
        "runKey": "1234567890@1790000000",
        "progress": 45.3,
        "filename": "f" * 100 + ".gcode.3mf",
        "measuredAt": "2026-11-23T12:00:00.123Z",
        "sequence": 2**53 - 1,
    }

    response = caller.post("printer-reports", {"reports": [report] * MAX_REPORTS_PER_CALL})

    assert response.status_code == 200
    assert len(response.json()["results"]) == MAX_REPORTS_PER_CALL


def test_a_client_that_sends_all_before_it_reads_gets_the_answer(server):
    response = httpx2.put(f"{server.url}/api/print-queue/1/progress", content=sent_in_chunks(5), timeout=60)

    assert response.status_code == 413
