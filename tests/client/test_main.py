"""The program as a process: options, exit codes, stopping, dying and starting again."""

import json
import logging
import signal
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from printqueue.client.__main__ import main
from tests.client.broker import BambuBroker
from tests.client.drivers.compose_http_prints import klipper, moonraker
from tests.client.drivers.printer_server import HANG, printer_server
from tests.client.fake_server import accepted, wrong
from tests.client.program import KEY, LIMIT_SECONDS, SIMULATED, client
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only
logger = logging.getLogger(__name__)

END_SECONDS = 3


def reports(queue):
    return [report for call in list(queue.calls) for report in call.body["reports"]]


def moments(queue):
    """When the client looked at its printers."""
    return {report["measuredAt"] for report in reports(queue)}


@contextmanager
def silent_port():
    """A port that takes connections and never says anything."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_wrong_configuration_stops_the_start_in_one_sentence(configure):
    ended = client("--config", configure(SIMULATED + "sped = 2\n"))

    assert ended.returncode == 2
    assert "unknown key `sped`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_once_reports_every_printer_once(configure, queue):
    ended = client("--config", configure(), "--once")

    assert (ended.returncode, [report["state"] for report in reports(queue)]) == (0, ["preparing"])


def test_once_fails_when_the_server_is_away_and_keeps_the_report(configure, queue):
    assert client("--config", configure(server=f"http://127.0.0.1:{free_port()}"), "--once").returncode == 1
    assert client("--config", configure(), "--once").returncode == 0

    assert len(reports(queue)) == 2


def test_once_fails_when_nothing_is_heard_of_a_printer(configure, queue, monkeypatch, caplog):
    monkeypatch.setattr("printqueue.client.check.FIRST_SIGHT_SECONDS", 0.0)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # the client sets its own
    with printer_server() as voron:
        voron.replies = {"/printer/objects/query": HANG}
        config = configure(SIMULATED + f'[[printer]]\nserial = "v"\ndriver = "moonraker"\nurl = "{voron.url}"\n')
        code = main(["--config", str(config), "--once"])

    assert (code, [report["printer"] for report in reports(queue)]) == (1, ["sim-1"])
    assert "Nothing was heard of v: --check says more" in caplog.text


def test_a_check_that_is_broken_off_ends_without_a_complaint(configure, start, tmp_path):
    with silent_port() as port:
        bambu = '[[printer]]\nserial = "01P00A"\ndriver = "bambu"\nhost = "127.0.0.1"\naccess_code = "12345678"\n'
        process = start("--config", configure(f'{bambu}port = {port}\ntls = "off"\n'), "--check", "--verbose")
        wait_for(lambda: "receive_response" in (tmp_path / "client-0.log").read_text(), LIMIT_SECONDS)
        process.send_signal(signal.SIGINT)

        assert process.wait(LIMIT_SECONDS) == 1
    assert "Traceback" not in (tmp_path / "client-0.log").read_text()


def test_a_dry_run_prints_reports_and_sends_nothing(configure, queue, tmp_path):
    ended = client("--config", configure(), "--once", "--dry-run")

    assert json.loads(ended.stdout)["printer"] == "sim-1"
    assert (queue.calls, (tmp_path / "spool.sqlite3").exists()) == ([], False)


def test_a_check_where_all_is_well_says_so(configure, queue, tmp_path):
    queue.answer = lambda _: wrong("reports")

    ended = client("--config", configure(), "--check")

    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        "ok    printer sim-1 (Left): connected, preparing",
        f"ok    spool {tmp_path / 'spool.sqlite3'}: can be written",
        f"ok    server: {queue.url} takes reports with this key",
    ]


def test_a_check_says_what_is_wrong_and_how_to_mend_it(configure, queue):
    queue.answer = lambda _: (401, {}, {"success": False, "error": "Unknown key.", "details": []})
    bambu = (
        '[[printer]]\nserial = "01P00A000000000"\ndriver = "bambu"\nhost = "127.0.0.1"\n'
        f'port = {free_port()}\naccess_code = "12345678"\ntls = "off"\n'
    )

    ended = client("--config", configure(bambu), "--check")

    printer, _spool, server = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "is LAN mode on" in printer
    assert "make one with `create_key`" in server


def test_a_check_tells_a_wrong_access_code_from_a_wrong_address(configure, tmp_path):
    with BambuBroker(tmp_path) as printer:
        bambu = (
            f'[[printer]]\nserial = "{printer.serial}"\ndriver = "bambu"\nhost = "127.0.0.1"\nport = {printer.port}\n'
            f'access_code = "00000000"\ntls_ca = "{printer.ca_file}"\n'
        )
        ended = client("--config", configure(bambu), "--check")

    assert "refuses the access code" in ended.stdout


def test_a_check_says_of_each_printer_that_is_asked_over_http_what_is_wrong(configure, queue):
    queue.answer = lambda _: wrong("reports")
    with printer_server() as voron, printer_server() as mk4, printer_server() as stopped:
        voron.replies = {path: tuple(reply) for path, reply in moonraker(klipper("standby")).items()}
        mk4.replies = {"/api/v1/status": (401, {})}
        shutdown = klipper("standby", klipper="shutdown", why="Lost MCU")
        stopped.replies = {path: tuple(reply) for path, reply in moonraker(shutdown).items()}
        asked = '[[printer]]\nserial = "{}"\ndriver = "{}"\nurl = "{}"\napi_key = "hush"\n'
        ended = client(
            "--config",
            configure(
                asked.format("voron-1", "moonraker", voron.url)
                + asked.format("mk4-1", "prusalink", mk4.url)
                + asked.format("voron-2", "moonraker", stopped.url)
            ),
            "--check",
        )

    assert ended.returncode == 1
    assert ended.stdout.splitlines()[:3] == [
        "ok    printer voron-1: connected, idle",
        f"WRONG printer mk4-1: {mk4.url} refuses to be asked (401): read the API key, or user name and password, again in "
        "the printer's settings under PrusaLink and put them into the configuration",
        "WRONG printer voron-2: Klipper is not ready (shutdown): Lost MCU",
    ]
    assert "hush" not in ended.stdout + ended.stderr


def test_the_key_is_in_no_line_of_log(configure, queue, tmp_path, start):
    queue.answer = lambda _: (401, {}, {"success": False, "error": "Unknown key.", "details": []})
    process = start("--config", configure())
    log = tmp_path / "client-0.log"
    wait_for(lambda: "does not know the key" in log.read_text(), LIMIT_SECONDS)

    process.terminate()
    process.wait(LIMIT_SECONDS)
    assert KEY not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_it_in_good_order(configure, queue, start, number):
    process = start("--config", configure())
    wait_for(lambda: len(queue.calls) > 1, LIMIT_SECONDS)

    process.send_signal(number)
    assert process.wait(LIMIT_SECONDS) == 0


def test_neither_a_hanging_server_nor_a_hanging_printer_delays_the_end(configure, queue, start, tmp_path):
    let_go = threading.Event()
    queue.answer = lambda call: let_go.wait() and accepted(call)
    with printer_server() as voron, silent_port() as port:
        voron.replies = {"/printer/objects/query": HANG}
        printers = SIMULATED + (
            f'[[printer]]\nserial = "voron-1"\ndriver = "moonraker"\nurl = "{voron.url}"\n'
            f'[[printer]]\nserial = "01P00A"\ndriver = "bambu"\nhost = "127.0.0.1"\nport = {port}\n'
            'access_code = "12345678"\ntls = "off"\n'
        )
        process = start("--config", configure(printers))
        wait_for(lambda: queue.calls and voron.questions, LIMIT_SECONDS)
        told = time.monotonic()
        process.terminate()
        code = process.wait(LIMIT_SECONDS)
        took = time.monotonic() - told
        let_go.set()

    logger.info(f"ended {took:.2f} s after it was told to (limit {END_SECONDS})")
    assert (code, took < 3 * END_SECONDS) == (0, True)
    assert "Traceback" not in (tmp_path / "client-0.log").read_text()


def test_what_was_not_sent_at_the_end_is_sent_after_the_next_start(configure, queue, start):
    let_go = threading.Event()
    queue.answer = lambda call: let_go.wait() and accepted(call)
    process = start("--config", configure())
    wait_for(lambda: queue.calls, LIMIT_SECONDS)
    process.terminate()
    process.wait(LIMIT_SECONDS)
    let_go.set()
    start("--config", configure())

    wait_for(lambda: len(queue.calls) > 1, LIMIT_SECONDS)
    assert queue.calls[1].sequences[0] == queue.calls[0].sequences[0]


def test_polls_without_a_change_add_no_line_of_log(configure, queue, start, tmp_path):
    with printer_server() as voron, printer_server() as away:
        voron.replies = {path: tuple(reply) for path, reply in moonraker(klipper("standby")).items()}
        url = '[[printer]]\nserial = "{}"\ndriver = "moonraker"\nurl = "{}"\n'.format
        start("--config", configure(SIMULATED + url("voron-1", voron.url) + url("voron-2", away.url)))
        states = {"sim-1": "preparing", "voron-1": "idle", "voron-2": "offline"}
        wait_for(lambda: states.items() <= {r["printer"]: r["state"] for r in reports(queue)}.items(), LIMIT_SECONDS)
        before = (tmp_path / "client-0.log").read_text()
        polls = len(moments(queue))
        wait_for(lambda: len(moments(queue)) >= polls + 20, LIMIT_SECONDS)

    assert (tmp_path / "client-0.log").read_text() == before
    assert len(before.splitlines()) == 4, "one for each printer, and why one of them is offline"


def test_a_reader_who_goes_away_ends_a_dry_run_without_a_complaint(configure, start, tmp_path):
    process = start("--config", configure(), "--dry-run")
    process.stdout.readline()
    process.stdout.close()

    assert process.wait(LIMIT_SECONDS) == 0
    assert "Error" not in (tmp_path / "client-0.log").read_text()


def test_killed_and_started_again_it_goes_on_with_run_sequence_and_name(configure, queue, start):
    first = start("--config", configure())
    wait_for(lambda: len(queue.calls) > 1, LIMIT_SECONDS)
    first.kill()
    first.wait(LIMIT_SECONDS)
    before = len(queue.calls)
    start("--config", configure())
    wait_for(lambda: len(queue.calls) > before + 1, LIMIT_SECONDS)

    sequences = list(dict.fromkeys(queue.sequences))  # what was on its way at the kill comes again
    assert len({report["runKey"] for report in reports(queue)}) == 1
    assert len({call.body["client"] for call in queue.calls}) == 1
    assert sequences == sorted(sequences)


def test_while_the_server_is_away_reports_are_kept_and_then_sent_in_order(configure, queue, start):
    queue.answer = lambda _: (503, {}, {"success": False, "error": "Soon.", "details": []})
    start("--config", configure())
    wait_for(lambda: len(queue.calls) > 2, LIMIT_SECONDS)
    refused = len(queue.calls)
    queue.answer = type(queue)(queue.url).answer
    wait_for(lambda: len(queue.calls) > refused + 1, LIMIT_SECONDS)

    taken = [sequence for call in queue.calls[refused:] for sequence in call.sequences]
    assert taken[0] == queue.calls[0].sequences[0]
    assert taken == sorted(set(taken))


def test_a_second_client_on_the_same_spool_ends_with_a_sentence(configure, queue, start):
    start("--config", configure())
    wait_for(lambda: queue.calls, LIMIT_SECONDS)

    ended = client("--config", configure())

    assert (ended.returncode, "in use by another printfactory-client" in ended.stderr) == (2, True)
