"""POST /admin/print-queue/alerts/log/{id}/send-again/."""

import pytest

from printqueue.models import AlertState
from tests.factories import make_alert, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def again(alert):
    return f"{ALERTS}log/{alert.pk}/send-again/"


def dead(target):
    return make_alert(target, state=AlertState.DEAD, sent_at=None, last_error="It was refused.")


def test_what_was_given_up_is_tried_anew(browser, staff):
    alert = dead(make_target(staff))

    response = browser.post(again(alert), follow=True)

    alert.refresh_from_db()
    assert alert.state == AlertState.WAITING
    assert "is sent to My phone again" in text_of(response)


def test_the_log_offers_it_for_what_was_given_up_alone(browser, staff):
    target = make_target(staff)
    given_up, sent = dead(target), make_alert(target)

    html = text_of(browser.get(f"{ALERTS}log/"))

    assert f'action="{again(given_up)}"' in html
    assert f'action="{again(sent)}"' not in html


@pytest.mark.parametrize("state", [AlertState.SENT, AlertState.WAITING, AlertState.SENDING, AlertState.LOGGED])
def test_in_another_state_it_is_refused(state, htmx, staff):
    alert = make_alert(make_target(staff), state=state)

    response = htmx.post(again(alert))

    alert.refresh_from_db()
    assert response.status_code == 409
    assert "Cannot send it again" in text_of(response)
    assert alert.state == state


def test_a_removed_place_is_sent_nothing_any_more(htmx, staff):
    alert = dead(make_target(staff))
    alert.target.remove(alert.created_at)

    response = htmx.post(again(alert))

    assert response.status_code == 409
    assert "removed" in text_of(response)
    assert again(alert) not in text_of(htmx.get(f"{ALERTS}log/"))


def test_another_persons_is_not_found(browser, manager, colleague):
    alert = dead(make_target(colleague))

    assert (browser.post(again(alert)).status_code, manager.post(again(alert)).status_code) == (404, 404)


def test_the_shops_is_for_managers(browser, manager):
    alert = dead(make_target(None))

    assert again(alert) not in text_of(browser.get(f"{ALERTS}log/"))
    assert browser.post(again(alert)).status_code == 403
    assert manager.post(again(alert)).status_code == 302
