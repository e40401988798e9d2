"""Which events tell of which rows, and what their ids claim."""

import pytest

from printqueue.live import feed
from printqueue.live.feed import RowEvent, read_after, read_for_a_new_page
from printqueue.live.position import Position
from tests.factories import NOW, make_job, make_printer
from tests.live.changes import report_progress, rewrite_note

pytestmark = pytest.mark.django_db


def told(since: int = 0) -> list[RowEvent]:
    """What whoever knows everything up to `since` is told now."""
    return read_after(since, Position.current()) or []


def test_rows_of_all_kinds_come_in_the_order_of_their_revisions():
    job, printer, other = make_job(), make_printer(), make_job()

    events = told()

    assert [event.revision for event in events] == [job.revision, printer.revision, other.revision]


def test_what_is_committed_while_we_read_is_left_for_the_next_time():
    make_job()
    end = Position.current()
    make_job()

    assert [event.revision for event in read_after(0, end) or []] == [end.revision]
    assert [event.revision for event in read_for_a_new_page(NOW, end)] == [end.revision]


def test_an_id_claims_no_structural_change_that_is_told_later():
    """A page that is cut after the first event must still hear of the second one as a change of structure."""
    first, second = make_job(), make_job()
    known = Position.current()
    rewrite_note(second)
    report_progress(first, 1)
    report_progress(second, 2)

    events = told(known.revision)

    assert [event.revision for event in events] == [first.revision, second.revision]
    assert [event.position.revision for event in events] == [known.revision, second.revision]


def test_an_id_is_the_rows_own_revision_where_nothing_is_hidden():
    first, second = make_job(), make_job()
    known = Position.current()
    report_progress(first, 1)
    report_progress(second, 2)

    events = told(known.revision)

    assert [event.position.revision for event in events] == [first.revision, second.revision]


@pytest.mark.parametrize("encoded", [RowEvent.encoded, RowEvent.encoded_as_removed])
def test_no_id_leads_back_behind_what_a_page_has_read_meanwhile(encoded):
    """The pump looked before the page read the database, and after it: its first id claims less than the page knows."""
    first, second = make_job(), make_job()
    known = Position.current()
    rewrite_note(second)
    read_upto = Position.current().revision
    report_progress(first, 1)
    report_progress(second, 2)

    events = told(known.revision)

    ids = [id_of(encoded(event, read_upto)) for event in events]
    assert [event.position.revision for event in events] == [known.revision, second.revision]
    assert ids == [read_upto, second.revision]


def id_of(event: bytes) -> int:
    [line] = [line for line in event.decode().splitlines() if line.startswith("id:")]
    return int(line.rpartition(":")[2])


def test_the_bytes_of_an_event_are_made_once():
    make_job()
    [event] = told()

    assert event.encoded(0) is event.encoded(0)


def test_whoever_is_too_far_behind_gets_no_single_events(monkeypatch):
    monkeypatch.setattr(feed, "MOST_ROWS", 2)
    for _ in range(3):
        make_job()

    assert read_after(0, Position.current()) is None


@pytest.mark.parametrize("kind", [make_job, make_printer])
def test_reading_takes_one_query_a_kind_however_many_rows(kind, django_assert_num_queries):
    kind(), kind()
    end = Position.current()

    with django_assert_num_queries(2):
        read_after(0, end)
