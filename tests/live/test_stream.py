"""The stream of a real server: how it opens, what it tells, and from where on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.live.position import Position
from printqueue.live.revisions import RevisionCounter
from printqueue.models import PrintRun, Who
from printqueue.models.stall import notice
from tests.factories import NOW, Client, make_job, make_printer
from tests.live.changes import report_progress, rewrite_note
from tests.processes import wait_for


def test_it_opens_with_retry_and_the_servers_clock(server, open_stream):
    stream = open_stream(server).wait_until_open()

    first, clock = stream.events[:2]

    assert (first.event, first.data) == ("stream-open", "")
    assert 1000 <= first.retry <= 5000
    assert clock.event == "clock"
    assert clock.json["revision"] == Position.current().revision
    assert clock.json["serverTime"].endswith("Z")


def test_no_proxy_may_keep_or_buffer_it(server, open_stream):
    headers = open_stream(server).headers

    assert headers["Content-Type"] == "text/event-stream"
    assert "no-cache" in headers["Cache-Control"].split(", ")
    assert headers["X-Accel-Buffering"] == "no"


def test_without_an_id_it_tells_all_that_a_new_page_must_know(server, open_stream):
    printer, job = make_printer(), make_job()

    told = open_stream(server).wait_until_open().messages

    assert [message["type"] for message in told] == ["printer", "job"]
    assert told[0]["serial"] == printer.serial
    assert told[1]["id"] == str(job.pk)


def test_a_new_page_is_not_told_of_hidden_jobs_nor_of_those_that_ended_long_ago(server, open_stream):
    make_job(is_enabled=False)
    for hours in (23, 25):
        make_job().cancel(by=Who(), now=timezone.now() - timedelta(hours=hours))

    told = open_stream(server).wait_until_open().messages

    assert [message["state"] for message in told] == ["cancelled"]


def test_a_change_of_nothing_but_progress_is_told_as_progress(server, open_stream):
    job = make_job()
    stream = open_stream(server).wait_until_open()

    report_progress(job, 45.3)

    told = stream.wait_for_message(type="progress")
    assert told == {
        "type": "progress",
        "id": str(job.pk),
        "progress": 45.3,
        "progressLastReportTime": None,
        "state": "ready",
        "remainingSeconds": None,
        "layer": None,
        "totalLayers": None,
        "stall": None,
        "estimatedFinishTime": None,
        "estimatedRemainingSeconds": None,
        "estimatedSpreadSeconds": None,
        "revision": job.revision,
    }


def test_any_other_change_is_told_as_job(server, open_stream):
    job = make_job()
    stream = open_stream(server).wait_until_open()

    rewrite_note(job)

    assert stream.wait_for_message(revision=job.revision)["type"] == "job"


def test_a_job_that_is_hidden_is_told_as_removed(server, open_stream):
    job = make_job()
    stream = open_stream(server).wait_until_open()

    job.is_enabled = False
    job.save(update_fields=["is_enabled"])

    assert stream.wait_for_message(type="removed") == {"type": "removed", "id": str(job.pk), "revision": job.revision}


def test_each_id_names_the_revision_that_is_known_with_it(server, open_stream):
    job = make_job()
    stream = open_stream(server).wait_until_open()

    report_progress(job, 1)

    event = stream.wait_for(lambda event: event.type == "progress")
    assert event.id == str(Position(RevisionCounter.current().epoch, job.revision))


@pytest.mark.parametrize("way", ["header", "query"])
def test_it_goes_on_where_the_client_left_off(way, server, open_stream):
    job, other = make_job(), make_job()
    left = str(Position.current())
    report_progress(job, 7)

    at = {"last_event_id": left} if way == "header" else {"query": {"lastEventId": left}}
    stream = open_stream(server, **at).wait_until_open()

    assert [(message["type"], message["id"]) for message in stream.messages] == [("progress", str(job.pk))]
    report_progress(other, 8)
    stream.wait_for_message(id=str(other.pk), type="progress")


def test_the_header_wins_over_the_query(server, open_stream):
    make_job()
    left = Position.current()

    stream = open_stream(server, last_event_id=str(left), query={"lastEventId": f"{left.channel}:0"})

    assert stream.wait_until_open().messages == []


def test_a_structural_change_that_was_missed_is_told_even_if_progress_came_after(server, open_stream):
    job = make_job()
    left = str(Position.current())
    rewrite_note(job)
    report_progress(job, 9)

    stream = open_stream(server, last_event_id=left).wait_until_open()

    assert [message["type"] for message in stream.messages] == ["job"]


@pytest.mark.parametrize("stranger", ["pf-00000000:1", "{channel}:999999999999999999"])
def test_an_id_of_another_history_means_to_read_everything_again(stranger, server, open_stream):
    job = make_job()
    event_id = stranger.format(channel=Position.current().channel)

    stream = open_stream(server, last_event_id=event_id).wait_until_open()

    assert [event.event for event in stream.events[:4]] == ["stream-open", "clock", "stream-reset", "message"]
    assert stream.messages[0]["id"] == str(job.pk)
    assert stream.last_event_id == str(Position.current())


def test_a_job_stream_tells_of_that_job_alone(server, open_stream):
    job, other = make_job(), make_job()
    make_printer()
    stream = open_stream(server, f"/api/print-queue/{job.pk}/events").wait_until_open()

    report_progress(other, 1)
    report_progress(job, 2)
    stream.wait_for_message(type="progress")

    assert {message.get("id") for message in stream.messages} == {str(job.pk)}


def test_the_printers_stream_tells_of_printers_alone(server, open_stream):
    job, printer = make_job(), make_printer()
    stream = open_stream(server, "/api/printers/events").wait_until_open()

    report_progress(job, 1)
    printer.save()
    stream.wait_for_message(revision=printer.revision)

    assert {message["type"] for message in stream.messages} == {"printer"}


def test_what_a_filtered_stream_left_out_is_not_read_again_on_the_way_back(server, open_stream):
    make_printer()
    make_job()

    stream = open_stream(server, "/api/printers/events").wait_until_open()

    assert stream.last_event_id == str(Position.current())


@pytest.mark.parametrize("name", ["a\nid: 5\ndata: {}\n\nevent: stream-reset", "</script>", "line\u2028end", "é'\"\\"])
def test_a_name_cannot_break_out_of_its_event(name, server, open_stream):
    stream = open_stream(server).wait_until_open()

    make_printer(name=name)

    assert stream.wait_for_message(type="printer")["name"] == name
    assert len(stream.messages) == 1
    assert "stream-reset" not in {event.event for event in stream.events}


@pytest.mark.slow
def test_a_sign_of_life_comes_within_20_seconds(server, open_stream):
    stream = open_stream(server).wait_until_open()
    begun = len(stream.events)

    wait_for(lambda: len(stream.events) >= begun + 2, seconds=60, what="a sign of life")

    assert [event.event for event in stream.events[begun:]] == ["keep-alive", "clock"]


def test_a_print_that_hangs_is_told_of_its_job_and_its_printer_and_so_is_its_going_on(server, open_stream):
    job, client = make_job(print_file_name="ring.gcode"), Client(make_printer("left"))
    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=45.3)
    stream = open_stream(server).wait_until_open()
    now = client.now + timedelta(minutes=10)

    notice(PrintRun.objects.get().pk, NOW - timedelta(days=1), now)

    assert stream.wait_for_message(type="job", stall="no_reports")["id"] == str(job.pk)
    assert stream.wait_for_message(type="printer", stall="no_reports")["serial"] == "left"
    since = len(stream.messages)

    client.says("printing", run_key="1@0", file_name="ring.gcode", progress=46.0)

    wait_for(lambda: len(stream.messages) >= since + 2, what="both are told")
    assert [(told["type"], told["stall"]) for told in stream.messages[since:]] == [("printer", None), ("job", None)]
