"""Who is told of what: a key hears of its printers, of their jobs, and of jobs without a printer."""

from printqueue.live.position import Position
from tests.factories import make_job, make_printer
from tests.live.changes import report_progress, rewrite_note, want_on
from tests.live.conftest import key_headers


def test_a_key_hears_of_its_printers_and_of_jobs_that_are_on_no_other(server, open_stream):
    mine, other = make_printer(), make_printer()
    jobs = [make_job(wanted_printer=printer) for printer in (mine, other, None)]

    told = open_stream(server, headers=key_headers(mine)).wait_until_open().messages

    assert {message.get("serial") for message in told if message["type"] == "printer"} == {mine.serial}
    assert {message["id"] for message in told if message["type"] == "job"} == {str(jobs[0].pk), str(jobs[2].pk)}


def test_a_key_hears_nothing_live_of_other_printers(server, open_stream):
    mine, other = make_printer(), make_printer()
    hidden, seen = make_job(wanted_printer=other), make_job(wanted_printer=mine)
    stream = open_stream(server, headers=key_headers(mine)).wait_until_open()

    rewrite_note(hidden)
    other.save()
    report_progress(seen, 3)
    stream.wait_for_message(id=str(seen.pk), type="progress")

    assert str(hidden.pk) not in {message.get("id") for message in stream.messages}
    assert other.serial not in {message.get("serial") for message in stream.messages}


def test_a_job_that_moves_to_a_printer_of_others_is_removed(server, open_stream):
    mine, other = make_printer(), make_printer()
    job = make_job(wanted_printer=mine)
    stream = open_stream(server, headers=key_headers(mine)).wait_until_open()

    want_on(job, other)

    assert stream.wait_for_message(type="removed") == {"type": "removed", "id": str(job.pk), "revision": job.revision}


def test_a_job_that_moved_away_while_a_key_was_cut_off_makes_it_read_everything_again(server, open_stream):
    mine, other = make_printer(), make_printer()
    job, kept = make_job(wanted_printer=mine), make_job(wanted_printer=mine)
    left = str(Position.current())
    want_on(job, other)

    stream = open_stream(server, headers=key_headers(mine), last_event_id=left).wait_until_open()

    stream.wait_for(lambda event: event.event == "stream-reset")
    assert {message["id"] for message in stream.messages if message["type"] == "job"} == {str(kept.pk)}


def test_a_key_without_the_scope_is_refused(server, open_stream):
    from printqueue.protocol import Scope

    stream = open_stream(server, headers=key_headers(scopes=(Scope.REPORTS_WRITE,)))

    assert stream.status == 403
