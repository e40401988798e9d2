"""Asking a printer over HTTP: a real server answers as printers and other things do."""

import threading
import time

import pytest

from printqueue.client.config import MoonrakerPrinter, PrusaLinkPrinter
from printqueue.client.drivers import driver_for
from printqueue.client.drivers.http import Timing
from printqueue.client.drivers.moonraker import moonraker_driver
from printqueue.client.drivers.prusalink import prusalink_driver
from printqueue.protocol import ReportState
from tests.client.drivers.compose_http_prints import klipper, moonraker, prusalink
from tests.client.drivers.printer_server import HANG, printer_server
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only

QUICK = Timing(every=0.02, answer=0.3, retry_from=0.02, retry_to=0.1, silent=0.5)
CHALLENGE = 'Digest realm="Printer API", nonce="0123456789", stale="false"'
OBJECTS, STATUS = "/printer/objects/query", "/api/v1/status"


@pytest.fixture
def printer():
    with printer_server() as server:
        yield server


@pytest.fixture
def watch(printer):
    """`watch(driver)`: start it; it is stopped with the test."""
    started = []

    def start(driver):
        driver.start()
        started.append(driver)
        return driver

    yield start
    for driver in started:
        driver.stop()


def voron(printer, **more):
    return moonraker_driver(MoonrakerPrinter("voron-1", None, printer.url, **more), None, QUICK)


def mk4(printer, **more):
    return prusalink_driver(PrusaLinkPrinter("mk4-1", None, printer.url, **more), None, QUICK)


def printing(m73=0.2):
    return {
        path: tuple(reply) for path, reply in moonraker(klipper("printing", 9, m73, 0.3), ("0D", "in_progress")).items()
    }


def state(driver):
    snapshots = driver.poll(time.time())
    return snapshots[-1].state if snapshots else None


def test_a_klipper_printer_is_seen_printing(printer, watch):
    printer.replies = printing()

    driver = watch(voron(printer, api_key="k"))

    wait_for(lambda: state(driver) == ReportState.PRINTING)
    [snapshot] = driver.poll(time.time())
    assert (snapshot.filename, snapshot.progress, driver.trouble()) == ("Würfel 20.gcode", 20.0, None)
    assert {question.headers["x-api-key"] for question in printer.questions} == {"k"}


def test_the_estimate_is_asked_for_once_a_print_by_the_whole_path(printer, watch):
    printer.replies = printing() | {"/server/files/metadata": (200, {"result": {"estimated_time": 107}})}

    driver = watch(voron(printer))

    wait_for(lambda: len([one for one in printer.questions if one.path == OBJECTS]) > 3)
    asked = [one.query for one in printer.questions if one.path == "/server/files/metadata"]
    assert asked == [{"filename": "Teile/Würfel 20.gcode"}]
    assert driver.poll(time.time())[-1].remaining_seconds == 100


def test_a_prusa_printer_lets_in_by_key(printer, watch):
    printer.replies = {path: tuple(reply) for path, reply in prusalink("PRINTING", 4, 20).items()}
    printer.lets_in = lambda question: question.headers.get("x-api-key") == "k"

    driver = watch(mk4(printer, api_key="k"))

    wait_for(lambda: state(driver) == ReportState.PRINTING)


@pytest.mark.parametrize("qop", ["", ', qop="auth"'])
def test_a_prusa_printer_lets_in_by_digest_with_and_without_qop(printer, watch, qop):
    printer.replies = {path: tuple(reply) for path, reply in prusalink("PRINTING", 4, 20).items()}
    printer.headers = {"WWW-Authenticate": CHALLENGE + qop}
    printer.lets_in = lambda question: 'username="maker"' in question.headers.get("authorization", "")

    driver = watch(mk4(printer, username="maker", password="secret"))

    wait_for(lambda: state(driver) == ReportState.PRINTING)
    assert not any("secret" in str(question) for question in printer.questions)


@pytest.mark.parametrize("status", [401, 403])
def test_a_printer_that_refuses_the_key_is_told_in_words_and_left_alone(printer, said, status):
    printer.replies = {STATUS: (status, {})}
    driver = mk4(printer, api_key="hush")

    pauses = [driver.step() for _ in range(5)]

    assert min(pauses) > QUICK.refused / 2
    assert max(pauses) > min(pauses) * 2
    assert f"refuses to be asked ({status}): read the API key" in driver.trouble()
    assert (len(said()), "hush" in said()[0]) == (1, False)
    driver._http.close()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((503, {"error": {"code": 503, "message": "Klippy Disconnected"}}), "Klipper does not answer (Klippy Disc"),
        (
            (502, b"<h1>Bad Gateway</h1>"),
            "is broken or starting (502 for /printer/objects/query): is Moonraker running",
        ),
        ((404, b"<h1>Not here</h1>"), "does not answer as Moonraker (404 for /printer/objects/query): check `url`"),
        ((200, b"<html>A page</html>"), "does not answer as Moonraker (200"),
        ((200, b"\xff\xfe garbage"), "does not answer as Moonraker (200"),
        ((200, b"[" * 100_000), "does not answer as Moonraker (200"),
        ((200, b" " * 1_100_000), "answers far more than a printer says"),
        ((301, b""), "does not answer as Moonraker (301"),
        (HANG, "no answer from"),
    ],
)
def test_an_answer_that_is_none_is_told_in_words(printer, watch, reply, words):
    printer.replies = {OBJECTS: reply}

    driver = watch(voron(printer))

    wait_for(lambda: driver.trouble() is not None)
    assert words in driver.trouble()
    assert (driver.is_known(), state(driver)) == (True, ReportState.OFFLINE)


def test_a_printer_that_is_off_is_told_in_words(watch, printer):
    driver = moonraker_driver(MoonrakerPrinter("voron-1", None, f"http://127.0.0.1:{free_port()}"), None, QUICK)

    watch(driver)

    wait_for(lambda: driver.trouble() is not None)
    assert "cannot be reached" in str(driver.trouble())


def test_names_that_are_not_utf_8_are_read_all_the_same(printer, watch):
    printer.replies = printing()
    text = '{"result": {"status": {"print_stats": {"state": "printing", "filename": "Würfel.gcode"}}}}'
    printer.replies[OBJECTS] = (200, text.encode("latin-1"))

    driver = watch(voron(printer))

    wait_for(lambda: state(driver) == ReportState.PRINTING)
    assert driver.poll(time.time())[-1].filename == "Würfel.gcode"


def test_a_poll_does_not_wait_for_a_printer_that_hangs(printer, watch):
    printer.replies = {OBJECTS: HANG}
    driver = watch(moonraker_driver(MoonrakerPrinter("voron-1", None, printer.url), None, Timing(answer=60)))
    wait_for(lambda: printer.questions)

    began = time.monotonic()
    snapshots = driver.poll(time.time())

    assert (snapshots, time.monotonic() - began < 0.1) == ([], True)


def test_a_printer_that_comes_back_goes_on_with_its_run(printer, watch):
    printer.replies = printing()
    driver = watch(voron(printer))
    wait_for(lambda: state(driver) == ReportState.PRINTING)
    key = driver.poll(time.time())[-1].run_key

    printer.replies = {OBJECTS: (503, {})}
    wait_for(lambda: state(driver) == ReportState.OFFLINE)
    printer.replies = printing(0.4)
    wait_for(lambda: state(driver) == ReportState.PRINTING)

    [snapshot] = driver.poll(time.time())
    assert (snapshot.run_key, snapshot.progress, driver.trouble()) == (key, 40.0, None)


def test_a_printer_that_is_away_is_asked_more_and_more_seldom(printer):
    printer.replies = {OBJECTS: (503, {})}
    driver = moonraker_driver(MoonrakerPrinter("voron-1", None, printer.url), None)

    pauses = [driver.step() for _ in range(8)]

    assert pauses[0] <= 2.5
    assert pauses[-1] >= 45
    driver._http.close()


def test_the_thread_of_a_stopped_driver_ends(printer, watch):
    printer.replies = printing()
    driver = watch(voron(printer))
    wait_for(lambda: printer.questions)

    driver.stop()

    wait_for(lambda: not any(thread.name == "http-voron-1" for thread in threading.enumerate()))


def test_each_family_has_its_driver(printer):
    for configured in (MoonrakerPrinter("a", None, printer.url), PrusaLinkPrinter("b", None, printer.url, "k")):
        driver = driver_for(configured, None)

        assert driver.poll(time.time()) == []
