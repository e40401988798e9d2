"""Whatever a client sends, the server has an answer for it, and a refused call changes nothing."""

import json
import math

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printqueue.models import RevisionCounter
from printqueue.views.api.jobs import JobChanges, NewJob
from printqueue.views.api.printer_reports import PrinterErrorBody, ReportBody, ReportsBody
from printqueue.views.api.progress import ProgressBody
from printqueue.views.api.throttle import BUCKETS
from printqueue.views.api.verbs import StartOn
from tests.api.calls import CALLS
from tests.factories import make_job, make_key, make_printer

WRITES = [call for call in CALLS if call.is_write]
BODIES = (NewJob, JobChanges, StartOn, ProgressBody, ReportsBody, ReportBody, PrinterErrorBody)
NAMES = sorted({str(field.alias) for body in BODIES for field in body.model_fields.values()} | {"nonsense"})

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(
        ["", "voron-1", "printing", "completed", "paused", "offline", "a.3mf", "a\0", "\ud800", "2026-11-23T12:00:00Z"]
        + ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 0, 1, 45.3, 100, -0.0, 2**31, 2**53, 2**63, 10**30, 1e308]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=12,
)
bodies = st.dictionaries(st.sampled_from(NAMES), anything, max_size=8) | anything


def nearly_right(call):
    """The call's own body with a few members replaced."""
    return st.dictionaries(st.sampled_from(NAMES), anything, max_size=3).map(
        lambda other: {**(call.body or {}), **other}
    )


@pytest.fixture
def places(db):
    make_printer("voron-1")
    return {"job": make_job().pk, "serial": "voron-1"}


@pytest.fixture
def client(db):
    # A defect is an exception here, not an answer.
    return Client(headers={"X-Api-Key": make_key()[1]}, raise_request_exception=True)


def never_a_defect(client, call, places, body):
    BUCKETS.clear()
    before = RevisionCounter.current().value
    address = f"/api/{call.address.format(**places)}"

    response = client.generic(call.method, address, body, content_type="application/json")

    assert response.status_code in (200, 201, 400, 409, 413), (response.status_code, response.content)
    answer = json.loads(response.content)
    assert answer["success"] is (response.status_code < 400)
    if response.status_code >= 400:
        assert RevisionCounter.current().value == before


@pytest.mark.parametrize("call", WRITES, ids=str)
def test_any_json_has_an_answer(call, client, places):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies | nearly_right(call))
    def send(body):
        never_a_defect(client, call, places, json.dumps(body).encode())

    send()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(NAMES), anything, max_size=8))
def test_any_report_has_a_result(client, places, body):
    call = next(call for call in WRITES if call.address == "printer-reports")
    report = {**call.body["reports"][0], "printer": "voron-1", "state": "printing", **body}

    never_a_defect(client, call, places, json.dumps({"reports": [report, report]}).encode())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from(["state", "printer", "q", "limit", "cursor", "other"]), st.text() | st.integers(), max_size=4
    )
)
def test_any_query_has_an_answer(client, query):
    BUCKETS.clear()
    safe = {name: str(value).encode("utf-8", "replace").decode() for name, value in query.items()}

    assert client.get("/api/print-queue", safe).status_code in (200, 400)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.text(min_size=1))
def test_any_address_has_an_answer(client, part):
    BUCKETS.clear()
    part = part.encode("utf-8", "replace").decode().replace("?", "").replace("#", "").replace("%", "%25")
    for address in (f"/api/print-queue/{part}", f"/api/printers/{part}", f"/api/{part}"):
        response = client.get(address)
        assert response.status_code in (200, 400, 404, 405)


def test_no_answer_holds_what_json_has_not(client, places):
    """An infinite or undefined number in an answer would be no JSON."""
    client.put(f"/api/print-queue/{places['job']}/progress", b'{"progress": 1e-320}', content_type="application/json")

    text = client.get(f"/api/print-queue/{places['job']}").content

    assert math.isfinite(json.loads(text, parse_constant=pytest.fail)["progress"])
