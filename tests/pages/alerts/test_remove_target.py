"""GET, POST /admin/print-queue/alerts/targets/{id}/remove/."""

from printqueue.models import Alert
from tests.factories import make_alert, make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def remove(target):
    return f"{ALERTS}targets/{target.pk}/remove/"


def test_it_asks_first(browser, staff):
    target = make_target(staff)

    html = text_of(browser.get(remove(target)))

    target.refresh_from_db()
    assert "Remove My phone?" in html
    assert target.removed_at is None


def test_a_removed_place_is_gone_and_its_address_forgotten(browser, staff):
    target = make_target(staff)

    response = browser.post(remove(target), follow=True)

    target.refresh_from_db()
    assert target.sealed_url == ""
    assert "1. Add where you want to be told" in text_of(response)


def test_what_was_told_there_stays_in_the_log(browser, staff):
    target = make_target(staff, name="Old phone")
    make_alert(target)

    browser.post(remove(target))

    assert Alert.objects.count() == 1
    assert "Old phone" in text_of(browser.get(f"{ALERTS}log/"))


def test_a_rule_that_named_it_alone_tells_nobody(browser, staff):
    gone, stays = make_target(staff), make_target(staff, name="Tablet")
    make_rule(gone)

    browser.post(remove(gone))

    html = text_of(browser.get(ALERTS))
    assert "All printers · to nobody" in html
    assert f'id="target-{stays.pk}"' in html


def test_a_place_cannot_be_removed_twice(browser, staff):
    target = make_target(staff)
    browser.post(remove(target))

    assert browser.post(remove(target)).status_code == 404


def test_another_persons_place_is_not_found(browser, colleague):
    target = make_target(colleague)

    assert browser.post(remove(target)).status_code == 404
    target.refresh_from_db()
    assert target.removed_at is None


def test_the_shops_is_for_managers(browser, manager):
    target = make_target(None)

    assert browser.post(remove(target)).status_code == 403
    assert manager.post(remove(target))["Location"] == f"{ALERTS}shop/"
