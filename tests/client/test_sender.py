"""Emptying the spool towards a server that is not always willing."""

import itertools
import threading

import pytest

from printqueue.client.sender import (
    DEFECT_TRIES,
    HELD_SECONDS,
    LEASED_FOR_SECONDS,
    LEASED_PROGRESS_FOR_SECONDS,
    LEFT_OUT_AT_ONCE,
    MENDING_SECONDS,
    Sender,
)
from printqueue.client.server import MAX_BODY_BYTES, ServerLink
from printqueue.client.snapshot import Snapshot
from printqueue.client.spool import Poll, Spool
from printqueue.protocol import MAX_REPORTS_PER_CALL, ReportState
from tests.client.fake_server import accepted, answered, error, refused, wrong
from tests.processes import wait_for

pytestmark = pytest.mark.sqlite_only

NOW = 1_700_000_000.0


@pytest.fixture
def spool():
    spool = Spool(":memory:")
    yield spool
    spool.close()


@pytest.fixture
def clock():
    """The sender's time, to be changed in place."""
    return [NOW]


@pytest.fixture
def sender(spool, queue, http, clock):
    return Sender(spool, ServerLink(http, queue.url, "pf_ab_cd", spool.client), now=lambda: clock[0])


def fill(spool, count, *, name="a.gcode", first=0):
    """Put `count` reports of one run into the spool: the first is a change, the others are progress."""
    snapshots = [Snapshot(ReportState.PRINTING, "1@1", name, progress=n % 100) for n in range(first, first + count)]
    return [report["sequence"] for report in spool.save([Poll("sim-1", None, snapshots, None)], NOW)]


def drain(sender, steps=100):
    """Step until there is nothing more to do, or the sender wants to wait."""
    for _ in range(steps):
        wait = sender.step()
        if wait != 0.0:
            return wait
    raise AssertionError("the sender does not come to an end")


def test_with_nothing_to_send_nothing_is_sent(sender, queue):
    assert sender.step() is None
    assert queue.calls == []


def test_everything_goes_out_in_order_and_leaves_the_spool(sender, spool, queue):
    sequences = fill(spool, 3)

    assert drain(sender) is None
    assert (queue.sequences, spool.waiting(9)) == (sequences, [])


def test_a_call_holds_at_most_500_reports(sender, spool, queue):
    fill(spool, 1100)
    drain(sender)

    assert [len(call.sequences) for call in queue.calls] == [MAX_REPORTS_PER_CALL, MAX_REPORTS_PER_CALL, 100]


def test_a_call_stays_below_the_body_limit(sender, spool, queue):
    fill(spool, 500, name="ü" * 255)
    drain(sender)

    assert max(call.size for call in queue.calls) < MAX_BODY_BYTES + 1024
    assert len(queue.sequences) == 500


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_gets_the_same_reports_again_later(sender, spool, queue, status):
    sequences = fill(spool, 2)
    queue.answer = lambda _: error(status)
    assert drain(sender) > 0
    queue.answer = accepted

    drain(sender)
    assert queue.sequences == sequences * 2


def test_waiting_gets_longer_and_has_a_bound(sender, spool, queue):
    fill(spool, 1)
    queue.answer = lambda _: error(503)

    waits = [sender.step() for _ in range(12)]

    assert 0.7 < waits[0] < 1.3
    assert 10 < waits[-1] < 20


def test_the_server_may_ask_for_a_longer_wait(sender, spool, queue):
    fill(spool, 1)
    queue.answer = lambda _: error(429, Retry_After="120")

    assert sender.step() == 120


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_needs_mending_is_said_once_and_not_hammered(sender, spool, queue, said, status):
    fill(spool, 1)
    queue.answer = lambda _: error(status)

    waits = [sender.step() for _ in range(3)]

    assert min(waits) > MENDING_SECONDS / 2
    assert len(said()) == 1
    assert spool.waiting(9) != []


def test_a_body_that_is_too_large_is_sent_in_halves(sender, spool, queue):
    sequences = fill(spool, 8)
    queue.answer = lambda call: accepted(call) if len(call.sequences) <= 2 else error(413)

    drain(sender)
    assert sorted({s for call in queue.calls if len(call.sequences) <= 2 for s in call.sequences}) == sequences
    assert spool.waiting(9) == []


def test_a_report_that_alone_is_too_large_does_not_block_and_is_logged_once(sender, spool, queue, said):
    sequences = fill(spool, 8)
    too_large = set(sequences[2:5])
    queue.answer = lambda call: error(413) if too_large & set(call.sequences) else accepted(call)

    drain(sender)

    taken = {sequence for call in queue.calls if not too_large & set(call.sequences) for sequence in call.sequences}
    assert (sorted(taken), spool.waiting(9)) == (sequences[:2] + sequences[5:], [])
    assert [line for line in said() if "left out" in line] == said()


@pytest.mark.parametrize("answer", [error(413), wrong("reports.0.model")])
def test_a_server_that_takes_no_report_at_all_does_not_get_the_spool_emptied(sender, spool, queue, answer):
    fill(spool, 100)
    queue.answer = lambda _: answer
    assert drain(sender) > MENDING_SECONDS / 2

    assert len(spool.waiting(100)) == 100 - LEFT_OUT_AT_ONCE - 1
    assert sender.step() > MENDING_SECONDS / 2


NO_ANSWERS = {
    "a captive portal": (200, {}, "<html>Log in to the Wi-Fi</html>"),
    "a captive portal elsewhere": (302, {"Location": "https://portal.example/"}, ""),
    "broken off": (200, {}, '{"success": true, "results": [{"result": "acce'),
    "nothing": (204, {}, ""),
    "fewer results": answered([{"result": "accepted"}]),
    "more results": answered([{"result": "accepted"}] * 9),
    "an unknown result": answered([{"result": "maybe"}] * 3),
    "a refusal without reason": answered([{"result": "refused"}] * 3),
    "a refusal in other words": answered([{"result": "refused", "error": {"code": 7}}] * 3),
    "the answer to another call": answered([{"result": "accepted", "sequence": 1}] * 3),
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_is_none_of_the_queue_s_costs_no_report(sender, spool, queue, answer):
    sequences = fill(spool, 3)
    queue.answer = lambda _: answer
    assert sender.step() > 0
    queue.answer = accepted

    drain(sender)
    assert queue.calls[-1].sequences == sequences


def test_one_report_that_spoils_every_call_is_found_left_out_and_logged(sender, spool, queue, caplog):
    sequences = fill(spool, 20)
    taken = []

    def take_all_but_the_seventh(call):
        if sequences[6] in call.sequences:
            return wrong("reports.0.state")
        taken.extend(call.sequences)
        return accepted(call)

    queue.answer = take_all_but_the_seventh
    drain(sender)

    assert taken == sequences[:6] + sequences[7:]
    assert str(sequences[6]) in caplog.text


def breaking_on(sequence):
    """`answer`, `taken`: a server that meets a defect in one report, and what it takes of the others."""
    taken = []

    def answer(call):
        if call.sequences == []:
            return wrong("reports")
        if sequence in call.sequences:
            return error(500)
        taken.extend(call.sequences)
        return accepted(call)

    return answer, taken


def wait_out(sender, steps=200):
    """Step until there is nothing more to do, as if all waiting were over at once; return the waits."""
    waits = list(itertools.takewhile(lambda wait: wait is not None, (sender.step() for _ in range(steps))))
    assert len(waits) < steps, "the sender does not come to an end"
    return waits


def test_one_report_that_breaks_the_server_does_not_block_the_others(sender, spool, queue):
    sequences = fill(spool, 20)
    queue.answer, taken = breaking_on(sequences[6])

    wait_out(sender)

    assert taken == sequences[:6] + sequences[7:]


def test_a_report_that_breaks_the_server_is_tried_again_with_pauses_before_it_is_left_out(sender, spool, queue, said):
    [sequence] = fill(spool, 1)
    queue.answer, _ = breaking_on(sequence)

    waits = wait_out(sender)

    assert [wait > 0 for wait in waits] == [True] * (DEFECT_TRIES - 1) + [False]
    assert "of sim-1 (printing) is left out" in said()[-1]


def test_a_server_that_breaks_on_everything_loses_no_report(sender, spool, queue):
    fill(spool, 2)
    queue.answer = lambda _: error(500)

    waits = [sender.step() for _ in range(5 * DEFECT_TRIES)]

    assert min(waits) > 0
    assert len(spool.waiting(9)) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_is_away_is_no_reason_to_leave_a_report_out(sender, spool, queue, status):
    fill(spool, 1)
    queue.answer = lambda call: error(status) if call.sequences else wrong("reports")

    assert min(sender.step() for _ in range(3 * DEFECT_TRIES)) > 0


def test_a_refused_report_is_dropped_and_the_others_are_taken(sender, spool, queue, caplog):
    fill(spool, 3)
    queue.answer = lambda _: answered([{"result": "accepted"}, refused("invalid"), {"result": "stale"}])

    drain(sender)
    assert spool.waiting(9) == []
    assert "because invalid" in caplog.text


def leased(call):
    """Another client speaks for all printers."""
    return answered([refused("leased")] * len(call.sequences))


def test_while_another_client_speaks_for_the_printer_reports_wait_and_then_go_out_in_order(sender, spool, queue, clock):
    sequences = fill(spool, 3)
    queue.answer = leased
    drain(sender)
    queue.answer = accepted
    clock[0] += HELD_SECONDS

    drain(sender)
    assert (queue.calls[-1].sequences, spool.waiting(9)) == (sequences, [])


def test_a_lease_is_not_asked_about_at_once(sender, spool, queue):
    fill(spool, 3)
    queue.answer = leased
    drain(sender)
    drain(sender)

    assert len(queue.calls) == 1


def test_a_lease_of_one_printer_does_not_hold_up_the_others(sender, spool, queue):
    fill(spool, MAX_REPORTS_PER_CALL)
    queue.answer = leased
    sender.step()
    queue.answer = accepted
    [report] = spool.save([Poll("sim-2", None, [Snapshot(ReportState.IDLE)], None)], NOW)

    drain(sender)
    assert queue.calls[-1].sequences == [report["sequence"]]


def test_progress_older_than_a_lease_is_left_to_the_other_client_and_a_change_is_kept(sender, spool, queue, clock):
    start, *_ = fill(spool, 3)
    queue.answer = leased
    clock[0] += LEASED_PROGRESS_FOR_SECONDS
    drain(sender)
    queue.answer = accepted
    clock[0] += HELD_SECONDS

    drain(sender)
    assert queue.calls[-1].sequences == [start]


def test_a_lease_that_does_not_end_is_believed_after_a_while(sender, spool, queue, clock):
    fill(spool, 1)
    queue.answer = leased
    drain(sender)
    clock[0] = NOW + LEASED_FOR_SECONDS

    drain(sender)
    assert spool.waiting(9) == []


def test_a_refusal_is_logged_once_for_each_printer(sender, spool, queue, said):
    queue.answer = lambda call: answered([refused("printer_not_allowed")] * len(call.sequences))
    for n in range(3):
        fill(spool, 1, first=n)
        drain(sender)

    assert len(said()) == 1


def test_the_end_of_trouble_is_said(sender, spool, queue, said):
    fill(spool, 1)
    queue.answer = lambda _: error(503)
    sender.step()
    queue.answer = accepted
    sender.step()

    assert said()[-1] == "The server takes reports again."


def test_news_wakes_the_sender_and_stopping_ends_it(sender, spool, queue):
    stopping, news = threading.Event(), threading.Event()
    thread = threading.Thread(target=sender.run, args=(stopping, news))
    thread.start()
    sequences = fill(spool, 1)
    news.set()
    wait_for(lambda: queue.sequences == sequences, what="the report arrives")

    stopping.set()
    news.set()
    thread.join(10)
    assert not thread.is_alive()
