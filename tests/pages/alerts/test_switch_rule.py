"""POST /admin/print-queue/alerts/rules/{id}/switch-off/ and …/switch-on/."""

from tests.factories import make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def switch(rule, way):
    return f"{ALERTS}rules/{rule.pk}/switch-{way}/"


def test_a_rule_is_switched_off(browser, staff):
    rule = make_rule(make_target(staff))

    browser.post(switch(rule, "off"))

    rule.refresh_from_db()
    assert not rule.is_enabled
    assert "No rule tells anything here." in text_of(browser.get(ALERTS))


def test_a_rule_is_switched_on_again(browser, staff):
    rule = make_rule(make_target(staff))
    rule.switch_off()

    browser.post(switch(rule, "on"))

    rule.refresh_from_db()
    assert rule.is_enabled


def test_the_answer_to_htmx_offers_the_way_back(htmx, staff):
    rule = make_rule(make_target(staff))

    response = htmx.post(switch(rule, "off"))

    assert f'action="{switch(rule, "on")}"' in text_of(response)
    assert "pf:changed" in response["HX-Trigger"]


def test_another_persons_rule_is_not_found(browser, colleague):
    rule = make_rule(make_target(colleague))

    assert browser.post(switch(rule, "off")).status_code == 404
    rule.refresh_from_db()
    assert rule.is_enabled


def test_the_shops_is_for_managers(browser, manager):
    rule = make_rule(make_target(None))

    assert browser.post(switch(rule, "off")).status_code == 403
    assert manager.post(switch(rule, "off"))["Location"] == f"{ALERTS}shop/"
