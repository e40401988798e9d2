"""A test by hand: sent now, and answered while somebody waits."""

import logging
import time

import pytest

from printqueue.alerts import delivery
from tests.alerts.conftest import make_target

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("private_targets")]
logger = logging.getLogger(__name__)


def test_a_test_arrives_and_says_so(db, web):
    answer = make_target(web.url, name="My phone").send_test()

    assert (answer.outcome, answer.words) == ("sent", "")
    assert web.titles == ["A test from PrintFactory to My phone"]


def test_a_test_beside_another_one_waits_for_nobody(db, web):
    with delivery._testing:
        answer = make_target(web.url).send_test()

    assert answer.outcome == "failed"
    assert "Another test is under way" in answer.words


def test_a_test_that_hangs_is_answered_before_the_request_is_over(db, silent):
    began = time.monotonic()

    answer = make_target(silent.url).send_test()

    logger.info("A test that hangs was answered after %.1f s.", time.monotonic() - began)
    assert (answer.outcome, answer.words) == ("failed", "The server did not answer in time.")


def test_a_test_that_fails_says_why_without_secrets(db, web):
    web.moods = [403]

    answer = make_target(web.url.replace("//", "//mia:hunter2@")).send_test()

    assert answer.outcome == "failed"
    assert answer.words == "The server answered 403: it does not allow this."
