"""POST /admin/print-queue/alerts/targets/{id}/switch-off/ and …/switch-on/."""

from tests.factories import make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def switch(target, way):
    return f"{ALERTS}targets/{target.pk}/switch-{way}/"


def test_a_place_is_switched_off(browser, staff):
    target = make_target(staff)

    response = browser.post(switch(target, "off"))

    target.refresh_from_db()
    assert not target.is_enabled
    assert response["Location"] == ALERTS


def test_a_place_is_switched_on_again(browser, staff):
    target = make_target(staff)
    target.switch_off()

    browser.post(switch(target, "on"))

    target.refresh_from_db()
    assert target.is_enabled


def test_the_answer_to_htmx_offers_the_way_back(htmx, staff):
    target = make_target(staff)

    response = htmx.post(switch(target, "off"))

    assert "My phone is switched off." in text_of(response)
    assert f'action="{switch(target, "on")}"' in text_of(response)
    assert "pf:changed" in response["HX-Trigger"]


def test_a_place_that_is_off_says_so_and_sends_no_test(browser, staff):
    target = make_target(staff)
    target.switch_off()

    html = text_of(browser.get(ALERTS))

    assert "Switch on" in html
    assert "Send a test" not in html


def test_another_persons_place_is_not_found(browser, colleague):
    target = make_target(colleague)

    assert browser.post(switch(target, "off")).status_code == 404
    target.refresh_from_db()
    assert target.is_enabled


def test_the_shops_is_for_managers(browser, manager):
    target = make_target(None)

    assert browser.post(switch(target, "off")).status_code == 403
    assert manager.post(switch(target, "off"))["Location"] == f"{ALERTS}shop/"
