"""PUT /api/print-queue/{id}/progress: what the rules of a report become over HTTP. The rules: tests/reports."""

import pytest

from printqueue.models import JobState, PrintRun, Who
from tests.api.conftest import assert_error
from tests.factories import NOW, make_job, make_printer

BY = Who()


@pytest.fixture
def job(db):
    return make_job(print_file_name="splint.gcode.3mf")


@pytest.fixture
def put(caller, job):
    """`put(progress=45.3, …)`: the answer."""
    return lambda **body: caller.put(f"print-queue/{job.pk}/progress", body)


def test_progress_is_stored_and_answered(put, job):
    response = put(progress=45.3)

    assert response.status_code == 200
    assert response.json() == {"success": True, "id": str(job.pk), "progress": 45.3}
    job.refresh_from_db()
    assert (job.state, job.progress) == ("printing", 45.3)


def test_all_members_are_kept(put, job):
    body = {"filename": "splint.3mf", "remainingSeconds": 3120, "layer": 41, "totalLayers": 160}
    put(progress=45.3, state="paused", sequence=7, measuredAt="2026-11-23T12:00:00+01:00", **body)

    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert (job.remaining_seconds, job.layer, job.total_layers) == (3120, 41, 160)
    assert job.current_run.last_sequence == 7


def test_null_says_as_much_as_leaving_out(put):
    assert put(progress=45.3, layer=None, state=None, filename=None).status_code == 200


def test_100_completes_the_job(put, job):
    put(progress=45.3)

    assert put(progress=100).json() == {"success": True, "id": str(job.pk), "progress": 100.0}

    job.refresh_from_db()
    assert job.state == JobState.COMPLETED


def test_100_while_printing_does_not(put, job):
    put(progress=100, state="printing")

    job.refresh_from_db()
    assert (job.state, job.progress) == ("printing", 100)


def test_the_end_said_again_is_stale(put):
    put(progress=100)

    response = put(progress=100)

    assert response.status_code == 200
    assert response.json()["stale"] is True


def test_anything_else_after_the_end_is_refused_and_names_the_state(put, job):
    put(progress=100)

    for late in (99.5, 0):
        assert "completed" in assert_error(put(progress=late), 409)["error"]

    job.refresh_from_db()
    assert job.state == JobState.COMPLETED


def test_an_older_sequence_is_stale(put, job):
    put(progress=50, sequence=2)

    assert put(progress=40, sequence=1).json() == {"success": True, "id": str(job.pk), "progress": 50.0, "stale": True}


def test_progress_of_a_job_that_staff_cancelled_is_refused(put, job):
    put(progress=50)
    job.cancel(by=BY, now=NOW)

    assert "cancelled" in assert_error(put(progress=60), 409)["error"]

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_file_that_contradicts_the_run_is_refused(put):
    put(progress=50, filename="splint.3mf")

    assert_error(put(progress=60, filename="other.3mf"), 409)


def test_the_same_name_in_another_unicode_form_is_no_contradiction(put):
    put(progress=50, filename="Sch\u00f6n.3mf")

    assert put(progress=60, filename="Scho\u0308n.3mf").status_code == 200


def test_a_time_more_than_a_day_ahead_is_refused(put):
    assert_error(put(progress=50, measuredAt="2999-01-01T00:00:00Z"), 400, field="measuredAt")

    assert not PrintRun.objects.exists()


def test_another_client_is_refused_while_the_first_reports(put, job, caller_for):
    put(progress=50)

    assert_error(caller_for().put(f"print-queue/{job.pk}/progress", {"progress": 60}), 409)


def test_the_only_printer_of_the_key_is_the_jobs_from_then_on(caller_for, job):
    mine = make_printer()

    caller_for(mine).put(f"print-queue/{job.pk}/progress", {"progress": 45.3})

    job.refresh_from_db()
    assert job.printer == mine
