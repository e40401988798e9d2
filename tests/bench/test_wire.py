"""Answers are taken apart alike, in whatever pieces they come."""

import pytest

from tests.bench.wire import AnswerReader, StreamReader, percent

EVENTS = (
    b'id: pf-0123abcd:7\nevent: message\ndata: {"type": "progress", "id": "17", "progress": 12.3457}\n\n',
    b"event: keep-alive\ndata: \n\n",
    b'event: message\ndata: {"type":"job","id":"18","progress":0.5}\n\n',
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"".join(EVENTS)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
    b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS
)
ONE_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (
    len(b"".join(EVENTS)),
    b"".join(EVENTS),
)
HEARD = [(17, 123457), (18, 5000)]


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, ONE_CHUNK], ids=["plain", "chunked", "one chunk"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_events_are_heard_in_pieces_of_any_size(answer, size):
    reader = StreamReader()

    heard = [one for at in range(0, len(answer), size) for one in reader.feed(answer[at : at + size])]

    assert heard == HEARD
    assert (reader.status, reader.is_between_events) == (200, True)


def test_a_reader_knows_that_it_stands_in_the_middle_of_an_event():
    reader = StreamReader()
    reader.feed(CHUNKED[:-5])

    assert not reader.is_between_events


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"success":true}\r\n0\r\n\r\n',
    ],
    ids=["with length", "chunked"],
)
def test_an_answer_is_there_with_its_last_byte(answer):
    reader = AnswerReader()

    answers = [reader.feed(answer[at : at + 1]) for at in range(len(answer))]

    assert not any(answers[:-1])
    assert answers[-1] is not None
    assert answers[-1][0] == 200


def test_a_value_comes_back_from_the_wire_as_it_was_sent():
    for value in (1, 9, 123_456, 989_999):
        event = b'data: {"id": "1", "progress": ' + percent(value).encode() + b"}\n\n"

        assert StreamReader().feed(b"HTTP/1.1 200 OK\r\n\r\n" + event) == ((1, value),)
