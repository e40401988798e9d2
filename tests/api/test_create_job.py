"""POST /api/print-queue"""

import pytest

from printqueue.models import PrintQueue
from tests.api.conftest import assert_error
from tests.factories import make_job, make_printer

GOOD = {"designName": "Wrist splint", "printFileName": "splint.gcode.3mf"}


def test_a_job_is_created_and_answered(caller):
    response = caller.post("print-queue", GOOD)

    assert response.status_code == 201
    job = PrintQueue.objects.get()
    body = response.json()
    assert body["success"] is True
    assert body["id"] == str(job.pk)
    assert body["code"] == job.code
    assert (body["state"], body["position"], body["progress"]) == ("ready", 1, None)


def test_all_fields_are_kept(caller):
    make_printer("voron-1")
    fields = {
        **GOOD,
        "customerId": "C-0042",
        "note": "mind the edges",
        "printer": "voron-1",
        "rush": True,
        "dueAt": "2026-12-01T12:00:00.000Z",
        "copies": 3,
    }

    body = caller.post("print-queue", fields).json()

    assert {name: body[name] for name in fields} == fields


def test_a_job_looks_as_the_contract_says(caller):
    body = caller.post("print-queue", GOOD).json()

    assert list(body) == [
        "success", "id", "code", "designName", "customerId", "note", "printFileName", "copies", "copiesDone", "state",
        "attention", "progress", "progressLastReportTime", "remainingSeconds", "layer", "totalLayers",
        "estimatedFinishTime", "estimatedRemainingSeconds", "estimatedSpreadSeconds", "printer", "position", "rush",
        "dueAt", "createdAt", "printStartedTime", "printCompletedTime", "isPrintSuccessful",
        "matchReason", "revision", "stall",
    ]  # fmt: skip


def test_a_rush_job_goes_before_the_others(caller):
    make_job()

    assert caller.post("print-queue", {**GOOD, "rush": True}).json()["position"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("designName", None),
        ("designName", ""),
        ("designName", "  "),
        ("designName", 7),
        ("designName", "a" * 201),
        ("printFileName", "a" * 256),
        ("printFileName", "a\nb.3mf"),
        ("customerId", "a" * 21),
        ("note", "a" * 501),
        ("note", "\u202e"),
        ("note", None),
        ("printer", "nowhere-1"),
        ("printer", "a\0"),
        ("rush", 1),
        ("rush", "yes"),
        ("dueAt", "tomorrow"),
        ("dueAt", "2026-12-01"),
        ("dueAt", 1790000000),
        ("copies", 0),
        ("copies", 1000),
        ("copies", 1.5),
        ("copies", True),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_created(field, value, caller):
    assert_error(caller.post("print-queue", {**GOOD, field: value}), 400, field=field)

    assert not PrintQueue.objects.exists()


@pytest.mark.parametrize("field", GOOD)
def test_a_required_field_must_be_there(field, caller):
    rest = {name: value for name, value in GOOD.items() if name != field}

    assert_error(caller.post("print-queue", rest), 400, field=field)


def test_a_key_cannot_put_a_job_on_a_printer_that_is_not_its_own(caller_for):
    mine, _other = make_printer("mine"), make_printer("other")

    assert_error(caller_for(mine).post("print-queue", {**GOOD, "printer": "other"}), 403)
    assert_error(caller_for(mine).post("print-queue", {**GOOD, "printer": "nowhere"}), 403)

    assert not PrintQueue.objects.exists()


def test_who_created_it_is_recorded(staff):
    staff.client.cookies["csrftoken"] = "t" * 32

    staff.post("print-queue", GOOD, **{"X-CSRFToken": "t" * 32})

    job = PrintQueue.objects.get()
    assert job.created_by is not None
    assert job.transitions.get().user == job.created_by
