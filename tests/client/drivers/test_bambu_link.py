"""The Bambu driver against a real broker over TLS."""

import threading
import time
from dataclasses import replace

import pytest

from printqueue.client.config import BambuPrinter, Tls
from printqueue.client.drivers.bambu import BambuDriver
from printqueue.client.drivers.bambu.link import BambuLink, Timing
from printqueue.protocol import ReportState
from tests.client.broker import A1_LOCAL_PRINT, BambuBroker, load_recording
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only

LIMIT_SECONDS = 30
QUICK = Timing(connect=5, first_word=2, retry_from=0.1, retry_to=0.5, refused_to=0.5, turn=0.05)
IDLE = {"print": {"command": "push_status", "msg": 0, "gcode_state": "IDLE", "nozzle_temper": 22.0}}
PRINTING = {
    "print": {"command": "push_status", "msg": 0, "gcode_state": "RUNNING", "subtask_name": "Lid", "mc_percent": 40}
}


@pytest.fixture
def printer(tmp_path):
    with BambuBroker(tmp_path) as broker:
        yield broker


@pytest.fixture
def watch(printer):
    """`watch(timing, memory, **changes)`: a started driver for the printer, its settings changed."""
    drivers = []

    def start(timing=QUICK, memory=None, **changes):
        tls = Tls("verify", ca_file=printer.ca_file)
        settings = BambuPrinter(printer.serial, None, printer.host, printer.port, printer.access_code, tls)
        drivers.append(BambuDriver(replace(settings, **changes), memory, timing))
        drivers[-1].start()
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.stop()


def a_link(printer, **changes):
    """The connection to the printer, its settings changed and its patience the usual one; nobody listens."""
    settings = BambuPrinter(printer.serial, None, printer.host, printer.port, printer.access_code, Tls("off"))
    return BambuLink(replace(settings, **changes), Nobody(), Timing())


class Nobody:
    """Hears what the printer says, and does nothing about it."""

    def connected(self):
        pass

    def received(self, payload):
        return False


def connections(requests):
    """On how many connections clients asked these things: each begins with asking for the versions."""
    return sum("info" in request for request in requests)


def present(driver):
    snapshots = driver.poll(time.time())
    return snapshots[-1] if snapshots else None


def wait_for_state(driver, state):
    return wait_for(lambda: (now := present(driver)) and now.state == state and now, LIMIT_SECONDS, f"state {state}")


def wait_for_trouble(driver, words):
    return wait_for(
        lambda: words in (driver.trouble() or ""), LIMIT_SECONDS, f"trouble {words!r}, not {driver.trouble()}"
    )


def test_the_right_serial_and_code_connect(printer, watch):
    printer.publish(IDLE)

    assert wait_for_state(watch(), ReportState.IDLE).readings.nozzle_c == 22.0


def test_another_printers_certificate_is_refused(watch):
    driver = watch(serial="01P00A000000001")

    wait_for_trouble(driver, "is not the printer 01P00A000000001: its certificate names another serial")


def test_a_certificate_of_another_authority_is_refused(printer, watch, tmp_path_factory):
    other = BambuBroker(tmp_path_factory.mktemp("other"))

    wait_for_trouble(watch(tls=Tls("verify", ca_file=other.ca_file)), "is not signed by")
    assert printer.requests == []


def test_a_certificate_that_has_expired_is_told_with_the_clock_in_mind(watch, tmp_path_factory):
    with BambuBroker(tmp_path_factory.mktemp("old"), certificate_days=-1) as old:
        driver = watch(port=old.port, tls=Tls("verify", ca_file=old.ca_file))

        wait_for_trouble(driver, "is out of date (certificate has expired): is the clock of this computer right?")


def test_the_pinned_certificate_connects(printer, watch):
    printer.publish(IDLE)

    wait_for_state(watch(tls=Tls("pin", sha256=printer.certificate_sha256)), ReportState.IDLE)


def test_another_certificate_than_the_pinned_one_is_refused_and_shown(printer, watch):
    wait_for_trouble(watch(tls=Tls("pin", sha256="0" * 64)), printer.certificate_sha256)


def test_without_verification_any_certificate_connects(printer, watch):
    printer.publish(IDLE)

    wait_for_state(watch(tls=Tls("off")), ReportState.IDLE)


def test_a_wrong_access_code_is_said_in_words(watch):
    driver = watch(access_code="00000000")

    wait_for_trouble(driver, "refuses the access code")
    assert present(driver).state == ReportState.OFFLINE


def test_a_printer_that_refuses_the_access_code_is_told_once_and_left_alone(printer, said):
    link = a_link(printer, access_code="87654321")

    pauses = [link.step() for _ in range(4)]

    assert min(pauses) >= 45
    assert max(pauses) <= 1.25 * Timing().refused_to
    assert ["refuses the access code" in line for line in said()] == [True]
    assert "87654321" not in said()[0]


def test_a_printer_that_is_off_is_tried_more_and_more_seldom(printer):
    link = a_link(printer, port=free_port())

    pauses = [link.step() for _ in range(8)]

    assert pauses[0] <= 2.5
    assert 45 <= pauses[-1] <= 75


def test_a_printer_that_is_off_is_offline(watch):
    driver = watch(port=free_port())

    wait_for_trouble(driver, "takes no connection")
    assert present(driver).state == ReportState.OFFLINE


def test_a_host_that_no_name_service_takes_is_said_in_words_and_tried_again(watch):
    driver = watch(host="a..b")

    wait_for_trouble(driver, "a..b:")
    assert present(driver).state == ReportState.OFFLINE


def test_a_serial_in_the_wrong_case_is_said_in_words(printer, watch):
    printer.publish(IDLE)

    driver = watch(tls=Tls("off"), serial=printer.serial.lower())

    wait_for_trouble(driver, "sends no report: the serial must be exact, upper and lower case included")
    assert present(driver).state == ReportState.OFFLINE


def test_a_serial_in_the_wrong_case_is_still_said_after_the_link_was_built_anew(printer, watch, said):
    driver = watch(
        replace(QUICK, first_word=0.2, silent=0.3, rebuild=0.5), tls=Tls("off"), serial=printer.serial.lower()
    )
    wait_for_trouble(driver, "the serial must be exact")
    wait_for(lambda: connections(printer.unheard) > 2, LIMIT_SECONDS, "two more connections")

    assert "the serial must be exact" in driver.trouble()
    assert len(said()) == 1


def test_a_printer_that_was_heard_and_says_no_more_is_not_told_to_have_the_wrong_serial(printer, watch):
    printer.publish(IDLE)
    driver = watch(replace(QUICK, first_word=0.3))
    wait_for_state(driver, ReportState.IDLE)
    printer.answers_pushall = False
    printer.restart(is_silent=True)

    wait_for_trouble(driver, "sends no report: switch the printer off and on if this lasts")


def test_deltas_before_the_whole_report_say_nothing(printer, watch):
    printer.answers_pushall = False
    driver = watch()
    printer.wait_for_pushall()
    printer.publish({"print": {"command": "push_status", "msg": 1, "gcode_state": "RUNNING", "mc_percent": 100}})
    printer.publish(IDLE)

    wait_for(driver.is_known, LIMIT_SECONDS, "a whole report")
    assert present(driver).state == ReportState.IDLE


def test_a_whole_report_that_never_came_is_asked_for_again(printer, watch):
    printer.answers_pushall = False
    watch(replace(QUICK, silent=0.5))

    printer.wait_for_pushall(2)


def test_a_whole_report_that_never_comes_is_asked_for_twice_on_one_connection(printer, watch):
    printer.answers_pushall = False
    watch(replace(QUICK, silent=0.2, rebuild=2))
    wait_for(lambda: connections(printer.requests) == 2, LIMIT_SECONDS, "a second connection")

    assert 2 <= printer.pushalls <= 3


def test_bytes_that_are_no_message_do_no_harm(printer, watch):
    printer.publish(IDLE)
    driver = watch()
    wait_for_state(driver, ReportState.IDLE)
    for payload in (
        b"",
        b"\xff\x00",
        b"{",
        b"[]",
        b'{"print": 1}',
        b'{"print": {"command": "push_status", "msg": {}}}',
    ):
        printer.publish(payload)
    printer.publish(
        '{"print": {"command": "push_status", "gcode_state": "RUNNING", "mc_percent": "12", "layer_num": " 3", "gcode_file": "W\xfcrfel.3mf"}}'.encode(
            "latin-1"
        )
    )

    seen = wait_for_state(driver, ReportState.PRINTING)
    assert (seen.filename, seen.progress, seen.layer) == ("Würfel.3mf", 12, 3)


def test_echoes_of_commands_change_nothing(printer, watch):
    printer.publish(PRINTING)
    driver = watch()
    before = wait_for_state(driver, ReportState.PRINTING)
    for command in ("project_file", "print_speed", "extrusion_cali_get", "stop"):
        printer.publish({"print": {"command": command, "result": "success", "gcode_state": "IDLE", "mc_percent": 0}})
    printer.publish({"print": {"command": "push_status", "msg": 1, "layer_num": 7}})

    wait_for(lambda: present(driver).layer == 7, LIMIT_SECONDS, "layer 7")
    assert replace(present(driver), layer=before.layer) == before


def test_whole_reports_that_another_client_asked_for_change_nothing(printer, watch):
    printer.publish(PRINTING)
    first = watch()
    before = wait_for_state(first, ReportState.PRINTING)
    printer.publish({"print": {"command": "push_status", "msg": 1, "mc_percent": 41}})
    second = watch()
    printer.wait_for_pushall(2)
    wait_for_state(second, ReportState.PRINTING)
    printer.publish({"print": {"command": "push_status", "msg": 1, "layer_num": 7}})

    wait_for(lambda: [present(driver).layer for driver in (first, second)] == [7, 7], LIMIT_SECONDS, "layer 7")
    assert (present(first).run_key, present(first).progress, present(second).progress) == (before.run_key, 41, 41)


def test_a_restart_of_the_printers_broker_goes_on_with_the_same_run(printer, watch):
    printer.publish(PRINTING)
    driver = watch()
    before = wait_for_state(driver, ReportState.PRINTING)
    printer.restart()
    printer.publish({"print": {"command": "push_status", "msg": 1, "mc_percent": 41}})

    wait_for(lambda: present(driver).progress == 41, LIMIT_SECONDS, "41 %")
    assert present(driver).run_key == before.run_key


@pytest.mark.parametrize(
    ("meanwhile", "end"),
    [
        ({"gcode_state": "FINISH", "mc_percent": 100}, ReportState.COMPLETED),
        ({"gcode_state": "FAILED", "mc_percent": 0, "fail_reason": "50348044"}, ReportState.CANCELLED),
        ({"gcode_state": "FAILED", "mc_percent": 0}, ReportState.FAILED),
        ({"gcode_state": "IDLE"}, ReportState.UNKNOWN_END),
        ({"gcode_state": "FINISH", "mc_percent": 100, "subtask_name": "Box"}, ReportState.UNKNOWN_END),
    ],
)
def test_a_print_that_ended_while_the_link_was_down_ended_as_the_printer_shows_it(printer, watch, meanwhile, end):
    printer.publish(PRINTING)
    driver = watch()
    before = wait_for_state(driver, ReportState.PRINTING)
    printer.restart(meanwhile=meanwhile)

    ended = wait_for_state(driver, end)
    assert ended.run_key == before.run_key
    assert ended.progress == (100 if end == ReportState.COMPLETED else 40)


@pytest.mark.parametrize("word", ["FINISH", "FAILED"])
def test_an_end_at_first_sight_is_history(printer, watch, word):
    printer.publish({"print": {**PRINTING["print"], "gcode_state": word}})

    seen = wait_for_state(watch(), ReportState.IDLE)
    assert (seen.run_key, seen.progress) == (None, None)


def test_each_connection_asks_once_for_everything(printer, watch):
    printer.publish(IDLE)
    wait_for_state(watch(), ReportState.IDLE)

    wait_for(lambda: len(printer.requests) >= 2, LIMIT_SECONDS, "the requests of one connection")
    assert [next(iter(request)) for request in printer.requests] == ["pushing", "info"]


def test_a_silent_printer_is_nudged_then_offline_then_connected_anew(printer, watch):
    printer.publish(IDLE)
    driver = watch(replace(QUICK, silent=1, rebuild=3, whole_report_every=60))
    wait_for_state(driver, ReportState.IDLE)

    wait_for_state(driver, ReportState.OFFLINE)
    wait_for(lambda: {"sequence_id": "0", "command": "start"} in [r.get("pushing") for r in printer.requests])
    printer.wait_for_pushall(2)
    wait_for_state(driver, ReportState.IDLE)


def test_a_link_that_is_open_and_dead_is_given_up_and_found_again(printer, watch):
    printer.publish(PRINTING)
    driver = watch(replace(QUICK, connect=1, silent=1, rebuild=2))
    before = wait_for_state(driver, ReportState.PRINTING)
    printer.freeze()
    wait_for_state(driver, ReportState.OFFLINE)
    printer.thaw()

    assert wait_for_state(driver, ReportState.PRINTING).run_key == before.run_key


def test_a_client_that_starts_anew_in_the_middle_of_a_print_keeps_its_run(printer, watch):
    printer.publish(PRINTING)
    first = watch()
    before = wait_for_state(first, ReportState.PRINTING)
    first.stop()

    second = watch(memory=first.memory())

    assert wait_for_state(second, ReportState.PRINTING).run_key == before.run_key


def test_a_whole_print_is_followed_to_its_end(printer, watch):
    recording = load_recording(A1_LOCAL_PRINT)
    printer.publish(recording[0].message)
    driver = watch()
    wait_for_state(driver, ReportState.IDLE)
    feeding = threading.Thread(target=printer.feed, args=(recording, 200))
    feeding.start()
    percents: list[float | None] = []

    def see_the_end():
        percents.extend(s.progress for s in driver.poll(time.time()) if s.state != ReportState.COMPLETED)
        return present(driver).state == ReportState.COMPLETED

    wait_for(see_the_end, LIMIT_SECONDS, "the end of the print")
    feeding.join()
    known = [percent for percent in percents if percent is not None]
    assert (known[0], known, known[-1]) == (0, sorted(known), 97)
