"""Twenty printers in one client: each on its own, on time, and all of them in little memory."""

import logging
import statistics
from functools import partial

import pytest

from tests.client.broker import BambuBroker
from tests.client.drivers.compose_http_prints import klipper, moonraker, prusalink
from tests.client.drivers.printer_server import HANG, printer_server
from tests.client.octoprint_answers import OPERATIONAL, job
from tests.client.program import LIMIT_SECONDS
from tests.processes import wait_for

pytestmark = pytest.mark.sqlite_only
logger = logging.getLogger(__name__)

JITTER_SECONDS = 0.5
MEMORY_MB = 60
WELL = [f"sim-{number:02}" for number in range(1, 20)]
WHOLE_REPORT = {"print": {"command": "push_status", "msg": 0, "gcode_state": "IDLE", "mc_percent": 0}}


def simulated(serial):
    return f'[[printer]]\nserial = "{serial}"\ndriver = "simulated"\nseconds = 3600\n'


def arrivals(queue, serial):
    """When reports of a printer arrived, by the test's own clock."""
    return [call.at for call in list(queue.calls) for report in call.body["reports"] if report["printer"] == serial]


def off_the_grid(moments, every):
    """How far from its place in a grid of `every` seconds each moment is; a beat left out counts as late by one."""
    offsets = [moment - every * number for number, moment in enumerate(moments)]
    middle = statistics.median(offsets)
    return [offset - middle for offset in offsets]


@pytest.mark.parametrize(("every", "polls"), [(0.5, 24), pytest.param(5, 11, marks=pytest.mark.slow)])
def test_nineteen_printers_keep_their_time_while_the_twentieth_hangs_on_every_call(
    configure, queue, start, every, polls
):
    with printer_server() as hanging:
        hanging.replies = {"/printer/objects/query": HANG}
        stuck = f'[[printer]]\nserial = "stuck"\ndriver = "moonraker"\nurl = "{hanging.url}"\n'
        start("--config", configure("".join(map(simulated, WELL)) + stuck, poll_seconds=every))
        wait_for(lambda: len(arrivals(queue, WELL[-1])) >= polls, LIMIT_SECONDS + polls * every)
        wait_for(lambda: arrivals(queue, "stuck"), LIMIT_SECONDS)

        deviations = [abs(d) for serial in WELL for d in off_the_grid(arrivals(queue, serial)[:polls], every)]
        told = {
            report["state"] for call in queue.calls for report in call.body["reports"] if report["printer"] == "stuck"
        }
        moments = {report["measuredAt"] for call in queue.calls for report in call.body["reports"]}

    logger.info(
        f"19 printers every {every} s, {polls} polls: {max(deviations):.3f} s off the grid at most (limit "
        f"{JITTER_SECONDS}), {statistics.mean(deviations):.3f} s in the mean; {len(queue.calls)} calls, "
        f"{len(hanging.questions)} questions to the one that hangs"
    )
    assert max(deviations) < 3 * JITTER_SECONDS
    assert told == {"offline"}
    assert len(queue.calls) <= len(moments), "one call a poll"


def test_twenty_printers_of_all_families_take_little_memory(configure, queue, start, tmp_path):
    with BambuBroker(tmp_path) as broker, printer_server() as peer:
        peer.replies = {
            **{path: tuple(reply) for path, reply in moonraker(klipper("standby")).items()},
            **{path: tuple(reply) for path, reply in prusalink("IDLE").items()},
            "/api/job": (200, job("Operational", None)),
            "/api/printer": (200, OPERATIONAL),
            "/api/currentuser": (200, {"name": "pi", "permissions": ["STATUS", "FILES_LIST"]}),
        }
        serials = [broker.serial, *(f"01P00A00000000{number}" for number in range(1, 6))]
        asked = '[[printer]]\nserial = "{1}-{0}"\ndriver = "{1}"\nurl = "{2}"\napi_key = "a-key"\n'.format
        families = ("moonraker", "octoprint", "prusalink")
        process = start(
            "--config",
            configure(
                "".join(bambu(broker, serial) for serial in serials)
                + "".join(asked(number, family, peer.url) for family in families for number in range(4))
                + "".join(map(simulated, WELL[:2]))
            ),
        )
        for serial in serials:
            broker.serial = serial
            wait_for(partial(publish_until_heard, broker, queue), LIMIT_SECONDS)
        wait_for(lambda: len(in_sight(queue)) == 20, LIMIT_SECONDS, "all printers are in sight")
        polls = len(queue.calls)
        wait_for(lambda: len(queue.calls) >= polls + 20, LIMIT_SECONDS)
        megabytes = resident_megabytes(process.pid)

    logger.info(f"20 printers, 6 of them over TLS: {megabytes:.1f} MB (limit {MEMORY_MB})")
    assert megabytes < MEMORY_MB


def bambu(broker, serial):
    """The broker answers for all of these; only the first one's certificate names it."""
    is_own = serial == broker.serial
    tls = f'tls_ca = "{broker.ca_file}"' if is_own else f'tls = "pin"\ntls_sha256 = "{broker.certificate_sha256}"'
    return (
        f'[[printer]]\nserial = "{serial}"\ndriver = "bambu"\nhost = "{broker.host}"\nport = {broker.port}\n'
        f'access_code = "{broker.access_code}"\n{tls}\n'
    )


def publish_until_heard(broker, queue):
    """The client may not have subscribed yet, and only what a printer says of itself brings it in sight."""
    broker.publish(WHOLE_REPORT)
    return broker.serial in in_sight(queue)


def in_sight(queue):
    """The printers that were reported as being there."""
    reports = [report for call in list(queue.calls) for report in call.body["reports"]]
    return {report["printer"] for report in reports if report["state"] != "offline"}


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status") as status:
        [kilobytes] = [line.split()[1] for line in status if line.startswith("VmRSS:")]
    return int(kilobytes) / 1024
