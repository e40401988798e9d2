"""GET, POST /admin/print-queue/alerts/rules/{id}/remove/."""

from printqueue.models import Alert, AlertRule
from tests.factories import make_alert, make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def remove(rule):
    return f"{ALERTS}rules/{rule.pk}/remove/"


def test_it_asks_first_and_says_what_would_be_gone(browser, staff):
    rule = make_rule(make_target(staff))

    html = text_of(browser.get(remove(rule)))

    assert "Everything · All printers · to My phone (ntfy)" in html
    assert AlertRule.objects.exists()


def test_a_removed_rule_is_gone_and_what_it_told_stays(browser, staff):
    rule = make_rule(make_target(staff))
    make_alert(rule.targets.get(), rule=rule)

    response = browser.post(remove(rule), follow=True)

    assert not AlertRule.objects.exists()
    assert Alert.objects.count() == 1
    assert "Nothing is told yet" in text_of(response)


def test_another_persons_rule_is_not_found(browser, colleague):
    rule = make_rule(make_target(colleague))

    assert browser.post(remove(rule)).status_code == 404
    assert AlertRule.objects.exists()


def test_the_shops_is_for_managers(browser, manager):
    rule = make_rule(make_target(None))

    assert browser.post(remove(rule)).status_code == 403
    assert manager.post(remove(rule))["Location"] == f"{ALERTS}shop/"
