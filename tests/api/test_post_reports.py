"""POST /api/printer-reports: what the rules of a report become over HTTP. The rules: tests/reports."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.models import JobState, Printer, PrintRun
from printqueue.protocol import wire_time
from tests.api.conftest import assert_error
from tests.factories import make_job, make_printer


def report(**members):
    """A report of voron-1, now."""
    good = {
        "printer": "voron-1",
        "state": "printing",
        "runKey": "native-1@1790000000",
        "progress": 45.3,
        "filename": "splint.gcode.3mf",
        "measuredAt": wire_time(timezone.now()),
        "sequence": 1,
    }
    return {**good, **members}


@pytest.fixture
def send(caller):
    """`send(report, …, client=…)`: the results."""

    def post(*reports, **call):
        response = caller.post("printer-reports", {"reports": list(reports), **call})
        assert response.status_code == 200, response.content
        return response.json()["results"]

    return post


def test_a_report_of_a_job_is_accepted(send):
    job = make_job(print_file_name="splint.gcode.3mf")

    [result] = send(report(sequence=12))

    assert result == {
        "result": "accepted",
        "sequence": 12,
        "runId": str(PrintRun.objects.get().pk),
        "jobId": str(job.pk),
        "matchReason": "only open job with this file",
        "error": None,
    }
    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.PRINTING, 45.3)


def test_a_report_of_no_job_is_kept_as_unmatched(send):
    [result] = send(report())

    assert (result["result"], result["jobId"], result["matchReason"]) == ("unmatched", None, None)
    assert result["runId"] == str(PrintRun.objects.get().pk)


def test_the_answer_says_when_it_was_received(caller):
    before = timezone.now()

    body = caller.post("printer-reports", {"reports": [report()]}).json()

    assert body["success"] is True
    assert wire_time(before) <= body["receivedAt"] <= wire_time(timezone.now())


def test_everything_a_report_says_is_kept(send):
    said = {
        "remainingSeconds": 3120,
        "layer": 41,
        "totalLayers": 160,
        "nozzleC": 219.8,
        "nozzleTargetC": 220,
        "bedC": 60.1,
        "bedTargetC": 60,
        "error": {"code": "0300_0100", "message": "The bed is too cold."},
        "model": "P1S",
    }
    send(report(startedAt="2026-11-23T15:00:00Z", printerName="Left one", **said))

    wire = Printer.objects.get().as_wire()
    assert wire["name"] == "Left one"
    assert wire["stateSince"] is not None
    assert {name: wire[name] for name in said} == said


def test_a_report_sent_twice_is_stale(send):
    once = report()

    assert [result["result"] for result in send(once, once)] == ["unmatched", "stale"]
    assert PrintRun.objects.get().samples.count() == 1


def test_a_wrong_report_is_refused_and_does_not_sink_the_others(send):
    results = send(report(sequence=1), report(sequence=2, progress="45"), report(sequence=3))

    assert [result["result"] for result in results] == ["unmatched", "refused", "unmatched"]
    assert results[1] == {
        "result": "refused",
        "sequence": 2,
        "runId": None,
        "jobId": None,
        "matchReason": None,
        "error": {
            "code": "invalid",
            "message": "The report has wrong fields.",
            "details": [{"field": "progress", "message": "Expected a number."}],
        },
    }


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("printer", ""),
        ("printer", "a" * 65),
        ("printer", None),
        ("state", "flying"),
        ("progress", 100.1),
        ("progress", True),
        ("progress", 10**400),
        ("filename", "a\nb"),
        ("filename", "\ud800"),
        ("runKey", "a" * 201),
        ("layer", 2**31),
        ("nozzleC", "hot"),
        ("sequence", 0),
        ("sequence", 2**53),
        ("measuredAt", None),
        ("measuredAt", "2026-11-23T12:00:00"),
        ("nonsense", 1),
        ("nonsense", None),
    ],
)
def test_a_wrong_value_is_refused_by_name(member, value, send):
    [result] = send(report(**{member: value}))

    assert result["error"]["code"] == "invalid"
    assert [detail["field"] for detail in result["error"]["details"]] == [member]
    assert not Printer.objects.exists()


def test_a_wrong_part_of_an_error_is_named_with_its_place(send):
    [result] = send(report(error={"code": 7, "message": "The bed is too cold."}))

    assert [detail["field"] for detail in result["error"]["details"]] == ["error.code"]


@pytest.mark.parametrize("item", [None, 7, "report", [], [report()]])
def test_what_is_no_object_is_refused(item, send):
    [result] = send(item)

    assert (result["result"], result["sequence"], result["error"]["code"]) == ("refused", None, "invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reports"),
        ({"reports": []}, "reports"),
        ({"reports": {}}, "reports"),
        ({"reports": [{}] * 501}, "reports"),
        ({"reports": [{}], "client": ""}, "client"),
        ({"reports": [{}], "client": 7}, "client"),
        ({"reports": [{}], "sentAt": "now"}, "sentAt"),
        ({"reports": [{}], "nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_call_is_refused_whole(body, field, caller):
    assert_error(caller.post("printer-reports", body), 400, field=field)


def test_times_are_corrected_by_what_the_client_calls_now(send):
    """The client's clock is an hour slow."""
    slow = timezone.now() - timedelta(hours=1)

    send(report(measuredAt=wire_time(slow - timedelta(seconds=5))), sentAt=wire_time(slow))

    last = Printer.objects.get().last_report_at
    assert last
    age = timezone.now() - last
    assert timedelta(seconds=4) < age < timedelta(seconds=60)


@pytest.mark.parametrize("sent_at", ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
@pytest.mark.parametrize("measured_at", ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
def test_absurd_clocks_do_no_harm(sent_at, measured_at, send):
    [result] = send(report(measuredAt=measured_at, startedAt=measured_at), sentAt=sent_at)

    assert result["result"] in ("unmatched", "refused")


def test_a_report_from_the_day_after_tomorrow_is_refused(send):
    [result] = send(report(measuredAt=wire_time(timezone.now() + timedelta(days=1, minutes=1))))

    assert (result["result"], result["error"]["code"]) == ("refused", "invalid")
    message = "Expected a time, not one more than a day ahead of now."
    assert result["error"]["details"] == [{"field": "measuredAt", "message": message}]
    assert result["error"]["message"] == f"measuredAt: {message}"


@pytest.mark.parametrize("run_key", ["srv:1", "put:1:1"])
def test_a_run_key_like_our_own_is_refused_by_name(run_key, send):
    results = send(report(sequence=1, runKey=run_key), report(sequence=2))

    assert [result["result"] for result in results] == ["refused", "unmatched"]
    assert [detail["field"] for detail in results[0]["error"]["details"]] == ["runKey"]


def test_a_printer_that_is_not_the_keys_is_refused(caller_for):
    response = caller_for(make_printer("mine")).post(
        "printer-reports", {"reports": [report(printer="mine"), report(printer="other")]}
    )

    results = response.json()["results"]
    assert [result["result"] for result in results] == ["unmatched", "refused"]
    assert results[1]["error"]["code"] == "printer_not_allowed"
    assert not Printer.objects.filter(serial="other").exists()


def test_a_second_client_is_refused_while_the_first_speaks(send):
    send(report(sequence=1), client="4f4c")

    [result] = send(report(sequence=2), client="9d1e")

    assert (result["result"], result["error"]["code"]) == ("refused", "leased")
