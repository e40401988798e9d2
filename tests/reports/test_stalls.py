"""Stalls through the reports and the periodic task, in simulated time: what is noticed, when it ends, who is spared."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from printqueue import periodic
from printqueue.access import Actor
from printqueue.models import Fact, FactKind, Listening, PrintRun, Who
from printqueue.models.fact import STALLS
from printqueue.models.stall import notice
from printqueue.reports import Progress, put_progress
from tests.client.broker import A1_LOCAL_PRINT, load_recording
from tests.client.replay import told_when
from tests.factories import NOW, Client, make_job, make_key, make_printer
from tests.reports.test_races import at_once

MINUTE = 60
CAPTURES = os.environ.get("PRINTFACTORY_CAPTURES")
RECORDED = sorted(Path(CAPTURES, "bambu").glob("A1_*.json")) if CAPTURES else []
NUMBERS = {"progress": 45.3, "layer": 41, "total_layers": 160, "remaining_seconds": 3000}


def look(now, *, listening_since=NOW - timedelta(days=9)):
    """Do what the worker does every ten seconds, beside a server that listens."""
    Listening.objects.update_or_create(pk=1, defaults={"since": listening_since, "seen_at": now})
    periodic.notice_stalls(now)


def says(client, minutes, state="printing", *, every=15, looks=True, **fields):
    """Let `client` report `state` every 15 seconds for so many minutes, while the worker looks now and then."""
    for _ in range(max(1, round(minutes * MINUTE / every))):
        client.says(state, after_seconds=every, run_key="1@0", **{**NUMBERS, **fields})
        if looks and client.sequence % 4 == 0:
            look(client.now)
    look(client.now)


def passes(client, minutes):
    """Let so many minutes pass without a report; the worker looks now and then."""
    for _ in range(int(minutes * 6)):
        client.now += timedelta(seconds=10)
        look(client.now)


def facts(wanted=(*STALLS, FactKind.RECOVERED)):
    """What was noticed so far of stalls, oldest first: the kind, with an exclamation mark while it lasts."""
    noticed = Fact.objects.filter(kind__in=wanted)
    kinds = noticed.values_list("kind", "cleared_at", "detail")
    return [
        f"{kind}!" if kind in STALLS and cleared is None else f"{kind} {detail}" if kind == "recovered" else kind
        for kind, cleared, detail in kinds
    ]


def stall_of(client):
    return PrintRun.objects.get(printer=client.printer).stall


@pytest.fixture
def client(db):
    return Client(make_printer())


@pytest.fixture
def job(client):
    """A job whose print has begun well."""
    job = make_job(print_file_name="ring.gcode")
    says(client, 0.2, file_name="ring.gcode", progress=44.0)
    job.refresh_from_db()
    assert job.current_run is not None
    return job


# ---------------------------------------------------------------------- each kind, and its end


def test_a_client_that_falls_silent_is_noticed_after_five_minutes(client, job):
    says(client, 1)
    heard_at = client.now
    passes(client, 4.8)
    assert facts() == []

    passes(client, 0.5)

    run = PrintRun.objects.get()
    assert facts() == ["no_reports!"]
    assert (run.stall, run.stall_since) == ("no_reports", heard_at)
    assert Fact.objects.get().at == heard_at + timedelta(minutes=5)


def test_the_first_report_after_a_silence_ends_it_at_once(client, job):
    says(client, 1)
    passes(client, 9)

    client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 50.0})

    job.refresh_from_db()
    assert facts() == ["no_reports", "recovered no_reports"]
    assert (stall_of(client), job.stall, client.printer.as_wire()["stall"]) == ("", "", None)


def test_a_printer_that_does_not_answer_its_client_is_noticed(client, job):
    says(client, 1)
    says(client, 4.8, "offline")
    assert facts() == []

    says(client, 0.5, "offline")

    assert facts() == ["offline!"]
    says(client, 30, "offline")
    assert facts() == ["offline!"]


def test_a_printer_that_answers_again_has_recovered(client, job):
    says(client, 6, "offline")

    client.says("printing", run_key="1@0", **NUMBERS)

    assert facts() == ["offline", "recovered offline"]
    says(client, 19)
    assert facts() == ["offline", "recovered offline"]  # what it does now is watched from now on


def test_a_print_that_stands_still_is_noticed_after_twenty_minutes(client, job):
    says(client, 20)
    assert facts() == []

    says(client, 1)

    job.refresh_from_db()
    assert facts() == ["no_movement!"]
    assert (job.stall, client.printer.as_wire()["stall"]) == ("no_movement", "no_movement")


@pytest.mark.parametrize("moved", [{"progress": 45.4}, {"layer": 42}, {"progress": 0.5}])
def test_any_movement_ends_a_standstill_at_once(moved, client, job):
    says(client, 21)

    client.says("printing", run_key="1@0", **{**NUMBERS, **moved})

    job.refresh_from_db()
    assert facts() == ["no_movement", "recovered no_movement"]
    assert (stall_of(client), job.stall) == ("", "")


def test_a_remaining_time_that_changes_is_no_movement(client, job):
    for seconds in range(3000, 3000 - 22, -1):
        says(client, 1, remaining_seconds=seconds)

    assert facts() == ["no_movement!"]


def test_a_standstill_that_is_paused_by_somebody_ends_without_recovery(client, job):
    says(client, 21)

    says(client, 1, "paused")

    assert facts() == ["no_movement"]


def test_a_pause_is_noticed_after_an_hour_with_the_printers_reason(client, job):
    says(client, 60, "paused", error_message="Filament ran out")
    assert facts() == []

    says(client, 1, "paused", error_message="Filament ran out")

    assert facts() == ["paused_too_long!"]
    assert Fact.objects.get(kind=FactKind.PAUSED_TOO_LONG).detail == "Filament ran out"


def test_printing_on_ends_a_pause(client, job):
    says(client, 61, "paused")

    says(client, 1, progress=45.3)

    assert facts() == ["paused_too_long", "recovered paused_too_long"]


def test_a_pause_that_outlasts_its_client_is_told_once(client, job):
    says(client, 61, "paused")
    passes(client, 30)
    assert stall_of(client) == "no_reports"

    says(client, 5, "paused")

    assert facts() == ["paused_too_long!", "no_reports"]
    assert stall_of(client) == "paused_too_long"


def test_a_standstill_that_outlasts_its_printers_absence_is_told_once(client, job):
    says(client, 21)
    says(client, 10, "offline")
    says(client, 25)

    assert facts() == ["no_movement!", "offline"]
    says(client, 1, progress=46.0)
    assert facts() == ["no_movement", "offline", "recovered no_movement"]


def test_a_second_standstill_is_a_second_fact(client, job):
    says(client, 21)
    for step in range(20):
        says(client, 0.5, progress=46.0 + step / 10)
    says(client, 21, progress=48.0)

    assert facts() == ["no_movement", "recovered no_movement", "no_movement!"]


# ---------------------------------------------------------------------- its end with the run


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_run_that_ends_while_it_is_stalled_leaves_nothing_open_and_has_not_recovered(state, client, job):
    says(client, 21)

    client.says(state, run_key="1@0", progress=45.3)

    job.refresh_from_db()
    assert facts() == ["no_movement"]
    assert (stall_of(client), job.stall, client.printer.as_wire()["stall"]) == ("", "", None)


def test_the_next_print_on_the_printer_ends_the_stall_of_the_last(client, job):
    says(client, 21)

    client.says("printing", run_key="2@0", progress=1)

    assert facts(STALLS) == ["no_movement"]
    assert client.printer.as_wire()["stall"] is None


def test_a_stall_is_over_no_sooner_than_it_began_though_the_end_was_earlier(client, job):
    passes(client, 30)

    client.says("completed", run_key="1@0", progress=100, measured_at=client.now - timedelta(minutes=28))

    [fact] = Fact.objects.filter(kind__in=STALLS)
    assert fact.cleared_at is not None
    assert fact.cleared_at >= fact.at


def test_a_job_that_staff_took_from_its_print_does_not_stall(client, job):
    says(client, 21)

    job.cancel(by=Who(), now=client.now)

    job.refresh_from_db()
    assert job.stall == ""
    assert stall_of(client) == "no_movement"
    says(client, 1, progress=46.0)
    assert facts() == ["no_movement", "recovered no_movement"]


# ---------------------------------------------------------------------- who is spared


@pytest.mark.parametrize("state", ["idle", "offline", "completed"])
def test_an_idle_printer_that_goes_away_raises_nothing(state, client):
    says(client, 1, "idle")
    says(client, 10, state)

    passes(client, 60)

    assert facts(STALLS) == []


def test_a_printer_without_limits_raises_nothing(client, job):
    client.printer.silent_minutes = client.printer.still_minutes = client.printer.paused_minutes = 0
    client.printer.save(update_fields=["silent_minutes", "still_minutes", "paused_minutes"])

    says(client, 60)
    passes(client, 60)

    assert facts() == []


def test_a_printer_keeps_to_its_own_limits(client, job):
    client.printer.still_minutes = 2
    client.printer.save(update_fields=["still_minutes"])

    says(client, 3)

    assert facts() == ["no_movement!"]


def test_a_longer_limit_ends_a_stall_without_recovery(client, job):
    says(client, 21)
    client.printer.still_minutes = 90
    client.printer.save(update_fields=["still_minutes"])

    says(client, 1)

    assert facts() == ["no_movement"]
    assert stall_of(client) == ""


def test_a_hidden_printer_raises_nothing_and_what_it_had_ends(client, job):
    says(client, 21)
    client.printer.is_enabled = False
    client.printer.save(update_fields=["is_enabled"])

    passes(client, 30)

    assert facts() == ["no_movement"]


def test_a_print_that_was_over_when_it_was_first_seen_is_spared(client):
    client.says("completed", run_key="0@0", progress=100)

    passes(client, 90)

    assert facts() == []


def test_heating_for_eight_minutes_is_no_stall_even_with_a_short_limit(client):
    client.printer.still_minutes = 5
    client.printer.save(update_fields=["still_minutes"])
    cold = {"progress": None, "layer": None, "nozzle_target_c": 220, "bed_target_c": 100}

    for second in range(0, 480, 30):
        says(client, 0.5, "preparing", nozzle_c=20 + second / 3, bed_c=20 + second / 7, **cold)
    says(client, 4, progress=0.0, layer=0)
    says(client, 4, progress=1.0, layer=1)

    assert facts() == []


def test_the_longest_pause_between_two_reports_of_an_a1_is_no_stall(client, job):
    client.printer.silent_minutes = 1
    client.printer.save(update_fields=["silent_minutes"])

    for _ in range(20):
        client.says("printing", after_seconds=32, run_key="1@0", **NUMBERS)
        look(client.now - timedelta(seconds=1))
        look(client.now)

    assert facts() == []


@pytest.mark.parametrize("path", [A1_LOCAL_PRINT, *RECORDED], ids=lambda path: path.stem)
@pytest.mark.parametrize("still_minutes", [None, 5])
def test_a_whole_print_with_its_four_pauses_raises_nothing(path, still_minutes, client):
    client.printer.still_minutes = still_minutes
    client.printer.save(update_fields=["still_minutes"])
    last = 0.0

    for second, snapshot in told_when(load_recording(path)):
        passed, last = second - last, second
        readings = snapshot.readings
        client.says(
            snapshot.state,
            after_seconds=passed,
            run_key=snapshot.run_key or "",
            file_name=snapshot.filename or "",
            progress=snapshot.progress,
            remaining_seconds=snapshot.remaining_seconds,
            layer=snapshot.layer,
            total_layers=snapshot.total_layers,
            nozzle_c=readings.nozzle_c,
            nozzle_target_c=readings.nozzle_target_c,
            bed_c=readings.bed_c,
            bed_target_c=readings.bed_target_c,
        )
        look(client.now)

    assert PrintRun.objects.filter(is_history=False).exclude(ended_at=None).count() == 1
    assert facts() == []


def test_a_print_of_three_days_raises_nothing(client):
    """A tenth of a percent every four minutes, a layer every twenty; the worker looks just before each."""
    says(client, 1, progress=0.0, layer=0)
    for step in range(1, 400):
        says(client, 4, every=60, looks=False, progress=round(step / 10, 1), layer=step // 5, total_layers=216)

    for step in range(80, 100):
        says(client, 20, every=60, progress=40.0, layer=step, total_layers=216)

    assert facts() == []


# ---------------------------------------------------------------------- a server that was down


class TestAServerThatWasDownForAnHour:
    """The print went on meanwhile, and its client kept what it could not send."""

    @pytest.fixture
    def back(self, client, job):
        """When the server listens again."""
        says(client, 1)
        client.now += timedelta(hours=1)
        Listening.beat(client.now)
        return client.now

    def test_nothing_is_noticed_before_a_limits_time_has_passed(self, client, back):
        for seconds in range(0, 295, 5):
            Listening.beat(back + timedelta(seconds=seconds))
            periodic.notice_stalls(back + timedelta(seconds=seconds))

        assert facts() == []

    def test_a_client_that_stays_away_is_noticed_then(self, client, back):
        for seconds in range(0, 306, 5):
            Listening.beat(back + timedelta(seconds=seconds))
        periodic.notice_stalls(back + timedelta(seconds=305))

        assert facts() == ["no_reports!"]
        assert Fact.objects.get().at == back + timedelta(minutes=5)

    def test_reports_that_were_kept_raise_nothing_on_their_way_in(self, client, back):
        for minutes_ago in range(60, 0, -1):
            client.now = back + timedelta(seconds=6 * (60 - minutes_ago))
            Listening.beat(client.now)
            state = "paused" if 30 < minutes_ago < 50 else "offline" if 10 < minutes_ago < 14 else "printing"
            fields = {**NUMBERS, "progress": 46 + (60 - minutes_ago) / 3}
            measured_at = back - timedelta(minutes=minutes_ago)
            client.says(state, after_seconds=0, run_key="1@0", measured_at=measured_at, **fields)
            periodic.notice_stalls(client.now)

        assert facts() == []

    def test_a_worker_alone_notices_nothing(self, client, job):
        says(client, 1)

        for minutes in range(90):
            periodic.notice_stalls(client.now + timedelta(minutes=minutes))

        assert facts() == []


@pytest.mark.django_db
class TestWhoListens:
    def test_without_a_beat_nobody_does(self):
        assert Listening.since_when(NOW) is None

    def test_it_began_with_the_first_beat(self):
        for seconds in range(0, 3600, 5):
            Listening.beat(NOW + timedelta(seconds=seconds))

        assert Listening.since_when(NOW + timedelta(hours=1)) == NOW

    @pytest.mark.parametrize("minutes", [1, 60, -1, -60], ids=lambda minutes: f"{minutes:+} min")
    def test_it_began_anew_after_a_sleep_and_when_the_clock_was_set(self, minutes):
        Listening.beat(NOW)

        later = NOW + timedelta(minutes=minutes)
        assert Listening.since_when(later) is None
        Listening.beat(later)
        assert Listening.since_when(later) == later

    def test_it_goes_on_over_a_quick_restart(self):
        Listening.beat(NOW)
        Listening.beat(NOW + timedelta(seconds=20))

        assert Listening.since_when(NOW + timedelta(seconds=45)) == NOW

    def test_a_second_server_changes_nothing(self):
        for seconds in range(0, 600, 5):
            Listening.beat(NOW + timedelta(seconds=seconds))
            Listening.beat(NOW + timedelta(seconds=seconds - 2))

        assert Listening.since_when(NOW + timedelta(seconds=600)) == NOW


# ---------------------------------------------------------------------- order, clocks, links


def test_a_report_between_the_look_and_the_lock_wins(client, job):
    says(client, 20, looks=False)
    client.says("printing", run_key="1@0", **NUMBERS)
    due = client.now

    client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 46})
    notice(PrintRun.objects.get().pk, NOW - timedelta(days=9), due)

    assert facts() == []


def test_an_overtaken_report_ends_no_stall(client, job):
    says(client, 21)
    client.sequence -= 9

    assert client.says("printing", run_key="1@0", **{**NUMBERS, "progress": 45.0}).result == "stale"

    assert facts() == ["no_movement!"]


def test_a_client_with_a_wrong_clock_is_judged_by_ours(client, job):
    for _ in range(60):
        client.says("printing", run_key="1@0", measured_at=client.now - timedelta(hours=3), **NUMBERS)
        look(client.now)
    assert facts() == []

    for _ in range(60):
        client.says("printing", run_key="1@0", measured_at=client.now + timedelta(hours=3), **NUMBERS)
        look(client.now)
    assert facts() == []
    passes(client, 6)
    assert facts() == ["no_reports!"]


def test_another_job_takes_the_stall_over(client, job):
    says(client, 21)
    other = make_job()

    other.link(PrintRun.objects.get(), by=Who(), now=client.now)

    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.stall, other.stall) == ("", "no_movement")
    assert facts() == ["no_movement!"]
    says(client, 1, progress=46.0)
    other.refresh_from_db()
    assert other.stall == ""
    assert list(Fact.objects.values_list("job", flat=True)) == [job.pk, other.pk]


def test_a_print_without_a_job_stalls_too(client):
    says(client, 1, progress=44.0)
    says(client, 21)

    assert facts() == ["no_movement!"]
    assert client.printer.as_wire()["stall"] == "no_movement"


# ---------------------------------------------------------------------- runs that a PUT feeds


@pytest.fixture
def feeder(db):
    """A client that puts progress of a job without a printer."""
    return Client(make_printer(), key=make_key(make_printer(), make_printer())[0])


def put(feeder, job, progress, minutes=0.0, **fields):
    feeder.now += timedelta(minutes=minutes)
    actor = Actor(key=feeder.key, printer_ids=frozenset())
    put_progress(job.pk, Progress(progress=progress, **fields), actor=actor, received_at=feeder.now)
    job.refresh_from_db()


def test_a_put_may_come_as_seldom_as_its_print_moves(feeder):
    job = make_job()
    for progress in range(1, 40):
        put(feeder, job, progress, minutes=18)
        look(feeder.now)

    assert facts() == []


def test_a_put_that_stays_away_for_long_is_noticed_and_the_next_one_ends_it(feeder):
    job = make_job()
    put(feeder, job, 1)
    put(feeder, job, 2, minutes=1)
    passes(feeder, 21)
    job.refresh_from_db()
    assert (facts(), job.stall) == (["no_reports!"], "no_reports")

    put(feeder, job, 3)

    assert (facts(), job.stall) == (["no_reports", "recovered no_reports"], "")


def test_a_put_that_says_the_same_for_long_stands_still(feeder):
    job = make_job()
    put(feeder, job, 1)
    for _ in range(25):
        put(feeder, job, 2, minutes=1)
        look(feeder.now)

    assert facts() == ["no_movement!"]


def test_a_job_that_staff_close_takes_the_stall_of_its_put_along(feeder):
    job = make_job()
    put(feeder, job, 1)
    passes(feeder, 60)
    assert facts() == ["no_reports!"]

    job.complete(by=Who(), now=feeder.now)

    job.refresh_from_db()
    assert (facts(STALLS), job.stall, PrintRun.objects.get().stall) == (["no_reports"], "", "")


def test_a_put_on_a_printer_tells_the_printer_that_its_stall_is_over(client):
    job = make_job(wanted_printer=client.printer)
    client.put(job, 1)
    client.says("idle")
    look(client.now + timedelta(minutes=41))
    client.printer.refresh_from_db()
    assert client.printer.as_wire()["stall"] == "no_reports"
    before = client.printer.revision

    client.put(job, 2)

    client.printer.refresh_from_db()
    assert client.printer.as_wire()["stall"] is None
    assert client.printer.revision > before


# ---------------------------------------------------------------------- what open pages learn


def test_a_stall_is_more_than_progress_for_open_pages(client, job):
    says(client, 20)
    job.refresh_from_db()
    since = job.revision

    says(client, 1)

    job.refresh_from_db()
    assert job.event_type(since) == "job"
    assert job.as_event()["stall"] == "no_movement"


def test_a_look_at_prints_that_go_well_writes_nothing_and_asks_little(client, job, django_assert_num_queries):
    says(client, 1)
    for _ in range(5):
        says(Client(make_printer()), 1)
    Listening.beat(client.now)

    with django_assert_num_queries(2):
        periodic.notice_stalls(client.now)


def test_a_look_at_stalls_that_last_writes_nothing(client, job, django_assert_num_queries):
    says(client, 30)

    with django_assert_num_queries(3):
        periodic.notice_stalls(client.now)


def test_a_report_of_a_stalled_print_asks_no_more_than_any_other(client, job):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.says("printing", run_key="1@0", **NUMBERS)
        return len(asked)

    says(client, 1)
    usual = queries()
    says(client, 21)

    assert stall_of(client) == "no_movement"
    assert queries() == usual


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_what_is_stored_agrees(seed, client):
    chance = Random(seed)  # noqa: S311 - the same each time
    job = make_job(print_file_name="ring.gcode", copies=9)
    percent, print_number = 1.0, 0

    for _ in range(120):
        state = chance.choices(
            ["printing", "paused", "preparing", "offline", "idle", "completed", "failed", ""], [40, 9, 3, 9, 2, 1, 1, 9]
        )[0]
        percent = min(99.0, percent + chance.choice([0, 0, 0, 0.1, 1]))
        print_number += chance.random() < 0.03
        if state:
            client.says(
                state, after_seconds=0, run_key=f"{print_number}@0", file_name="ring.gcode", progress=percent,
                measured_at=client.now - timedelta(minutes=chance.choice([0, 0, 0, 7, -7])),
            )  # fmt: skip
        client.now += timedelta(minutes=chance.choice([0.1, 1, 4, 21, 61]))
        if chance.random() < 0.9:
            look(client.now)
        job.refresh_from_db()
        for run in PrintRun.objects.all():
            still = list(run.facts.filter(cleared_at=None, kind__in=STALLS).values_list("kind", flat=True))
            assert len(still) == len({*still})
            assert (run.stall in still) if still else run.stall == ""
            assert run.is_active or not still
            if job.current_run_id == run.pk:
                assert job.stall == run.stall

    assert Fact.objects.filter(kind__in=STALLS).exists()
    for fact in Fact.objects.filter(kind__in=STALLS).exclude(cleared_at=None):
        assert fact.cleared_at is not None
        assert fact.cleared_at >= fact.at


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_raise_one_fact_and_end_it_once():
    clients = [Client(make_printer()) for _ in range(4)]
    for client in clients:
        client.says("printing", run_key="1@0", **NUMBERS)
    now = client.now + timedelta(minutes=10)
    Listening.objects.create(pk=1, since=NOW - timedelta(days=1), seen_at=now)

    at_once(*[partial(periodic.notice_stalls, now)] * 4)
    assert facts() == ["no_reports!"] * 4

    for client in clients:
        client.now = now - timedelta(seconds=5)
    at_once(
        *(partial(client.says, "printing", run_key="1@0", **NUMBERS) for client in clients),
        *[partial(periodic.notice_stalls, now)] * 2,
    )
    periodic.notice_stalls(now)
    assert sorted(facts()) == ["no_reports"] * 4 + ["recovered no_reports"] * 4
