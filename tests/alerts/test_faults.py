"""Real workers that are killed at each step of a delivery, and a mail server that hangs: nothing is lost, and nothing
repeated but what is promised. Reports never wait.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from printqueue.alerts.outbox import route_facts
from printqueue.models import Alert, AlertAttempt, AlertState, AttemptOutcome
from tests.alerts.conftest import make_rule, make_target
from tests.alerts.receivers import MailReceiver, Silent, until
from tests.conftest import database_url
from tests.environment import ROOT
from tests.factories import Client, make_job, make_key, make_printer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("private_targets")]
logger = logging.getLogger(__name__)

STOP_SECONDS = 6.0
"""Within which a process ends that was told to."""

ALLOWED = {"ALERT_PRIVATE_TARGETS": "true", "ALERT_RETRY_SECONDS": "1"}


class Worker:
    """`manage.py worker` on the test database."""

    def __init__(self, log: Path, **environment: str) -> None:
        variables = {**os.environ, **ALLOWED, "DATABASE_URL": database_url(), **environment}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"], cwd=ROOT, env=variables, stdout=output, stderr=output
            )

    def senders(self) -> list[int]:
        """The processes that it sends with, or is about to."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in children for pid in path.read_text().split()]

    def kill(self) -> None:
        """As a power cut."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Tell it to end; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=3 * STOP_SECONDS) == 0
        return time.monotonic() - began


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker, which ends with the test."""
    workers: list[Worker] = []

    def start(**environment: str) -> Worker:
        workers.append(Worker(tmp_path / "worker.log", **environment))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()


def happened(count: int = 1) -> None:
    """Prints that ended just now."""
    clients = [Client(make_printer(), now=timezone.now() - timedelta(seconds=10)) for _ in range(count)]
    for client in clients:
        make_job(design_name="Splint", print_file_name=f"{client.printer.serial}.gcode")
        client.says("printing", run_key="1@0", file_name=f"{client.printer.serial}.gcode")
    with transaction.atomic():  # all at once, however slow the machine is
        for client in clients:
            client.says("completed", run_key="1@0", progress=100)


def states() -> set[str]:
    return set(Alert.objects.values_list("state", flat=True))


def let_the_claim_run_out() -> None:
    Alert.objects.filter(state=AlertState.SENDING).update(claimed_until=timezone.now())


@pytest.mark.slow
def test_killed_before_a_message_is_made_nothing_is_sent_twice_nor_called_a_repeat(web, work):
    make_rule(make_target(web.url))
    happened()
    worker = work()
    until(worker.senders, "a sender starts")

    worker.kill()

    is_claimed = AlertState.SENDING in states()  # on a machine that was slow to kill it
    if is_claimed:
        let_the_claim_run_out()
    work()
    until(lambda: states() == {AlertState.SENT}, "the alert is sent")
    assert len(web.titles) == 1
    assert web.titles[0].startswith("May be") is is_claimed


@pytest.mark.slow
def test_killed_while_it_sends_the_message_comes_once_more_and_says_that_it_may_be_a_repeat(web, work):
    make_rule(make_target(web.url))
    happened()
    web.moods = ["hang"]
    worker = work()
    until(lambda: web.met == 1, "the message is on its way")

    worker.kill()
    assert states() == {AlertState.SENDING}
    let_the_claim_run_out()
    work()

    until(lambda: states() == {AlertState.SENT}, "the alert is sent")
    assert [title.startswith("May be a repeat: ") for title in web.titles] == [True]
    assert list(AlertAttempt.objects.values_list("outcome", flat=True)) == [
        AttemptOutcome.UNCERTAIN,
        AttemptOutcome.SENT,
    ]


@pytest.mark.slow
def test_killed_between_sending_and_noting_it_there_is_one_repeat_and_it_says_so(web, work):
    make_rule(make_target(web.url))
    happened()
    worker = work()
    web.when_met = worker.kill
    until(lambda: worker.process.poll() is not None, "the message has arrived, and the worker is gone")
    web.when_met = lambda: None

    let_the_claim_run_out()
    work()
    until(lambda: states() == {AlertState.SENT}, "the alert is sent")

    assert [title.startswith("May be a repeat: ") for title in web.titles] == [False, True]
    assert Alert.objects.get().is_repeat


@pytest.mark.slow
def test_killed_after_noting_it_nothing_is_repeated(web, work):
    make_rule(make_target(web.url))
    happened()
    worker = work()
    until(lambda: states() == {AlertState.SENT}, "the alert is sent")

    worker.kill()
    happened()
    work()

    until(lambda: Alert.objects.filter(state=AlertState.SENT).count() == 2, "the next one is sent")
    assert len(web.titles) == len(set(web.titles)) == 2


def test_killed_between_a_fact_and_its_routing_the_next_worker_routes_it(web, work):
    make_rule(make_target(web.url))
    happened()  # what a server has written before it was killed

    work()

    until(lambda: states() == {AlertState.SENT}, "the alert is sent")
    assert len(web.titles) == 1


def test_told_to_end_a_worker_does_so_in_time_and_notes_what_it_broke_off(web, work):
    make_rule(make_target(web.url))
    happened()
    web.moods = ["hang"]
    worker = work()
    until(lambda: web.met == 1, "the message is on its way")

    seconds = worker.stop()

    logger.info("A worker that was sending ended after %.1f s.", seconds)
    assert seconds < 3 * STOP_SECONDS
    alert = Alert.objects.get()
    assert (alert.state, alert.is_repeat) == (AlertState.WAITING, True)
    assert alert.last_error == "PrintFactory was stopped: it may have arrived."


@pytest.mark.postgres_only  # on SQLite they take turns
def test_two_workers_at_once_send_each_alert_once(web, mail, work):
    make_rule(make_target(web.url), make_target(mail.url), make_target(f"{web.url}/2"))
    happened(3)

    work()
    work()
    for _ in range(3):
        happened(1)
        until(lambda: not Alert.objects.exclude(state=AlertState.SENT).exists(), "all alerts are sent")
    until(lambda: Alert.objects.count() == 18 and states() == {AlertState.SENT}, "all alerts are sent")

    assert set(Alert.objects.values_list("attempts", flat=True)) == {1}
    assert AlertAttempt.objects.count() == 18
    deliveries = Alert.objects.values("delivery").distinct().count()
    assert len(web.messages) + len(mail.mails) == deliveries
    assert not any(title.startswith("May be") for title in web.titles + mail.subjects)


def test_twenty_prints_that_end_at_once_are_one_message_and_one_alone_comes_soon(web, work):
    make_rule(make_target(web.url))
    work()
    happened()
    began = time.monotonic()
    until(lambda: len(web.titles) == 1, "the alert of one print")
    logger.info("The alert of one print came after %.1f s.", time.monotonic() - began)

    happened(20)
    until(lambda: len(web.titles) > 1 and states() == {AlertState.SENT}, "the alert of twenty")

    assert web.titles[1:] == ["20 prints finished"]


def post(server_client, token: str, serial: str, sequence: int) -> float:
    """Report a printer; return how many seconds the answer took."""
    report = {
        "printer": serial,
        "state": "printing",
        "runKey": "live@1",
        "progress": sequence % 90,
        "sequence": sequence,
        "measuredAt": timezone.now().isoformat().replace("+00:00", "Z"),
    }
    began = time.perf_counter()
    answer = server_client.post(
        "/api/printer-reports", json={"reports": [report]}, headers={"Authorization": f"Bearer {token}"}
    )
    seconds = time.perf_counter() - began
    assert answer.json()["results"][0]["result"] in {"accepted", "unmatched"}
    return seconds


@pytest.mark.parametrize(("send_seconds", "hangs_seconds"), [(60, 0), pytest.param(30, 60, marks=pytest.mark.slow)])
def test_reports_are_answered_as_fast_while_a_mail_server_hangs_and_the_alert_arrives_afterwards_once(
    serve, send_seconds, hangs_seconds
):
    """The server hangs within a send, or longer than one may take; then another one takes its place."""
    printer = make_printer("reporting")
    _, token = make_key(printer)
    silent, numbers = Silent(), itertools.count(1)
    limits = {"ALERT_SEND_SECONDS": str(send_seconds), "KEY_RATE": "10000", "KEY_BURST": "10000"}
    http = serve(environment={**ALLOWED, **limits}).client()

    def reports(seconds=0.0):
        """How long each of 60 reports took, and of as many more as are sent in so many seconds."""
        end, took = time.monotonic() + seconds, list[float]()
        while len(took) < 60 or time.monotonic() < end:
            took.append(post(http, token, printer.serial, next(numbers)))
        return took

    reports()  # the first ones take longer
    before = reports()

    make_rule(make_target(silent.url))
    happened()
    until(lambda: silent.taken, "a mail is on its way")
    during = reports(hangs_seconds)
    assert states() <= {AlertState.SENDING, AlertState.WAITING}

    silent.close()
    mail = MailReceiver(silent.port)
    try:
        until(lambda: states() == {AlertState.SENT}, "the mail has arrived")
        assert len(mail.mails) == 1
        assert list(AlertAttempt.objects.values_list("outcome", flat=True))[-1] == AttemptOutcome.SENT
        assert AlertAttempt.objects.count() >= 2
        after = reports()
    finally:
        mail.close()
    usual, hanging = statistics.median([*before, *after]), statistics.median(during)
    logger.info(
        "Reports take %.2f times as long while a mail server hangs: %.1f ms instead of %.1f ms.",
        hanging / usual,
        1000 * hanging,
        1000 * usual,
    )


def test_a_server_told_to_end_does_so_in_time_though_a_send_hangs(serve):
    silent = Silent()
    server = serve(environment=ALLOWED)
    make_rule(make_target(silent.url))
    happened()
    until(lambda: silent.taken, "a mail is on its way")

    began = time.monotonic()
    code = server.stop()

    logger.info("A server that was sending ended after %.1f s.", time.monotonic() - began)
    assert code == 0
    silent.close()
    alert = Alert.objects.get()
    assert (alert.state, alert.is_repeat, alert.last_error) == (
        AlertState.WAITING,
        False,
        "PrintFactory was stopped.",
    )


def test_a_fact_of_the_quiet_hours_is_told_when_they_are_over(web, deliver):
    """In the night in which the clocks are set back, an hour later than in others; the time is only simulated here."""
    import time_machine

    with time_machine.travel("2026-10-25T00:30:00+02:00", tick=True):
        make_rule(make_target(web.url), quiet_from="22:00", quiet_to="07:00", zone="Europe/Berlin")
        happened()
        route_facts(timezone.now())

        assert Alert.objects.get().due_at.isoformat() == "2026-10-25T06:00:00+00:00"
    with time_machine.travel("2026-10-25T06:59:00+01:00", tick=True):
        assert not Alert.objects.due(timezone.now()).exists()
    with time_machine.travel("2026-10-25T07:00:01+01:00", tick=True):
        deliver()

    assert len(web.titles) == 1
