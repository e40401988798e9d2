"""GET /api/print-queue/{id}"""

from datetime import UTC, datetime

import pytest

from printqueue.estimating import estimate_active_runs
from printqueue.models import PrinterKey, Who
from tests.api.conftest import assert_error
from tests.factories import NOW, Client, make_job, make_printer, make_staff

BY = Who()


def test_a_job_is_answered(caller):
    job = make_job(due_at=datetime(2026, 12, 1, 12, tzinfo=UTC), note="mind the edges")

    body = caller.get(f"print-queue/{job.pk}").json()

    assert body["id"] == str(job.pk)
    assert body["dueAt"] == "2026-12-01T12:00:00.000Z"
    assert body["createdAt"] == "2026-11-23T15:06:00.000Z"
    assert body["note"] == "mind the edges"
    assert body["isPrintSuccessful"] is None


def test_the_position_counts_the_ready_jobs_from_1(caller):
    first, second = make_job(), make_job()
    first.start(by=BY, now=NOW)

    assert caller.get(f"print-queue/{first.pk}").json()["position"] is None
    assert caller.get(f"print-queue/{second.pk}").json()["position"] == 1


@pytest.mark.parametrize(("verb", "is_successful"), [("complete", True), ("fail", False)])
def test_an_ended_print_says_how_and_when(verb, is_successful, caller):
    job = make_job()
    job.start(by=BY, now=NOW)
    getattr(job, verb)(by=BY, now=NOW)

    body = caller.get(f"print-queue/{job.pk}").json()

    assert body["isPrintSuccessful"] is is_successful
    assert body["printStartedTime"] == body["printCompletedTime"] == "2026-11-23T15:06:00.000Z"


def test_a_cancelled_job_was_not_completed(caller):
    job = make_job()
    job.cancel(by=BY, now=NOW)

    body = caller.get(f"print-queue/{job.pk}").json()

    assert (body["state"], body["isPrintSuccessful"], body["printCompletedTime"]) == ("cancelled", None, None)


def test_a_hidden_job_is_not_found(caller):
    job = make_job()
    job.hide()

    assert_error(caller.get(f"print-queue/{job.pk}"), 404)


def test_a_key_sees_the_jobs_of_its_printer_and_those_without_one(caller_for):
    mine = make_printer()
    on_mine, anywhere = make_job(wanted_printer=mine), make_job()
    caller = caller_for(mine)

    assert caller.get(f"print-queue/{on_mine.pk}").status_code == 200
    assert caller.get(f"print-queue/{anywhere.pk}").status_code == 200


def test_a_key_without_printers_sees_the_jobs_without_one_alone(caller_for):
    on_a_printer, anywhere = make_job(wanted_printer=make_printer()), make_job()
    caller = caller_for()
    PrinterKey.objects.update(all_printers=False)

    assert_error(caller.get(f"print-queue/{on_a_printer.pk}"), 403)
    assert caller.get(f"print-queue/{anywhere.pk}").status_code == 200


def test_a_job_that_is_printed_says_when_that_will_be_over(caller):
    job, printer = make_job(print_file_name="ring_PLA_1h0m.gcode"), Client(make_printer("left"))
    printer.says("printing", run_key="1@0", file_name="ring_PLA_1h0m.gcode", progress=0.0, after_seconds=0)
    estimate_active_runs(NOW)

    for body in (caller.get(f"print-queue/{job.pk}").json(), caller.get("printers/left").json()):
        assert body["estimatedFinishTime"] == "2026-11-23T16:06:00.000Z"
        assert body["estimatedRemainingSeconds"] == 3600
        assert 60 < body["estimatedSpreadSeconds"] < 1200


def test_it_says_why_its_print_is_its_own_and_how_many_copies_are_done(caller):
    found, linked = make_job(print_file_name="a.gcode", copies=3), make_job()
    left, right, mia = Client(make_printer()), Client(make_printer()), make_staff(username="mia")
    for key in ("1@0", "2@0"):
        left.says("printing", run_key=key, file_name="a.gcode", progress=10)
        if key == "1@0":
            left.says("completed", run_key=key)
    run = right.says("printing", run_key="1@0", file_name="odd.gcode", progress=10).run
    assert run is not None
    linked.link(run, by=Who(user=mia), now=NOW)

    bodies = [caller.get(f"print-queue/{job.pk}").json() for job in (found, linked)]

    assert [body["matchReason"] for body in bodies] == ["only open job with this file", "linked by mia at 15:06"]
    assert [body["copiesDone"] for body in bodies] == [1, 0]
