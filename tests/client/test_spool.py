"""What must survive a restart."""

import json
import sqlite3

import pytest

from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Poll, Spool, SpoolError
from printqueue.protocol import ReportState

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0
NOW_MS = 1_700_000_000_000
IDLE = Snapshot(ReportState.IDLE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool.sqlite3"


@pytest.fixture
def reopen(path):
    """`reopen(**options)`: close the spool of before and open the file again."""
    opened = []

    def open_again(**options):
        close_all()
        opened.append(Spool(path, **options))
        return opened[-1]

    def close_all():
        while opened:
            opened.pop().close()

    yield open_again
    close_all()


def poll(*snapshots, serial="sim-1", memory=None):
    return Poll(serial, None, list(snapshots) or [IDLE], memory)


def printing(percent, run_key="1@1"):
    return Snapshot(ReportState.PRINTING, run_key, progress=percent)


def percents(spool, limit=1000):
    return [json.loads(report.body)["progress"] for report in spool.waiting(limit)]


def test_the_first_sequence_is_the_clock_s(reopen):
    [report] = reopen().save([poll()], NOW)

    assert report["sequence"] == NOW_MS + 1


def test_sequences_rise_although_the_clock_stands_still(reopen):
    first, second = reopen().save([poll(IDLE, IDLE)], NOW)

    assert second["sequence"] == first["sequence"] + 1


def test_sequences_rise_over_a_restart_although_the_clock_went_back(reopen):
    [before] = reopen().save([poll()], NOW)
    [after] = reopen().save([poll()], NOW - 86_400)

    assert after["sequence"] == before["sequence"] + 1


def test_each_printer_has_its_own_sequence(reopen):
    spool = reopen()
    spool.save([poll(*[IDLE] * 5)], NOW)

    [report] = spool.save([poll(serial="sim-2")], NOW)

    assert report["sequence"] == NOW_MS + 1


def test_the_client_keeps_its_name(reopen):
    assert reopen().client == reopen().client


def test_a_driver_finds_again_what_it_wanted_remembered(reopen):
    reopen().save([poll(memory={"key": "0@1", "percent": 12.5})], NOW)

    assert reopen().memory("sim-1") == {"key": "0@1", "percent": 12.5}


def test_of_a_printer_never_seen_nothing_is_remembered(reopen):
    assert reopen().memory("sim-1") is None


def test_reports_wait_in_order_over_a_restart(reopen):
    reopen().save([poll(printing(1), printing(2)), poll(printing(3), serial="sim-2")], NOW)

    assert percents(reopen()) == [1, 2, 3]


def test_a_settled_report_is_gone(reopen):
    spool = reopen()
    spool.save([poll(printing(1), printing(2))], NOW)
    spool.forget(spool.waiting(1))

    assert percents(spool) == [2]


def test_a_new_state_or_run_is_a_change(reopen):
    spool = reopen()
    spool.save([poll(IDLE, IDLE, printing(0), printing(1), printing(0, run_key="2@2"))], NOW)

    assert [report.is_change for report in spool.waiting(9)] == [True, False, True, False, True]


def test_when_full_every_second_progress_goes_and_each_change_stays(reopen):
    spool = reopen(max_reports=10)
    spool.save([poll(*[printing(n) for n in range(10)])], NOW)
    spool.save([poll(Snapshot(ReportState.COMPLETED, "1@1", progress=100))], NOW)

    assert percents(spool) == [0, 2, 4, 6, 8, 100]


def test_when_full_of_changes_the_oldest_go(reopen):
    spool = reopen(max_reports=3)
    spool.save([poll(*[printing(n, run_key=f"{n}@1") for n in range(5)])], NOW)

    assert percents(spool) == [2, 3, 4]


def test_a_second_client_is_kept_out_of_the_same_file(path, reopen):
    reopen()

    with pytest.raises(SpoolError, match="in use by another printfactory-client"):
        Spool(path)


def test_a_file_that_is_no_spool_is_said_in_words(path):
    path.write_bytes(b"no database at all" * 100)

    with pytest.raises(SpoolError, match="is damaged or no spool"):
        Spool(path)


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(SpoolError, match="cannot be used as spool"):
        Spool(tmp_path / "absent" / "spool.sqlite3")


def test_a_save_that_fails_leaves_nothing_behind(path, reopen):
    spool = reopen()
    with pytest.raises(TypeError):
        spool.save([poll(printing(1)), poll(memory={"key": object()}, serial="sim-2")], NOW)

    assert spool.waiting(9) == []


def test_the_file_is_plain_sqlite(path, reopen):
    reopen().save([poll(printing(1))], NOW)
    reopen().close()

    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM report").fetchone() == (1,)
    database.close()
