"""Every body that a client may send to PUT …/progress has its status, and a refused one changes nothing."""

import pytest

from printqueue.models import PrintQueue, PrintRun, RevisionCounter, Sample, Transition
from tests.api.conftest import assert_error
from tests.data.bodies import CASES
from tests.factories import make_job


@pytest.fixture
def printing_job(caller):
    """A job at 10.0 by an earlier PUT."""
    job = make_job()
    assert caller.put(f"print-queue/{job.pk}/progress", {"progress": 10.0}).status_code == 200
    return job


def everything():
    """All that a report could have written."""
    tables = [list(model.objects.order_by("pk").values()) for model in (PrintQueue, PrintRun, Sample, Transition)]
    return [*tables, RevisionCounter.current().value]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_body_has_its_status_and_a_refused_one_writes_nothing(case, printing_job, caller):
    before = everything()

    response = caller.client.put(
        f"/api/print-queue/{printing_job.pk}/progress", case.body, content_type=case.content_type
    )

    assert response.status_code == case.status, response.content
    printing_job.refresh_from_db()
    assert printing_job.progress == (10.0 if case.stored is None else case.stored)
    if case.status != 200:
        assert_error(response, case.status)
        assert everything() == before


def test_minus_zero_is_answered_as_zero(printing_job, caller):
    response = caller.client.put(
        f"/api/print-queue/{printing_job.pk}/progress", b'{"progress": -0.0}', content_type="application/json"
    )

    assert str(response.json()["progress"]) == "0.0"


def test_the_error_names_the_wrong_field(printing_job, caller):
    response = caller.put(f"print-queue/{printing_job.pk}/progress", {"progress": 45, "remainingSeconds": "soon"})

    body = assert_error(response, 400, field="remainingSeconds")
    assert body["error"] == "remainingSeconds: Expected a whole number."
