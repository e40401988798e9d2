"""Who is told of what: a key hears of its printers, of their jobs, and of jobs without a printer."""

from tests.factories import make_job, make_key, make_printer
from tests.live.changes import report_progress, rewrite_note, want_on
from tests.live.conftest import key_headers
from tests.live.sse_client import SseClient
from tests.processes import wait_for


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
    headers = key_headers(mine)
    left = open_stream(server, headers=headers).wait_until_open().last_event_id
    want_on(job, other)

    stream = open_stream(server, headers=headers, last_event_id=left).wait_until_open()

    stream.wait_for(lambda event: event.event == "stream-reset")
    assert {message["id"] for message in stream.messages if message["type"] == "job"} == {str(kept.pk)}


def test_a_job_that_moves_away_after_a_key_came_back_is_taken_from_it_too(server, open_stream):
    mine, other = make_printer(), make_printer()
    job, kept = make_job(wanted_printer=mine), make_job(wanted_printer=mine)
    stream = opened_again(server, open_stream, key_headers(mine))
    assert stream.messages == []  # nothing changed meanwhile

    want_on(job, other)

    stream.wait_for(lambda event: event.event == "stream-reset")
    stream.wait_for_message(id=str(kept.pk))
    assert str(job.pk) not in {message.get("id") for message in stream.messages}


def test_a_key_that_came_back_is_told_to_read_everything_once_at_most(server, open_stream):
    mine, other = make_printer(), make_printer()
    kept, others = make_job(wanted_printer=mine), make_job(wanted_printer=other)
    stream = opened_again(server, open_stream, key_headers(mine))

    for note in ("first", "second", "third"):
        rewrite_note(others, note)
    rewrite_note(kept, "last")

    stream.wait_for_message(id=str(kept.pk), revision=kept.revision)
    assert [event.event for event in stream.events].count("stream-reset") == 1


def test_a_key_that_got_another_printer_hears_of_it_though_nothing_changed_there(server, open_stream):
    mine, new = make_printer(), make_printer()
    job = make_job(wanted_printer=new)
    key, token = make_key(mine)
    headers = {"Authorization": f"Bearer {token}"}
    left = open_stream(server, headers=headers).wait_until_open().last_event_id

    key.printers.add(new)

    def stream_that_tells_of_it():
        stream = open_stream(server, headers=headers, last_event_id=left)
        return stream if new.serial in serials(stream) else None

    stream = wait_for(stream_that_tells_of_it, 15)  # the server may know the key as it was for five seconds
    assert [event.event for event in stream.events].count("stream-reset") == 1
    assert {message["id"] for message in stream.messages if message["type"] == "job"} == {str(job.pk)}


def test_a_key_that_lost_a_printer_is_told_to_forget_it(server, open_stream):
    mine, lost = make_printer(), make_printer()
    key, token = make_key(mine, lost)
    headers = {"Authorization": f"Bearer {token}"}
    left = open_stream(server, headers=headers).wait_until_open().last_event_id

    key.printers.remove(lost)

    wait_for(lambda: serials(open_stream(server, headers=headers, last_event_id=left)) == {mine.serial}, 15)


def opened_again(server, open_stream, headers):
    """A stream that goes on where an earlier one was."""
    left = open_stream(server, headers=headers).wait_until_open().last_event_id
    return open_stream(server, headers=headers, last_event_id=left).wait_until_open()


def serials(stream: SseClient) -> set[str]:
    """The printers that a stream begins with; none where too many were opened."""
    if stream.status == 429:
        return set()
    with stream.wait_until_open():
        return {message["serial"] for message in stream.messages if message["type"] == "printer"}


def test_a_key_without_the_scope_is_refused(server, open_stream):
    from printqueue.protocol import Scope

    stream = open_stream(server, headers=key_headers(scopes=(Scope.REPORTS_WRITE,)))

    assert stream.status == 403
