"""When it does not work: what is tried again, what is given up, and what is said of it."""

import pytest
from django.db import OperationalError
from django.utils import timezone

from printqueue.alerts import delivery, words
from printqueue.alerts.delivery import Deliveries
from printqueue.alerts.outbox import route_facts
from printqueue.models import (
    Alert,
    AlertState,
    AlertTarget,
    AttemptOutcome,
    InvalidTransition,
)
from tests.alerts.conftest import log, make_rule, make_target, printed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("private_targets")]


def test_a_web_server_that_refuses_is_tried_again_until_it_takes_the_message_once(client, web, deliver):
    make_rule(make_target(web.url))
    printed(client)
    web.moods = [503, 401]

    for _ in range(4):
        deliver()

    assert web.met == 3
    assert [title.startswith("May be") for title in web.titles] == [False]
    assert log() == [
        ("failed", "The server answered 503."),
        ("failed", "The server answered 401: it does not know the login."),
        ("sent", ""),
    ]


def test_a_mail_server_that_refuses_is_tried_again(client, mail, deliver):
    make_rule(make_target(mail.url))
    printed(client)
    mail.moods = ["refuse"]

    deliver()
    deliver()

    assert len(mail.mails) == 1
    assert log() == [("failed", "The server answered 451."), ("sent", "")]


@pytest.mark.parametrize("kind", ["web", "mail"])
def test_a_server_that_hangs_up_in_the_middle_gets_it_again_and_is_told_that_it_may_be_a_repeat(
    client, web, mail, deliver, kind
):
    receiver = {"web": web, "mail": mail}[kind]
    make_rule(make_target(receiver.url))
    job = printed(client)
    receiver.moods = ["close"]

    deliver()
    deliver()

    titles = web.titles + mail.subjects
    assert titles == [f"May be a repeat: {job.code} Infinity Splint on Left P1S: is printed"]
    assert [outcome for outcome, _ in log()] == [AttemptOutcome.UNCERTAIN, AttemptOutcome.SENT]


def test_what_may_have_arrived_twice_is_given_up(client, web, deliver):
    make_rule(make_target(web.url))
    printed(client)
    web.moods = ["close", "close"]

    for _ in range(4):
        deliver()

    assert web.met == 2
    assert Alert.objects.get().state == AlertState.DEAD


def test_a_server_that_is_not_there_gets_it_once_when_it_is(client, silent, deliver, settings):
    settings.ALERT_SEND_SECONDS = 3
    make_rule(make_target(silent.url))
    printed(client)

    deliver()
    silent.close()
    deliver()

    assert log() == [
        ("failed", "The server did not answer in time."),
        ("failed", "The connection was refused."),
    ]
    alert = Alert.objects.get()
    assert (alert.state, alert.is_repeat, alert.last_error) == ("waiting", False, "The connection was refused.")


def test_a_server_that_hangs_with_the_message_in_its_hands_is_left_in_time(client, web, deliver, settings):
    settings.ALERT_SEND_SECONDS = 3
    make_rule(make_target(web.url))
    printed(client)
    web.moods = ["hang"]

    deliver()

    assert [outcome for outcome, _ in log()] == [AttemptOutcome.UNCERTAIN]
    alert = Alert.objects.get()
    assert (alert.state, alert.is_repeat) == ("waiting", True)


def test_after_the_last_attempt_an_alert_is_given_up_and_may_be_sent_again_by_hand(client, web, deliver):
    make_rule(make_target(web.url))
    printed(client)
    web.moods = [500] * 2
    deliver()
    Alert.objects.update(attempts=7)
    deliver()
    alert = Alert.objects.get()
    assert (alert.state, alert.last_error) == (AlertState.DEAD, "The server answered 500.")

    alert.send_again(now=timezone.now())
    deliver()

    assert len(web.titles) == 1
    alert.refresh_from_db()
    assert alert.state == AlertState.SENT
    with pytest.raises(InvalidTransition):
        alert.send_again(now=timezone.now())


def test_what_cannot_be_put_into_words_is_not_lost(client, web, deliver, monkeypatch, caplog):
    make_rule(make_target(web.url))
    printed(client)
    with monkeypatch.context() as broken:
        broken.setattr(words, "message", lambda alerts: alerts.nonsense)
        deliver()
    alert = Alert.objects.get()
    assert (alert.state, alert.is_repeat) == (AlertState.WAITING, False)
    assert "cannot be put into words" in caplog.text

    deliver()

    assert [title.startswith("May be") for title in web.titles] == [False]


def test_a_database_that_is_away_when_a_message_has_gone_out_leads_to_no_repeat(client, web, deliver, monkeypatch):
    make_rule(make_target(web.url))
    printed(client)
    known, tries = delivery.settle, []

    def settle(*arguments, **options):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("the server closed the connection")
        known(*arguments, **options)

    monkeypatch.setattr(delivery, "settle", settle)
    deliver()
    deliver()

    assert (len(web.titles), len(tries)) == (1, 2)
    assert Alert.objects.get().state == AlertState.SENT


def test_the_waits_between_attempts_grow(client, web, deliver, settings):
    settings.ALERT_RETRY_SECONDS = 30
    make_rule(make_target(web.url))
    printed(client)
    web.moods = [500] * 2

    waits = []
    for _ in range(2):
        deliver()
        waits.append(round((Alert.objects.get().due_at - timezone.now()).total_seconds()))

    assert 20 < waits[0] <= 30 < 100 < waits[1] <= 120


def test_with_another_secret_key_alerts_are_given_up_and_the_log_says_why(client, web, deliver, settings, caplog):
    make_rule(make_target(web.url))
    printed(client)
    settings.SECRET_KEY = "another-one-of-sufficient-length-0123456789"

    deliver()

    assert "SECRET_KEY has changed" in Alert.objects.get().last_error
    assert "SECRET_KEY has changed" in caplog.text
    assert web.met == 0


def test_a_target_that_is_removed_or_switched_off_gets_nothing_more(client, web, deliver):
    removed, off = make_target(web.url), make_target(web.url)
    make_rule(removed, off)
    printed(client)
    route_facts(timezone.now())

    removed.remove(timezone.now())
    AlertTarget.objects.filter(pk=off.pk).update(is_enabled=False)
    deliver()

    assert web.met == 0
    assert {(alert.target_id, alert.state, alert.last_error) for alert in Alert.objects.all()} == {
        (removed.pk, AlertState.DEAD, "The target was removed."),
        (off.pk, AlertState.DEAD, "The target is switched off."),
    }


def test_a_private_address_behind_a_name_is_refused_when_it_is_connected_to(client, web, deliver, settings):
    target = make_target(web.url.replace("127.0.0.1", "localhost.localdomain"))
    make_rule(target)
    printed(client)
    settings.ALERT_PRIVATE_TARGETS = False

    deliver()

    assert web.met == 0
    [(outcome, words)] = log()
    assert outcome == "failed"
    assert "private network" in words or "name of the server" in words


def test_a_url_that_apprise_cannot_read_is_given_up_at_once(client, deliver):
    make_rule(make_target("discord://x"))
    printed(client)

    deliver()

    alert = Alert.objects.get()
    assert (alert.state, alert.last_error) == (
        "dead",
        "This is no URL of that service: look up how one is written.",
    )


def test_several_that_deliver_at_once_send_each_alert_once(client, web, deliver):
    make_rule(make_target(web.url))
    for _ in range(3):
        printed(client)
    route_facts(timezone.now())
    Alert.objects.update(due_at=timezone.now())
    workers = [Deliveries() for _ in range(3)]

    for worker in workers:
        worker.deliver(timezone.now())
    for worker in workers:
        worker.wait()
    deliver()

    assert len(web.titles) == len(set(web.titles)) == 3
