"""How many streams may be open at once."""

import gc
import resource
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory

from printqueue.live.seats import Seats, ServerFull, TooManyStreams, room, seats
from printqueue.live.stream import BadStreamRequest, Everything, Viewer, open_stream

VIEWER = Viewer("somebody", still_allowed=lambda: True)


def test_exactly_as_many_get_in_as_there_are_seats_for_one(settings):
    settings.STREAMS_PER_USER = 5
    room = Seats()

    def got_in(_: int) -> bool:
        try:
            room.take("somebody")
        except TooManyStreams:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(got_in, range(40))) == 5


def test_one_viewers_streams_take_no_seat_from_another(settings):
    settings.STREAMS_PER_USER = 1
    room = Seats()
    room.take("somebody")

    room.take("somebody else")


def test_a_full_server_lets_nobody_in(settings):
    settings.STREAMS = 1
    room = Seats()
    room.take("somebody")

    with pytest.raises(ServerFull):
        room.take("somebody else")


@pytest.mark.parametrize(("files", "seats"), [(101, 1), (100, 0), (1_000_000, 1000), (resource.RLIM_INFINITY, 1000)])
def test_streams_leave_files_to_others(files, seats, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))

    assert room() == seats


def test_a_seat_that_was_given_back_is_free(settings):
    settings.STREAMS_PER_USER = 1
    room = Seats()
    room.take("somebody")

    room.release("somebody")

    room.take("somebody")


def test_a_response_that_is_thrown_away_gives_its_seat_back(settings):
    settings.STREAMS_PER_USER = 1
    request = RequestFactory().get("/api/print-queue/events")
    response = open_stream(request, VIEWER, Everything())

    del response
    gc.collect()

    seats.take(VIEWER.name)
    seats.release(VIEWER.name)


def test_a_bad_request_takes_no_seat(settings):
    settings.STREAMS_PER_USER = 1
    for _ in range(2):
        with pytest.raises(BadStreamRequest):
            open_stream(RequestFactory().get("/", {"channel": "other"}), VIEWER, Everything())

    seats.take(VIEWER.name)
    seats.release(VIEWER.name)
