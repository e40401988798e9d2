"""GET, POST /admin/print-queue/alerts/rules/new/ and …/shop/rules/new/."""

from datetime import time

import pytest

from printqueue.models import AlertRule
from tests.factories import make_printer, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of

NEW = f"{ALERTS}rules/new/"


def said(*targets, **more):
    """What the form sends when only `more` was filled in besides what is needed."""
    needed = {"kinds": ["completed"], "targets": [target.pk for target in targets], "zone": "Europe/Berlin"}
    return {**needed, "longer_than_unit": "60", **more}


def test_a_rule_is_stored_with_all_that_was_said(browser, staff):
    target, printer = make_target(staff), make_printer("left")

    response = browser.post(
        NEW,
        said(
            target, kinds=["completed", "failed"], printers=["left"], own_jobs_only="on", longer_than="2",
            quiet_from="22:00", quiet_to="07:00",
        ),
    )  # fmt: skip

    rule = AlertRule.objects.get()
    assert response["Location"] == ALERTS
    assert (rule.owner, rule.kinds, rule.zone) == (staff, ["completed", "failed"], "Europe/Berlin")
    assert ([*rule.targets.all()], [*rule.printers.all()]) == ([target], [printer])
    assert (rule.own_jobs_only, rule.longer_than_minutes) == (True, 120)
    assert (rule.quiet_from, rule.quiet_to) == (time(22), time(7))


def test_without_wishes_it_is_of_all_prints_at_any_hour(browser, staff):
    browser.post(NEW, said(make_target(staff)))

    rule = AlertRule.objects.get()
    assert (rule.printers.count(), rule.own_jobs_only, rule.longer_than_minutes, rule.quiet_from) == (
        0,
        False,
        None,
        None,
    )


def test_the_form_offers_the_usual_in_the_viewers_zone(browser, staff):
    make_target(staff)
    browser.cookies["timeZone"] = "Asia/Kolkata"

    html = text_of(browser.get(NEW))

    assert '<option value="Asia/Kolkata" selected>' in html
    assert 'value="completed" id="id_kinds_0" checked' in html
    assert 'value="cancelled" id="id_kinds_2">' in html


@pytest.mark.parametrize(("places", "ticked"), [(1, True), (2, False)])
def test_the_only_place_is_ticked(places, ticked, browser, staff):
    first, *_others = [make_target(staff) for _ in range(places)]

    assert (f'value="{first.pk}" id="id_targets_0" checked' in text_of(browser.get(NEW))) == ticked


@pytest.mark.parametrize("named", ["x", "-1", "999999", "9" * 30])
def test_an_address_that_names_no_place_of_ones_own_is_passed_over(named, browser, staff):
    make_target(staff), make_target(staff)

    assert browser.get(NEW, {"target": named}).status_code == 200


def test_a_zone_that_is_no_place_may_be_kept_too(browser, staff):
    browser.cookies["timeZone"] = "Etc/GMT-3"

    browser.post(NEW, said(make_target(staff), zone="Etc/GMT-3"))

    assert AlertRule.objects.get().zone == "Etc/GMT-3"


@pytest.mark.parametrize(
    ("wrong", "field", "expected"),
    [
        ({"kinds": []}, "kinds", "Tick what you want to be told of."),
        ({"kinds": ["x"]}, "kinds", "x is not one of the available choices"),
        ({"targets": []}, "targets", "Tick where you want to be told."),
        ({"printers": ["x"]}, "printers", "x is not one of the available choices"),
        ({"longer_than": "0"}, "longer_than", "greater than or equal to 1"),
        ({"longer_than": "721"}, "longer_than", "at most 30 days"),
        ({"quiet_from": "22:00"}, "quiet_to", "Give both times"),
        ({"quiet_to": "07:00"}, "quiet_from", "Give both times"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from", "Enter a valid time"),
        ({"quiet_from": "07:00", "quiet_to": "07:00"}, "quiet_to", "Give another time"),
        ({"zone": "Europe/Atlantis"}, "zone", "Select a valid choice"),
    ],
)
def test_a_mistake_names_its_field_and_what_was_expected(wrong, field, expected, browser, staff):
    response = browser.post(NEW, said(make_target(staff), **wrong))

    assert response.status_code == 422
    assert expected in text_of(response).split(f'id="{field}-error"')[1].split("</p>")[0]
    assert not AlertRule.objects.exists()


def test_another_persons_place_cannot_be_told(browser, staff, colleague):
    make_target(staff)
    theirs = make_target(colleague, name="Theirs")

    response = browser.post(NEW, said(theirs))

    assert response.status_code == 422
    assert "Theirs" not in text_of(response)
    assert not AlertRule.objects.exists()


def test_a_place_of_the_shop_is_told_by_the_shops_rules_alone(browser, staff):
    assert browser.post(NEW, said(make_target(None))).status_code == 422


def test_a_manager_adds_a_rule_of_the_shop(manager):
    target = make_target(None)

    response = manager.post(f"{ALERTS}shop/rules/new/", said(target))

    assert response["Location"] == f"{ALERTS}shop/"
    assert AlertRule.objects.get().owner is None


def test_the_shop_has_no_jobs_of_its_own(manager):
    make_target(None)

    assert "own_jobs_only" not in text_of(manager.get(f"{ALERTS}shop/rules/new/"))


def test_nobody_else_adds_a_rule_of_the_shop(browser):
    assert browser.post(f"{ALERTS}shop/rules/new/", said(make_target(None))).status_code == 403
    assert not AlertRule.objects.exists()
