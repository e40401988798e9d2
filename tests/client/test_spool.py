"""What must survive a restart."""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from functools import partial

import pytest

from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Poll, Spool, SpoolError
from printqueue.protocol import ReportState
from tests.client.small_disk import small_disk

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0
NOW_MS = 1_700_000_000_000
NOW_2026 = 1_790_000_000.0
EARLIER = """
CREATE TABLE client (uuid TEXT NOT NULL);
INSERT INTO client VALUES ('0c7a');
CREATE TABLE printer (
    serial TEXT PRIMARY KEY, sequence INTEGER NOT NULL, last_said TEXT NOT NULL, memory TEXT NOT NULL
);
INSERT INTO printer VALUES ('sim-1', 1700000000007, 'printing 1@1', 'null');
CREATE TABLE report (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recorded_at REAL NOT NULL, is_change INTEGER NOT NULL, body TEXT NOT NULL
);
INSERT INTO report (recorded_at, is_change, body) VALUES (1700000000.0, 1,
    '{"printer":"sim-1","state":"printing","measuredAt":"2023-11-14T22:13:20.000Z","sequence":1700000000007,"progress":1}');
"""
IDLE = Snapshot(ReportState.IDLE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool.sqlite3"


@pytest.fixture
def reopen(path):
    """`reopen(**options)`: close the spool of before and open the file again; its wall stands at NOW."""
    opened = []

    def open_again(**options):
        close_all()
        options.setdefault("wall", lambda: NOW)
        opened.append(Spool(path, **options))
        return opened[-1]

    def close_all():
        while opened:
            opened.pop().close()

    yield open_again
    close_all()


class Wall:
    """A clock on the wall that may be set, `ahead` of the right time."""

    ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


@pytest.fixture
def jumping(path):
    """A clock that may be set, and a spool that goes by it."""
    wall = Wall()
    spool = Spool(path, wall=wall)
    yield wall, spool
    spool.close()


@pytest.fixture
def small(tmp_path):
    """A spool on a small disk of its own; what fills the disk up, and what makes room again."""
    with small_disk(tmp_path / "disk") as disk:
        spool = Spool(disk.folder / "spool.sqlite3")
        yield spool, disk.fill_up, disk.make_room
        spool.close()


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


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


def test_sequences_follow_a_clock_that_is_put_right_after_the_start(jumping):
    """The spool may be older than what the server holds, such as on a memory card that lost what was written."""
    wall, spool = jumping
    wall.ahead += 30 * 86_400

    [report] = spool.save([poll()], spool.now())

    assert report["sequence"] > (time.time() + 29 * 86_400) * 1000


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


def test_a_second_client_is_kept_out_of_the_same_file(path, reopen):
    reopen()

    with pytest.raises(SpoolError, match="in use by another printfactory-client"):
        Spool(path)


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(SpoolError, match="cannot be used as spool"):
        Spool(tmp_path / "absent" / "spool.sqlite3")


def test_a_save_that_fails_leaves_nothing_behind(path, reopen):
    spool = reopen()
    with pytest.raises(TypeError):
        spool.save([poll(printing(1)), poll(memory={"key": object()}, serial="sim-2")], NOW)

    assert spool.waiting(9) == []


def test_a_report_that_was_settled_before_a_kill_may_come_again_but_none_is_lost(path):
    spool = Spool(path)
    spool.save([poll(printing(1), printing(2))], NOW)
    spool.forget(spool.waiting(1))
    # As after a kill: nothing of what was only in memory is written.
    copy = path.with_name("copy.sqlite3")
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{copy}{end}")
    spool.close()

    again = Spool(copy)
    assert percents(again) == [1, 2]
    again.close()


@pytest.mark.parametrize("written_share", [n / 16 for n in range(17)])
def test_a_power_cut_in_the_middle_of_writing_leaves_what_was_whole(path, written_share):
    spool = Spool(path)
    for n in range(20):
        spool.save([poll(printing(n))], NOW + n)
    log, torn = path.with_name(path.name + "-wal").read_bytes(), path.with_name("torn.sqlite3")
    shutil.copy(path, torn)
    torn.with_name(torn.name + "-wal").write_bytes(log[: int(len(log) * written_share)])
    spool.close()

    again = Spool(torn)
    left = percents(again)
    again.close()

    assert left == list(range(len(left)))
    assert len(left) >= 20 * written_share - 5


def test_what_was_settled_is_deleted_with_the_next_poll(path, reopen):
    spool = reopen()
    spool.save([poll(printing(1), printing(2))], NOW)
    spool.forget(spool.waiting(1))
    spool.save([poll(printing(3))], NOW)

    assert percents(reopen()) == [2, 3]


def test_reports_of_printers_that_are_held_back_do_not_keep_others_waiting(reopen):
    spool = reopen()
    spool.save([poll(*[printing(n) for n in range(20)]), poll(printing(50), serial="sim-2")], NOW)

    assert [report.printer for report in spool.waiting(5, without_printers=["sim-1"])] == ["sim-2"]


# ---------------------------------------------------------------------- the clock


def test_a_jump_of_the_clock_moves_what_waits_and_not_its_order(path, jumping):
    wall, spool = jumping
    spool.save([poll(printing(1))], spool.now())
    wall.ahead -= 30 * 86_400
    spool.save([poll(printing(2))], spool.now())

    bodies, sent_at = spool.dated(spool.waiting(9))

    first, second = map(json.loads, bodies)
    assert first["sequence"] < second["sequence"]
    assert sent_at - 5 < seconds(first["measuredAt"]) <= seconds(second["measuredAt"]) <= sent_at + 0.001


def test_the_start_of_a_print_moves_with_the_time_of_its_report(jumping):
    wall, spool = jumping
    spool.save([poll(Snapshot(ReportState.PRINTING, "1@1", started_at=spool.now() - 60))], spool.now())
    wall.ahead += 30 * 86_400

    [body], _ = spool.dated(spool.waiting(9))

    report = json.loads(body)
    assert round(seconds(report["measuredAt"]) - seconds(report["startedAt"])) == 60


def test_as_long_as_the_clock_does_not_jump_a_report_goes_out_as_it_was_kept(jumping):
    _, spool = jumping
    [report] = spool.save([poll(printing(1))], spool.now())

    [body], _ = spool.dated(spool.waiting(9))

    assert json.loads(body) == report


def test_over_a_boot_into_1970_sequences_rise_and_no_report_is_dated_in_the_future(path):
    spool = Spool(path, wall=lambda: NOW_2026, uptime=lambda: 5000.0)
    [before] = spool.save([poll(printing(1))], spool.now())
    spool.close()
    spool = Spool(path, wall=lambda: 30.0, uptime=lambda: 30.0)
    [after] = spool.save([poll(printing(2))], spool.now())

    bodies, sent_at = spool.dated(spool.waiting(9))
    spool.close()

    assert after["sequence"] > before["sequence"]
    assert max(seconds(json.loads(body)["measuredAt"]) for body in bodies) <= sent_at


def test_eras_of_which_nothing_waits_any_more_are_forgotten(path):
    for boot in range(5):
        spool = Spool(path, wall=partial(float, NOW_2026 + 1000 * boot), uptime=lambda: 30.0)
        spool.save([poll()], spool.now())
        spool.forget(spool.waiting(9))
        spool.close()

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM era").fetchone()[0] <= 2


# ---------------------------------------------------------------------- a file that is damaged, or of before


def test_a_file_that_is_no_spool_is_set_aside_and_named_in_the_log(path, reopen, said):
    path.write_bytes(b"no database at all" * 1000)

    reopen().save([poll(printing(1))], NOW)

    assert (percents(reopen()), path.with_name("spool.sqlite3.damaged").exists()) == ([1], True)
    assert [line for line in said() if "spool.sqlite3.damaged" in line] == said()


def damage(path):
    """Overwrite a quarter of the file, from its middle on."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))


def fill(spool, polls):
    """Save so many polls of twenty long reports; return the last sequence."""
    spool.save([poll(printing(0), memory={"key": "1@1"})], NOW)
    for n in range(polls):
        long = Snapshot(ReportState.PRINTING, "1@1", "a" * 255, progress=n % 100)
        reports = spool.save([poll(*[long] * 20, memory={"key": "1@1"})], NOW + n)
    return reports[-1]["sequence"]


def test_a_damaged_file_keeps_name_and_runs_and_what_is_legible(path, reopen):
    spool = reopen()
    fill(spool, 100)
    client = spool.client
    spool.close()
    damage(path)

    spool = reopen()

    assert (spool.client, spool.memory("sim-1")) == (client, {"key": "1@1"})
    assert 500 < len(spool.waiting(9999)) < 1500


def test_after_damage_sequences_rise(path, reopen):
    spool = reopen()
    last = fill(spool, 100)
    spool.close()
    damage(path)

    [report] = reopen().save([poll(printing(1))], NOW)

    assert report["sequence"] > last


def test_after_damage_own_time_does_not_go_back(path):
    """It may be ahead of the wall; reports that were kept would be dated in the future, and refused."""
    spool = Spool(path, wall=lambda: NOW_2026, uptime=lambda: 5000.0)
    spool.save([poll(printing(1))], spool.now())
    spool.close()
    spool = Spool(path, wall=lambda: NOW_2026 - 86_400 * 3, uptime=lambda: 30.0)
    [before] = spool.save([poll(printing(2))], spool.now())
    spool.close()
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DELETE FROM printer; PRAGMA user_version = 1;")

    spool = Spool(path, wall=lambda: NOW_2026 - 86_400 * 3, uptime=lambda: 60.0)
    [after] = spool.save([poll(printing(3))], spool.now())
    bodies, sent_at = spool.dated(spool.waiting(9))
    spool.close()

    assert after["sequence"] > before["sequence"]
    assert len(bodies) == 3
    assert max(seconds(json.loads(body)["measuredAt"]) for body in bodies) <= sent_at


@pytest.mark.parametrize(
    "tipped",
    [
        "UPDATE report SET body = substr(body, 1, 40) WHERE id = 2",
        "UPDATE report SET body = replace(body, 'measuredAt\":\"2', 'measuredAt\":\"x') WHERE id = 2",
        "UPDATE report SET worth = 9 WHERE id = 2",
        "UPDATE report SET body = CAST(x'ff' || CAST(body AS BLOB) AS TEXT) WHERE id = 2",
        "UPDATE printer SET memory = '{'",
    ],
)
def test_a_bit_that_tipped_in_a_row_holds_up_nothing(path, reopen, said, tipped):
    reopen().save([poll(*map(printing, [1, 2, 3]))], NOW)
    reopen().close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(tipped)

    spool = reopen()
    spool.waiting(9)

    assert percents(spool)[:1] + percents(spool)[-1:] == [1, 3]
    assert spool.memory("sim-1") is None
    assert [line for line in said() if "set aside" in line] == said()


def test_damage_that_shows_while_the_file_is_open_costs_no_report_that_comes_after(path, reopen, said):
    spool = reopen()
    fill(spool, 500)
    damage(path)
    spool.waiting(99_999)
    reports = [report for n in range(5) for report in spool.save([poll(printing(n))], NOW + 500 + n)]

    waiting = [json.loads(report.body)["sequence"] for report in reopen().waiting(99_999)]

    assert waiting[-5:] == [report["sequence"] for report in reports]
    assert [line for line in said() if "set aside" in line] == said()


def test_a_spool_of_an_earlier_version_is_taken_over(path, reopen):
    with closing(sqlite3.connect(path)) as database:
        database.executescript(EARLIER)

    spool = reopen()
    [report] = spool.save([poll(printing(2), memory={"key": "0@1"})], NOW - 100)

    assert spool.client == "0c7a"
    assert report["sequence"] == NOW_MS + 8
    assert percents(spool) == [1, 2]


# ---------------------------------------------------------------------- a disk that is full


def test_with_a_full_disk_reports_go_on_from_memory_and_it_is_said_once(small, said):
    spool, fill_up, _ = small
    spool.save([poll(printing(1))], NOW)
    fill_up()
    for n in range(2, 5):
        spool.save([poll(printing(n, run_key=f"{n}@1"))], NOW + n)

    assert percents(spool) == [1, 2, 3, 4]
    assert [line for line in said() if "kept in memory" in line] == said()


def test_what_was_sent_from_a_full_disk_is_not_sent_again(small):
    spool, fill_up, _ = small
    spool.save([poll(printing(1))], NOW)
    fill_up()
    spool.save([poll(printing(2, run_key="2@1"))], NOW + 1)
    spool.forget(spool.waiting(9))
    spool.save([poll(printing(3, run_key="3@1"))], NOW + 2)

    assert percents(spool) == [3]


def test_what_was_sent_while_the_disk_was_full_takes_no_room_in_memory(small):
    spool, fill_up, _ = small
    spool.save([poll(printing(1))], NOW)
    fill_up()
    for n in range(50):
        spool.save([poll(printing(n, run_key=f"{n}@1"))], NOW + n)
        spool.forget(spool.waiting(9))

    assert len(spool._overflow.read(100)) <= 1
    assert len(spool._settled) <= 2


def test_when_the_disk_has_room_again_all_is_on_it_again(small, said):
    spool, fill_up, make_room = small
    spool.save([poll(printing(1))], NOW)
    fill_up()
    spool.save([poll(printing(2, run_key="2@1"))], NOW + 1)
    make_room()
    spool.save([poll(printing(3))], NOW + 2)
    spool.close()

    again = Spool(spool._path)
    assert percents(again) == [1, 2, 3]
    assert "can be written again" in said()[-1]
    again.close()


def test_a_disk_that_is_full_again_and_again_is_not_said_each_time(small, said):
    spool, fill_up, make_room = small
    for n in range(3):
        fill_up()
        spool.save([poll(printing(n, run_key=f"{n}@1"))], NOW + 2 * n)
        make_room()
        spool.save([poll(printing(n, run_key=f"{n}@1"))], NOW + 2 * n + 1)

    assert len(said()) == 2


def test_a_trouble_that_stays_is_said_when_the_hour_after_the_one_before_it_is_over(small, said, monkeypatch):
    spool, fill_up, make_room = small
    fill_up()
    spool.save([poll(printing(0))], NOW)
    make_room()
    spool.save([poll(printing(1, run_key="2@1"))], NOW + 1)
    fill_up()
    spool.save([poll(printing(2, run_key="3@1"))], NOW + 2)
    monkeypatch.setattr("printqueue.client.spool.SAY_AGAIN_SECONDS", 0.0)
    spool.save([poll(printing(3, run_key="4@1"))], NOW + 3)

    assert "kept in memory" in said()[-1]
    assert len(said()) == 3


def test_a_client_that_starts_with_a_full_disk_reports_all_the_same(small):
    spool, fill_up, _ = small
    spool.save([poll(printing(1))], NOW)
    spool.close()
    fill_up()

    again = Spool(spool._path)
    [report] = again.save([poll(printing(2))], NOW + 1)

    assert json.loads(again.waiting(9)[-1].body) == report
    again.close()


def test_the_file_is_plain_sqlite(path, reopen):
    reopen().save([poll(printing(1))], NOW)
    reopen().close()

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM report").fetchone() == (1,)


# ---------------------------------------------------------------------- a disk that may only be read


def test_a_restart_on_a_disk_that_became_read_only_changes_neither_name_nor_runs(tmp_path, said):
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "spool.sqlite3"
        spool = Spool(path)
        [before] = spool.save([poll(printing(1), memory={"key": "1@1"})], spool.now())
        client = spool.client
        spool.close()
        disk.forbid_writing()

        spool = Spool(path)
        [after] = spool.save([poll(printing(2), memory={"key": "1@1"})], spool.now())

        assert (spool.client, spool.memory("sim-1")) == (client, {"key": "1@1"})
        assert after["sequence"] > before["sequence"]
        assert percents(spool) == [2]
        assert [line for line in said() if "kept in memory" in line] == said()
        spool.close()
