"""POST /api/print-queue/{id}/{start,cancel,complete,fail,retry,reopen}"""

import pytest

from printqueue.models import JobState, Who
from tests.api.conftest import assert_error
from tests.factories import NOW, make_job, make_printer

BY = Who()

LEADS_TO = {
    ("ready", "start"): "printing",
    ("ready", "cancel"): "cancelled",
    ("printing", "cancel"): "cancelled",
    ("printing", "complete"): "completed",
    ("printing", "fail"): "failed",
    ("failed", "retry"): "ready",
    ("cancelled", "retry"): "ready",
    ("completed", "reopen"): "ready",
    ("failed", "reopen"): "ready",
    ("cancelled", "reopen"): "ready",
}
VERBS = sorted({verb for _state, verb in LEADS_TO})
STATES = ["ready", "printing", "completed", "failed", "cancelled"]
WRONG = [(state, verb) for state in STATES for verb in VERBS if (state, verb) not in LEADS_TO]


def job_in(state):
    job = make_job()
    if state in ("printing", "completed", "failed"):
        job.start(by=BY, now=NOW)
    way = {"completed": job.complete, "failed": job.fail, "cancelled": job.cancel}.get(state)
    if way:
        way(by=BY, now=NOW)
    return job


@pytest.mark.parametrize(("state", "verb"), LEADS_TO)
def test_a_verb_leads_on(state, verb, caller):
    job = job_in(state)

    response = caller.post(f"print-queue/{job.pk}/{verb}", {"reason": "because"})

    assert response.status_code == 200
    assert response.json()["state"] == LEADS_TO[state, verb]
    assert response.json()["success"] is True
    assert job.transitions.last().reason == "because"


@pytest.mark.parametrize(("state", "verb"), WRONG)
def test_a_verb_in_the_wrong_state_changes_nothing_and_names_the_state(state, verb, caller):
    job = job_in(state)
    steps = job.transitions.count()

    body = assert_error(caller.post(f"print-queue/{job.pk}/{verb}", {"reason": "because"}), 409)

    assert state in body["error"]
    job.refresh_from_db()
    assert (job.state, job.transitions.count()) == (state, steps)


@pytest.mark.parametrize("verb", ["start", "cancel"])
def test_a_verb_needs_no_body(verb, caller):
    job = make_job()

    response = caller.client.post(f"/api/print-queue/{job.pk}/{verb}", "", content_type="")

    assert response.status_code == 200, response.content


def test_reopening_needs_a_reason(caller):
    job = job_in("completed")

    assert_error(caller.post(f"print-queue/{job.pk}/reopen", {"reason": " "}), 400, field="reason")

    job.refresh_from_db()
    assert job.state == JobState.COMPLETED


def test_a_job_can_be_started_on_a_printer(caller):
    make_printer("voron-1")
    job = make_job()

    assert caller.post(f"print-queue/{job.pk}/start", {"printer": "voron-1"}).json()["printer"] == "voron-1"


def test_a_job_cannot_be_started_on_a_printer_that_nobody_knows(caller):
    job = make_job()

    assert_error(caller.post(f"print-queue/{job.pk}/start", {"printer": "nowhere"}), 400, field="printer")


def test_a_key_cannot_start_a_job_on_a_printer_that_is_not_its_own(caller_for):
    mine, _other = make_printer("mine"), make_printer("other")
    job = make_job()

    assert_error(caller_for(mine).post(f"print-queue/{job.pk}/start", {"printer": "other"}), 403)

    job.refresh_from_db()
    assert job.state == JobState.READY


@pytest.mark.parametrize("reason", [7, None, "a" * 501, "a\nb"])
def test_a_wrong_reason_is_refused(reason, caller):
    job = make_job()

    assert_error(caller.post(f"print-queue/{job.pk}/cancel", {"reason": reason}), 400, field="reason")


def test_a_printer_is_told_for_starting_alone(caller):
    job = make_job()

    assert_error(caller.post(f"print-queue/{job.pk}/cancel", {"printer": "voron-1"}), 400, field="printer")
