"""The main job: a print of a Bambu A1 goes from the printer's own broker to a page that moves."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest
from playwright.sync_api import expect

from printqueue.client.drivers.bambu.status import is_whole
from printqueue.models import PrintRun
from printqueue.protocol import ACTIVE_STATES, ReportState
from tests.client.broker import A1_LOCAL_PRINT, SERIAL, BambuBroker, load_recording
from tests.client.replay import told
from tests.e2e.conftest import QUEUE, go
from tests.e2e.printer_client import bambu, running_client
from tests.e2e.witness import sights, watch
from tests.factories import make_job, make_key, make_printer

CAPTURES = os.environ.get("PRINTFACTORY_CAPTURES")
RECORDED = sorted(Path(CAPTURES, "bambu").glob("A1_*.json")) if CAPTURES else []
SPEED = 60
SURELY_SEEN_SECONDS = 0.3 * SPEED  # of the recording: three polls of the client, which may be late on a busy machine
LIMIT_MS = 60_000


def lengths_of(state, snapshots):
    """How many snapshots long each unbroken stretch of `state` is."""
    return [len(list(group)) for now, group in groupby(snapshots, key=lambda snapshot: snapshot.state) if now == state]


def up_to_the_first_whole_report(recording):
    """What a client that connects now can be told; before it, nobody knows the printer's state."""
    first = next(n for n, step in enumerate(recording) if is_whole(step.message.get("print", {})))
    return recording[: first + 1]


@pytest.fixture(params=[A1_LOCAL_PRINT, *RECORDED], ids=lambda path: path.stem)
def recording(request):
    return load_recording(request.param)


@pytest.fixture
def expected(recording):
    """What a client that looks every second tells of the print."""
    return told(recording, poll_seconds=1)


@pytest.fixture
def job(server, expected):
    [name] = {snapshot.filename for snapshot in expected if snapshot.run_key}
    return make_job(design_name="Bracket", print_file_name=name)


@pytest.fixture
def pages(open_page, job):
    """The job's own page and the list, in two tabs of one browser."""
    detail = open_page()
    queue = detail.context.new_page()
    for page, address in ((detail, f"{QUEUE}{job.pk}/"), (queue, QUEUE)):
        watch(page, job.pk)
        go(page, address)
    return detail, queue


@pytest.fixture
def token(server):
    return make_key(make_printer(SERIAL, name="A1 Bench"))[1]


@pytest.fixture
def play(recording, server, token, tmp_path):
    """`play(pages)`: plays the recording into the printer's broker, and returns once both pages show the end."""

    def to_the_end(pages):
        detail, queue = pages
        with BambuBroker(tmp_path) as printer, ThreadPoolExecutor(1) as feeder:
            printer.feed(up_to_the_first_whole_report(recording), SPEED)
            with running_client(tmp_path, server.url, token, bambu(printer)):
                expect(queue.locator(".printer .badge")).to_have_text("Idle", timeout=LIMIT_MS)
                feeding = feeder.submit(printer.feed, recording, SPEED)
                expect(detail.locator("[data-show=figure]")).to_have_text("Print Successful", timeout=LIMIT_MS)
                expect(queue.locator(".printer [data-show=figure]")).to_have_text("Done")
                expect(queue.locator(".q-row")).to_have_count(0)
                feeding.result()

    return to_the_end


def assert_page_followed(page, expected):
    percents = {snapshot.progress for snapshot in expected if snapshot.state in ACTIVE_STATES} - {None}
    seen = sights(page)
    under_way = [sight for sight in seen if sight.badge not in ("Completed", "")]
    shown = [sight.percent for sight in under_way if sight.percent is not None]

    assert shown == sorted(shown), "a percent fell"
    assert set(shown) <= percents, "a percent that the printer never showed"
    assert len(set(shown)) > len(percents) / 2, "a page that hardly moved"
    assert [sight for sight in under_way if sight.bar == 100 or "100" in sight.badge + sight.figure] == []
    assert [sight for sight in under_way if sight.says_100] == []
    assert [sight for sight in seen if "100" in sight.printer] == []


def assert_stored_once(job, expected):
    [run] = PrintRun.objects.all()
    job.refresh_from_db()
    states = list(job.transitions.values_list("new_state", flat=True))
    pauses = lengths_of(ReportState.PAUSED, expected)

    assert (run.job, run.state, job.state, job.copies_done) == (job, "completed", "completed", 1)
    assert (states.count("completed"), states[-1], "failed" in states) == (1, "completed", False)
    assert sum(length > SURELY_SEEN_SECONDS for length in pauses) <= states.count("paused") <= len(pauses)


def test_a_recorded_print_moves_the_pages_to_its_end(job, pages, play, expected):
    play(pages)

    for page in pages:
        assert_page_followed(page, expected)
    assert sights(pages[0])[-1].badge == "Completed"
    assert_stored_once(job, expected)
