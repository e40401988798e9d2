"""What a real mail server and a real web server get: the right messages, each once."""

import sys
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from printqueue.alerts.delivery import Deliveries, together
from printqueue.models import (
    Alert,
    AlertRule,
    AlertState,
    Fact,
    FactKind,
    PrintRun,
)
from printqueue.models.alert import AlertAttempt
from tests.alerts.conftest import FILE, log, make_rule, make_target, printed
from tests.factories import Client, make_job, make_printer, make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("private_targets")]


def test_a_completed_and_a_failed_print_reach_a_web_server(client, web, deliver):
    make_rule(make_target(web.url))
    first, second = printed(client), printed(client, "failed", error_code="0300", error_message="Nozzle clogged")

    deliver()
    deliver()

    assert web.titles == [
        f"{first.code} Infinity Splint on Left P1S: is printed",
        f"{second.code} Infinity Splint on Left P1S: failed: 0300 Nozzle clogged",
    ]
    assert f"/admin/print-queue/{first.pk}/" in web.messages[0]["message"]
    assert list(Alert.objects.values_list("state", "attempts")) == [(AlertState.SENT, 1)] * 2
    assert log() == [("sent", "")] * 2


def test_a_mail_has_plain_text_and_html_and_names_no_customer(client, mail, deliver):
    make_rule(make_target(mail.url))
    job = printed(client)

    deliver()

    [sent] = mail.mails
    parts = {part.get_content_type(): part.get_content() for part in sent.walk() if not part.is_multipart()}
    assert sent["Subject"] == f"{job.code} Infinity Splint on Left P1S: is printed"
    assert sent["To"] == "mia@example.com"
    for text in (parts["text/plain"], parts["text/html"]):
        assert job.code in text
        assert f"/admin/print-queue/{job.pk}/" in text
        assert "C-1042" not in text
        assert "Soft edge" not in text


def test_a_plain_address_is_reached_through_the_mail_server_of_the_house(client, mail, deliver, settings):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{mail.port}?from=queue@example.com"
    settings.ALERT_PRIVATE_TARGETS = False
    make_rule(make_target("tom@example.com"))
    printed(client)

    deliver()

    assert [(sent["From"], sent["To"]) for sent in mail.mails] == [("queue@example.com", "tom@example.com")]


def test_the_customer_is_named_where_the_operator_allows_it(client, web, deliver, settings):
    settings.ALERT_CUSTOMER_DETAILS = True
    make_rule(make_target(web.url))
    printed(client)

    deliver()

    assert "Customer: C-1042\nNote: Soft edge" in web.messages[0]["message"]


def test_a_print_that_stalled_and_goes_on_is_told_in_order(client, web, deliver, now):
    make_rule(make_target(web.url))
    job = make_job(design_name="Infinity Splint", print_file_name=FILE)
    client.says("printing", run_key="1@0", file_name=FILE, progress=40)
    run = PrintRun.objects.get()
    for minutes, kind in ((1, FactKind.NO_MOVEMENT), (2, FactKind.RECOVERED)):
        at = now + timedelta(minutes=minutes)
        Fact.of(run, kind, at=at, noticed_at=at, detail="40 % for 30 min" if minutes == 1 else "").save()

    deliver()

    name = f"{job.code} Infinity Splint on Left P1S"
    assert web.titles == [f"{name}: is stalled: it does not move (40 % for 30 min)", f"{name}: is going on again"]


def test_a_print_without_a_job_is_told_by_its_file(client, web, deliver, now):
    make_rule(make_target(web.url))
    client.says("printing", run_key="1@0", file_name="clip.gcode", progress=40)
    Fact.of(PrintRun.objects.get(), FactKind.UNMATCHED, at=now, noticed_at=now).save()

    deliver()

    assert web.titles == ["clip.gcode on Left P1S: waits for somebody to say which job it is"]


def test_an_idle_printer_that_is_switched_off_is_told_to_nobody(client, web, deliver):
    make_rule(make_target(web.url))
    client.says("idle")
    client.says("offline", after_seconds=300)

    deliver()

    assert (web.met, Alert.objects.count()) == (0, 0)


def test_twenty_at_once_are_one_message(client, web, deliver, now):
    make_rule(make_target(web.url))
    for number in range(20):
        printed(Client(make_printer(name=f"P{number}"), now=now), "failed" if number > 16 else "completed")

    deliver()

    assert web.titles == ["17 prints finished, 3 failed"]
    assert web.messages[0]["message"].count("/admin/print-queue/") == 20
    assert Alert.objects.values("delivery").distinct().count() == 1
    assert set(AlertAttempt.objects.values_list("together", flat=True)) == {20}


def test_what_is_due_in_a_moment_comes_along(client, web, deliver, now):
    rule = make_rule(make_target(web.url))
    for _ in range(4):
        printed(client)
    deliver_at = timezone.now()
    for fact, seconds in zip(Fact.objects.all(), (-1, 1, 2, 3), strict=True):
        Alert.objects.create(
            fact=fact,
            target=rule.targets.get(),
            rule=rule,
            created_at=deliver_at,
            due_at=deliver_at + timedelta(seconds=seconds),
        )

    assert len(together(rule.targets.get().pk, deliver_at)) == 4
    own = Deliveries()
    own.deliver(timezone.now())
    own.wait()
    assert web.titles == ["4 prints finished"]


HOUR = timedelta(hours=1)


def quiet_now() -> dict[str, object]:
    """Quiet hours in which we are, until in an hour."""
    now = timezone.now()
    return {"quiet_from": (now - HOUR).time(), "quiet_to": (now + HOUR).time(), "zone": "UTC"}


def test_what_is_due_in_quiet_hours_waits_for_their_end_also_after_nobody_was_there_to_send_it(client, web, deliver):
    make_rule(make_target(web.url), **quiet_now())
    printed(client)

    deliver()  # as if it had been due before they began

    assert web.met == 0
    alert = Alert.objects.get()
    assert alert.state == AlertState.WAITING
    assert HOUR * 0.9 < alert.due_at - timezone.now() <= HOUR


def test_what_failed_before_quiet_hours_is_not_tried_again_in_them(client, web, deliver):
    web.moods = [503]
    rule = make_rule(make_target(web.url))
    printed(client)
    deliver()
    AlertRule.objects.filter(pk=rule.pk).update(**quiet_now())

    deliver()

    assert (web.met, Alert.objects.get().state) == (1, AlertState.WAITING)


def test_each_owner_hears_of_his_own_jobs_alone(client, web, deliver):
    mia, tom = make_staff(), make_staff()
    for owner in (mia, tom):
        make_rule(make_target(web.url, owner=owner, name=owner.username), own_jobs_only=True)
    job = make_job(by=mia, print_file_name=FILE)
    client.says("printing", run_key="1@0", file_name=FILE)
    client.says("completed", run_key="1@0")

    deliver()

    assert list(Alert.objects.values_list("target__owner", "fact__job")) == [(mia.pk, job.pk)]


@pytest.mark.parametrize(("left_seconds", "messages"), [(3 * 3600, 1), (60, 0)])
def test_how_long_a_print_takes_goes_by_its_estimate_while_it_is_printed(client, web, deliver, left_seconds, messages):
    make_rule(make_target(web.url), longer_than_minutes=120)
    client.says("printing", run_key="long@0", file_name="vase.gcode", progress=5, remaining_seconds=5400)
    estimate = {"estimated_at": client.now, "estimated_left_seconds": left_seconds, "estimated_spread_seconds": 60}
    PrintRun.objects.filter(run_key="long@0").update(**estimate)

    client.says(
        "printing", run_key="long@0", progress=6, remaining_seconds=5400, error_code="0300", error_message="Hot"
    )
    deliver()

    assert len(web.titles) == messages


def test_a_rule_reaches_no_target_of_another_owner(client, web, deliver):
    rule = make_rule(make_target(web.url, owner=make_staff()))
    rule.targets.add(make_target(web.url, owner=make_staff()))
    printed(client)

    deliver()

    assert web.met == 1


@pytest.mark.parametrize(
    ("rule", "owner"), [({"is_enabled": False}, {}), ({}, {"is_active": False}), ({}, {"is_staff": False})]
)
def test_a_rule_that_is_off_or_of_somebody_who_left_tells_nothing(client, web, deliver, rule, owner):
    make_rule(make_target(web.url, owner=make_staff(**owner)), **rule)
    printed(client)

    deliver()

    assert Alert.objects.count() == 0


def test_a_late_report_says_so_and_one_of_yesterday_only_enters_the_log(client, web, deliver, now):
    make_rule(make_target(web.url))
    printed(client)
    printed(client)
    for fact, hours in zip(Fact.objects.all(), (2, 25), strict=True):
        Fact.objects.filter(pk=fact.pk).update(at=fact.noticed_at - timedelta(hours=hours))

    deliver()

    [title] = web.titles
    assert title.endswith("is printed (reported late)")
    assert "Reported late: PrintFactory learned of it" in web.messages[0]["message"]
    assert sorted(Alert.objects.values_list("state", flat=True)) == [AlertState.LOGGED, AlertState.SENT]


def test_the_libraries_of_all_services_are_loaded_by_the_process_that_sends_alone(client, web, deliver, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "apprise"]:
        monkeypatch.delitem(sys.modules, name)  # other tests load them
    make_rule(make_target(web.url))
    printed(client)

    deliver()

    assert len(web.titles) == 1
    assert "apprise" not in sys.modules


def test_what_is_due_is_found_without_looking_through_all_that_was_ever_sent(now):
    with transaction.atomic():
        if connection.vendor == "postgresql":  # which would not use an index for so few rows
            connection.cursor().execute("SET LOCAL enable_seqscan = off")
        plan = Alert.objects.due(now).order_by().explain()

    assert "alert_open" in plan
