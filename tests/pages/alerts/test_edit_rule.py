"""GET, POST /admin/print-queue/alerts/rules/{id}/edit/."""

from datetime import time

import pytest

from printqueue.models import FactKind
from tests.factories import make_printer, make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def edit(rule):
    return f"{ALERTS}rules/{rule.pk}/edit/"


def said(*targets, **more):
    needed = {"kinds": ["completed"], "targets": [target.pk for target in targets], "zone": "UTC"}
    return {**needed, "longer_than_unit": "60", **more}


def test_a_rule_is_changed_as_a_whole(browser, staff):
    target = make_target(staff)
    rule = make_rule(target, printers=[make_printer()], own_jobs_only=True, quiet_from=time(22), quiet_to=time(7))

    response = browser.post(edit(rule), said(target))

    rule.refresh_from_db()
    assert response["Location"] == ALERTS
    assert (rule.kinds, rule.printers.count(), rule.own_jobs_only, rule.quiet_from) == (["completed"], 0, False, None)


def test_the_form_shows_what_is_stored(browser, staff):
    rule = make_rule(
        make_target(staff), kinds=[FactKind.FAILED], printers=[make_printer("left")], longer_than_minutes=90,
        quiet_from=time(22), quiet_to=time(7), zone="Europe/Berlin",
    )  # fmt: skip

    html = text_of(browser.get(edit(rule)))

    for text in (
        'value="failed" id="id_kinds_1" checked', 'value="left" id="id_printers_0" checked', 'name="longer_than" value="90"',
        '<option value="1" selected>minutes', 'name="quiet_from" value="22:00"', '<option value="Europe/Berlin" selected>',
    ):  # fmt: skip
        assert text in html


@pytest.mark.parametrize("wrong", [{"kinds": []}, {"targets": []}, {"quiet_from": "22:00"}])
def test_a_mistake_changes_nothing(wrong, browser, staff):
    rule = make_rule(make_target(staff), kinds=[FactKind.FAILED])

    assert browser.post(edit(rule), said(rule.targets.get(), **wrong)).status_code == 422
    rule.refresh_from_db()
    assert rule.kinds == ["failed"]


def test_another_persons_rule_is_not_found(browser, staff, colleague):
    rule = make_rule(make_target(colleague), kinds=[FactKind.FAILED])

    assert browser.get(edit(rule)).status_code == 404
    assert browser.post(edit(rule), said(make_target(staff))).status_code == 404
    rule.refresh_from_db()
    assert rule.kinds == ["failed"]


def test_not_even_a_manager_finds_it(manager, colleague):
    assert manager.get(edit(make_rule(make_target(colleague)))).status_code == 404


def test_the_shops_is_for_managers(browser, manager):
    rule = make_rule(make_target(None))

    assert browser.post(edit(rule), said(rule.targets.get())).status_code == 403
    assert manager.post(edit(rule), said(rule.targets.get()))["Location"] == f"{ALERTS}shop/"
