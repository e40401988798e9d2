"""How often one key may ask."""

import pytest

from printqueue.protocol import Scope
from printqueue.views import buckets as buckets_module
from printqueue.views.api import throttle
from printqueue.views.api.throttle import key_limits
from printqueue.views.buckets import TokenBuckets
from tests.api.conftest import Caller, assert_error
from tests.factories import make_job, make_key


class Clock:
    """Stands still until it is moved; seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def limits(settings, monkeypatch):
    """3 at once, 2 a second; no second passes by itself."""
    settings.KEY_BURST, settings.KEY_RATE = 3, 2
    monkeypatch.setattr(throttle, "BUCKETS", TokenBuckets(key_limits, Clock()))


def test_a_bucket_holds_the_burst_and_then_says_how_long_to_wait():
    buckets = TokenBuckets(key_limits, Clock())

    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_bucket_fills_at_the_rate_and_never_above_the_burst():
    clock = Clock()
    buckets = TokenBuckets(key_limits, clock)
    [buckets.take("a") for _ in range(3)]

    clock.now += 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    clock.now += 3600
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_what_is_given_back_can_be_taken_again_and_never_makes_more_than_the_burst():
    buckets = TokenBuckets(key_limits, Clock())
    [buckets.take("a") for _ in range(3)]

    buckets.give_back("a")
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    for _ in range(9):
        buckets.give_back("a")
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_each_name_has_its_own_bucket():
    buckets = TokenBuckets(key_limits, Clock())
    [buckets.take("a") for _ in range(4)]

    assert buckets.take("b") == 0


def test_names_that_asked_long_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(buckets_module, "MAX_BUCKETS", 10)
    clock = Clock()
    buckets = TokenBuckets(key_limits, clock)
    for number in range(100):
        buckets.take(f"address {number}")
        clock.now += 1

    assert len(buckets) <= 10


def test_names_that_all_ask_at_once_take_no_more_room_than_there_is(monkeypatch):
    monkeypatch.setattr(buckets_module, "MAX_BUCKETS", 10)
    buckets = TokenBuckets(key_limits, Clock())
    for number in range(100):
        buckets.take("steady")
        buckets.take(f"address {number}")

    assert len(buckets) == 10
    assert buckets.take("steady") > 0  # never the longest silent one, and so not forgotten


def test_a_key_that_asks_too_often_is_told_when_to_come_back(caller):
    answers = [caller.get("print-queue") for _ in range(5)]

    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    assert_error(answers[-1], 429)
    assert answers[-1]["Retry-After"] == "1"


def test_other_keys_are_not_held_up(caller, caller_for):
    for _ in range(5):
        caller.get("print-queue")

    assert caller_for().get("print-queue").status_code == 200


def test_nothing_is_written_for_a_request_too_many(caller):
    job = make_job()
    for _ in range(4):
        caller.get("print-queue")

    assert_error(caller.put(f"print-queue/{job.pk}/progress", {"progress": 45.3}), 429)

    job.refresh_from_db()
    assert job.progress is None


def test_requests_that_are_refused_count_too(caller_for):
    caller = caller_for(scopes=(Scope.EVENTS_READ,))

    answers = [caller.get("print-queue").status_code for _ in range(5)]

    assert answers[0] == 403
    assert answers[-1] == 429


def test_unknown_keys_are_held_up_by_address_and_good_ones_there_are_not(db):
    guesses = [Caller(f"pf_0000000{n}_guess").get("print-queue").status_code for n in range(5)]

    assert guesses == [401, 401, 401, 429, 429]
    assert Caller(make_key()[1]).get("print-queue").status_code == 200


def test_a_forged_forwarded_address_is_no_way_around(db):
    guess = Caller("pf_00000000_guess")

    answers = [guess.get("print-queue", **{"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(5)]

    assert answers[-1] == 429


def test_behind_a_trusted_proxy_each_client_counts_by_itself(db, settings):
    settings.TRUSTED_PROXIES = 1
    guess = Caller("pf_00000000_guess")

    answers = [guess.get("print-queue", **{"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(5)]

    assert answers == [401] * 5


def test_staff_are_not_held_up(staff):
    assert {staff.get("print-queue").status_code for _ in range(10)} == {200}


def test_100_requests_at_once_are_bounded_on_a_real_server(server):
    """KEY_RATE and KEY_BURST as they come: 10 a second, 40 at once."""
    client = server.client(headers={"X-Api-Key": make_key()[1]})
    other = server.client(headers={"X-Api-Key": make_key()[1]})

    answers = [client.get("/api/print-queue").status_code for _ in range(100)]

    assert answers[:40] == [200] * 40
    assert 429 in answers
    assert other.get("/api/print-queue").status_code == 200
