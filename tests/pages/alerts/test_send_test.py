"""POST /admin/print-queue/alerts/targets/{id}/send-test/."""

import pytest

from printqueue.views.pages import alert_targets
from tests.alerts.receivers import WebReceiver
from tests.factories import make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of
from tests.processes import wait_for


@pytest.fixture
def receiver(settings):
    """A server on this machine, where alerts may go."""
    settings.ALERT_PRIVATE_TARGETS = True
    receiver = WebReceiver()
    yield receiver
    receiver.close()


def at(receiver, owner):
    """A place of `owner` at `receiver`."""
    return make_target(owner, url=f"{receiver.url}/very-secret-path")


def send_test(target):
    return f"{ALERTS}targets/{target.pk}/send-test/"


def test_a_test_arrives_and_the_answer_says_so(htmx, staff, receiver):
    response = htmx.post(send_test(at(receiver, staff)))

    assert len(receiver.messages) == 1
    assert 'data-state="completed"' in text_of(response)
    assert text_of(response).startswith('<p class="notice"')


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_is_told_with_its_reason_and_without_the_address(status, htmx, staff, receiver):
    receiver.moods = [status]

    html = text_of(htmx.post(send_test(at(receiver, staff))))

    assert 'data-state="failed"' in html
    assert str(status) in html
    assert "very-secret-path" not in html


def test_without_javascript_the_answer_is_a_page(browser, staff, receiver):
    html = text_of(browser.post(send_test(at(receiver, staff))))

    assert "A test to My phone" in html
    assert "Send another" in html
    assert f'href="{ALERTS}"' in html


def test_nobody_waits_for_ever(htmx, staff, receiver, monkeypatch):
    monkeypatch.setattr(alert_targets, "TEST_SECONDS", 0.1)
    receiver.moods = ["hang"]

    html = text_of(htmx.post(send_test(at(receiver, staff))))

    assert "Look whether it still arrives." in html
    assert alert_targets.TESTING.locked()  # until it has ended, so that no other begins meanwhile
    receiver.closing.set()
    wait_for(lambda: not alert_targets.TESTING.locked(), 60, "the test has ended")


def test_one_test_is_sent_at_a_time(htmx, staff, receiver):
    with alert_targets.TESTING:
        response = htmx.post(send_test(at(receiver, staff)))

    assert response.status_code == 409
    assert "Another test is being sent" in text_of(response)
    assert receiver.messages == []


def test_a_place_that_is_off_is_sent_no_test(htmx, staff, receiver):
    target = at(receiver, staff)
    target.switch_off()

    response = htmx.post(send_test(target))

    assert response.status_code == 409
    assert "Switch it on first" in text_of(response)
    assert receiver.messages == []


def test_another_persons_place_is_not_found(browser, colleague, receiver):
    assert browser.post(send_test(at(receiver, colleague))).status_code == 404
    assert receiver.messages == []


def test_the_shops_is_for_managers(browser, manager, receiver):
    target = at(receiver, None)

    assert browser.post(send_test(target)).status_code == 403
    assert manager.post(send_test(target)).status_code == 200
    assert len(receiver.messages) == 1
