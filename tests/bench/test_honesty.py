"""What would make a figure worth nothing, or worth less, stands in the table."""

from collections import Counter
from typing import Any

import pytest

from tests.bench import fanout, growth, latency, page_cost
from tests.bench.check import Tally
from tests.bench.load import Result
from tests.bench.table import Row

FEW_COSTS, MANY_COSTS = (1000.0, 8.0, 3.0), (1950.0, 8.0, 3.0)


def result(*, lost: int = 0, share: float = 0.4, latencies_ms: tuple[float, ...] = (5.0,)) -> Result:
    """A round in which nothing else went wrong."""
    tally = Tally(delivered=1000, lost=lost, latencies=[int(latency * 1e6) for latency in latencies_ms])
    values: dict[str, Any] = {"refused": Counter(), "call_ns": [], "reporting": 1.0, "telling": 1.0, "server_cpu": 0.1}
    return Result(reports=100, client_share=share, tally=tally, **values)


def rows(ours: Result, theirs: Result) -> list[Row]:
    """Rows 1 to 4, had both servers been measured so in every way."""
    names = {"PrintFactory": ours, "bare uvloop": theirs, "raw Node": theirs}
    results = {(name, calls): [one] for name, one in names.items() for calls in fanout.WAYS}
    return [
        fanout.against_bare(1, 4, 0.9, results),
        fanout.against_bare(2, 1, 0.6, results),
        fanout.against_node(results),
        latency.row([ours], [theirs]),
    ]


def test_a_server_that_loses_events_is_seen_to_be_no_measure_for_ours():
    for row in rows(result(), result(lost=3)):
        assert "3 lost" in row.figures
        assert row.is_met is False


def test_faults_of_ours_are_seen_in_each_of_its_rows():
    for row in rows(result(lost=3), result()):
        assert "ours: 3 lost" in row.figures
        assert row.is_met is False


def test_a_load_generator_that_may_have_held_a_server_up_is_seen():
    for row in rows(result(), result(share=0.97)):
        assert "97%" in row.figures


def test_nothing_is_remarked_where_all_is_well():
    for row in rows(result(), result()):
        assert "load" not in row.figures
        assert "lost" not in row.figures


def test_the_slowest_reports_of_all_rounds_count_together():
    quick, slow = result(latencies_ms=(1.0,) * 100), result(latencies_ms=(1.0,) * 99 + (50.0,))

    assert latency.p99([slow, quick, quick]) == 1.0
    assert latency.p99([slow, slow]) == 1.0
    assert latency.p99([result(latencies_ms=(1.0,) * 97 + (50.0,) * 3), quick]) == 50.0


def test_pages_that_were_cut_cost_nothing_and_count_for_nothing():
    assert page_cost.row(FEW_COSTS, MANY_COSTS, cut=0).is_met
    row = page_cost.row(FEW_COSTS, MANY_COSTS, cut=2)

    assert row.is_met is False
    assert "2 pages cut" in row.figures


@pytest.mark.parametrize("result", ["stale", "unmatched", "refused"])
def test_a_report_that_was_not_accepted_is_no_measurement(result: str):
    body = f'{{"success": true, "results": [{{"result": "{result}"}}]}}'.encode()

    with pytest.raises(RuntimeError, match=result):
        growth.check(b"POST /api/printer-reports HTTP/1.1", 200, body)


def test_what_was_done_is_a_measurement():
    growth.check(b"POST /api/printer-reports HTTP/1.1", 200, b'{"results": [{"result":"accepted"}]}')
    growth.check(b"GET /admin/print-queue/ HTTP/1.1", 200, b"<html>")
