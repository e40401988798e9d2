"""The admin of alerts: no URL anywhere, rules that fit their owner, and a dead alert sent again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as Browser
from django.urls import reverse

from printqueue.models import Alert, AlertRule, AlertState, Fact, FactKind, PrintRun
from tests.alerts.conftest import make_rule, make_target
from tests.factories import NOW, Client, make_printer, make_staff

pytestmark = pytest.mark.django_db
SECRET = "jsons://mia:hunter2@hooks.example.com/"


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.force_login(make_staff(is_superuser=True))
    return browser


def dead_alert() -> Alert:
    client = Client(make_printer())
    client.says("printing", run_key="1@0")
    fact = Fact.of(PrintRun.objects.get(), FactKind.FAILED, at=NOW, noticed_at=NOW)
    fact.save()
    return Alert.objects.create(
        fact=fact, target=make_target(SECRET), state=AlertState.DEAD, created_at=NOW, due_at=NOW, attempts=8
    )


def send_again(browser: Browser, alert: Alert) -> None:
    answer = {"action": "send_again", "_selected_action": [alert.pk]}
    browser.post(reverse("admin:printqueue_alert_changelist"), answer)
    alert.refresh_from_db()


def test_the_url_of_a_target_is_on_no_page_and_in_no_log(browser):
    target = make_target(SECRET)
    url = reverse("admin:printqueue_alerttarget_change", args=[target.pk])

    pages = [browser.get(url), browser.get(reverse("admin:printqueue_alerttarget_changelist"))]
    browser.post(url, {"name": "Renamed"})

    target.refresh_from_db()
    assert (target.name, target.is_enabled, target.unseal()) == ("Renamed", False, SECRET)
    for text in [*(page.content.decode() for page in pages), LogEntry.objects.get().change_message]:
        assert "hunter2" not in text
        assert target.sealed_url not in text


def rule_form(**fields):
    return {"kinds": ["failed"], "zone": "Europe/Berlin", "is_enabled": "on", **fields}


def test_a_rule_takes_targets_of_its_own_owner_alone(browser):
    mia, target = make_staff(), make_target(SECRET, owner=make_staff())

    page = browser.post(reverse("admin:printqueue_alertrule_add"), rule_form(owner=mia.pk, targets=[target.pk]))

    assert b"Expected targets of the rule&#x27;s own owner." in page.content
    assert not AlertRule.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kinds": []}, b"This field is required."),
        ({"kinds": ["exploded"]}, b"exploded is not one of the available choices"),
        ({"zone": "Mars/Olympus"}, b"Expected a time zone"),
        ({"quiet_from": "22:00"}, b"Give both ends of the quiet hours"),
        ({"own_jobs_only": "on"}, b"The shop has no jobs of its own"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(browser, fields, said):
    page = browser.post(reverse("admin:printqueue_alertrule_add"), rule_form(**fields))

    assert said in page.content
    assert not AlertRule.objects.exists()


def test_a_rule_is_edited(browser):
    rule = make_rule(make_target(SECRET))

    browser.post(
        reverse("admin:printqueue_alertrule_change", args=[rule.pk]),
        rule_form(targets=[rule.targets.get().pk], quiet_from="22:00", quiet_to="07:00"),
    )

    rule.refresh_from_db()
    assert (rule.kinds, str(rule.quiet_from)) == (["failed"], "22:00:00")


def test_what_was_given_up_is_sent_again(browser):
    alert = dead_alert()

    send_again(browser, alert)

    assert (alert.state, alert.attempts) == (AlertState.WAITING, 0)


def test_who_may_only_look_sends_nothing_again(browser):
    alert = dead_alert()
    looker = Browser()
    looker.force_login(make_staff())

    send_again(looker, alert)

    assert alert.state == AlertState.DEAD


def test_a_removed_target_forgets_its_url(browser):
    target = make_target(SECRET)
    make_rule(target)

    browser.post(
        reverse("admin:printqueue_alerttarget_changelist"), {"action": "remove", "_selected_action": [target.pk]}
    )

    target.refresh_from_db()
    assert (target.sealed_url, target.is_enabled, target.rules.count()) == ("", False, 0)
    assert target.removed_at
