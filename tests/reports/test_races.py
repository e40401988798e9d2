"""What two at once may not break: real threads, each with its own connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction

from printqueue.access import Actor
from printqueue.models import InvalidTransition, JobState, Printer, PrintQueue, PrintRun, Who
from printqueue.models.job import Place
from printqueue.protocol import ReportState
from printqueue.reports import Conflict, Report, receive_all
from tests.factories import NOW, Client, make_job, make_printer
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def at_once(*works: Callable[[], object]) -> list[object]:
    """Do all `works` at the same time; return what each returned or raised."""
    barrier = Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=30)
            return work()
        except (Conflict, InvalidTransition) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_a_cancel_by_staff_wins_over_progress_that_comes_at_the_same_moment() -> None:
    for _ in range(ROUNDS):
        client, job = Client(make_printer()), make_job()
        client.put(job, 10)
        same_job = PrintQueue.objects.get(pk=job.pk)

        _cancelled, put = at_once(
            partial(same_job.cancel, by=Who(), now=NOW),
            partial(client.put, job, 50),
        )

        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert job.progress == (10 if isinstance(put, Conflict) else 50)


def test_a_print_that_ends_while_staff_cancel_it_has_one_end() -> None:
    for _ in range(ROUNDS):
        client, job = Client(make_printer()), make_job()
        client.put(job, 10)
        same_job = PrintQueue.objects.get(pk=job.pk)

        at_once(
            partial(same_job.cancel, by=Who(), now=NOW),
            partial(client.put, job, 100, state=ReportState.COMPLETED),
        )

        job.refresh_from_db()
        ends = job.transitions.filter(new_state__in=["completed", "cancelled"])
        assert [end.new_state for end in ends] == [job.state]


def test_two_printers_that_begin_the_same_file_do_not_share_the_job() -> None:
    for number in range(ROUNDS):
        job = make_job(print_file_name=f"ring-{number}.gcode")
        clients = [Client(make_printer()) for _ in range(2)]

        at_once(*(partial(client.says, "printing", run_key="1@0", file_name=job.print_file_name) for client in clients))

        assert PrintRun.objects.filter(job=job).count() == 1
        job.refresh_from_db()
        assert job.current_run is not None and job.printer == job.current_run.printer


def test_a_job_started_twice_at_once_is_started_once() -> None:
    job = make_job()

    outcomes = at_once(*[lambda: PrintQueue.objects.get(pk=job.pk).start(by=Who(), now=NOW)] * 4)

    assert sum(isinstance(outcome, InvalidTransition) for outcome in outcomes) == 3
    assert job.transitions.filter(new_state="printing").count() == 1


@pytest.mark.postgres_only  # on SQLite nobody writes between the look and the lock
def test_a_print_in_the_way_that_staff_just_linked_to_another_job_is_ended_with_that_job_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client(make_printer())
    wrong, right, following = make_job(), make_job(), make_job()
    client.says("printing", run_key="1@0", file_name=wrong.print_file_name, progress=40)
    run, lock = PrintRun.objects.get(), PrintQueue.locked
    wrong.link(run, by=Who(), now=NOW)
    locked: list[int | None] = []

    def lock_late(place: Place, *printers: Printer | None, other_job_id: int | None = None) -> PrintQueue:
        if not locked:
            at_once(partial(right.link, run, by=Who(), now=NOW))
        locked.append(other_job_id)
        return lock(place, *printers, other_job_id=other_job_id)

    monkeypatch.setattr(PrintQueue, "locked", lock_late)
    client.put(following, 5, after_seconds=120)  # nobody speaks for the printer any more

    right.refresh_from_db()
    assert right.attention == "unknown_end"
    assert locked == [wrong.pk, right.pk]


def test_moves_at_once_lose_no_job() -> None:
    jobs = [make_job() for _ in range(6)]

    at_once(*(partial(job.edit, position=2) for job in jobs[2:]))

    assert sorted(PrintQueue.objects.positions().values()) == [1, 2, 3, 4, 5, 6]


def test_calls_about_the_same_printers_at_once_lose_no_report() -> None:
    clients = [Client(make_printer()) for _ in range(4)]
    for number, client in enumerate(clients):
        make_job(print_file_name=f"{number}.gcode")
        client.key, client.sequence = clients[0].key, 0
        client.says("printing", run_key="1@0", file_name=f"{number}.gcode", progress=1)
    jobs = list(PrintQueue.objects.order_by("-pk"))

    def send(order: int, percent: int) -> list[str]:
        serials = [client.printer.serial for client in clients][::order]
        # At the same moment each says something else, so that each is a sample.
        said = [
            Report(serial=serial, state=ReportState.PRINTING, run_key="1@0", progress=percent + step, measured_at=NOW)
            for step in range(3)
            for serial in serials
        ]
        actor = Actor(key=clients[0].key)
        outcomes = receive_all(said, actor=actor, client="", received_at=clients[-1].now, skew=timedelta())
        return [outcome.result for outcome in outcomes]

    told = at_once(
        *(partial(send, order, percent) for order, percent in ((1, 10), (-1, 20), (1, 30), (-1, 40))),
        *(partial(PrintQueue.objects.get(pk=job.pk).cancel, by=Who(), now=NOW) for job in jobs[:2]),
    )

    assert told[:4] == [["accepted"] * 12] * 4
    assert [run.samples.count() for run in PrintRun.objects.all()] == [13] * 4
    assert [PrintQueue.objects.get(pk=job.pk).state for job in jobs[:2]] == [JobState.CANCELLED] * 2


@pytest.mark.postgres_only  # which alone locks single rows, and looks at foreign keys at the commit
def test_a_printer_that_is_renamed_while_a_job_for_it_comes_in_waits_and_is_not_given_up() -> None:
    printer = make_printer(name="left")
    renamed = Printer.objects.get(pk=printer.pk)

    def rename() -> None:
        renamed.name = "right"
        renamed.save(update_fields=["name"])

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            make_job(wanted_printer=printer)
            renaming = pool.submit(at_once, rename)
            wait_for(somebody_waits_for_a_lock)
        assert renaming.result() == [None]

    printer.refresh_from_db()
    assert printer.name == "right"


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
