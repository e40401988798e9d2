"""/api/openapi.json and /api/docs"""

import json
import re

import pytest

from tests.api.calls import CALLS
from tests.api.conftest import assert_error


@pytest.fixture
def document(client, db):
    return client.get("/api/openapi.json").json()


def test_every_call_is_described(document):
    described = {
        (method.upper(), re.sub(r"\{job_id\}", "{job}", path.removeprefix("/api/")))
        for path, methods in document["paths"].items()
        for method in methods
    }

    assert described == {(call.method, call.address) for call in CALLS}


def test_every_call_says_how_to_be_let_in(document):
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"Bearer": []}, {"ApiKey": []}, {"StaffSession": []}]
    assert document["components"]["securitySchemes"]["ApiKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
    }


def test_every_reference_leads_somewhere(document):
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert names <= document["components"]["schemas"].keys()
    assert {"ReportBody", "Job", "ErrorAnswer"} <= names


def test_a_report_is_described_as_the_wire_has_it(document):
    properties = document["components"]["schemas"]["ReportBody"]["properties"]

    assert {"printer", "runKey", "nozzleTargetC", "measuredAt", "sequence"} <= properties.keys()
    assert document["components"]["schemas"]["ReportBody"]["required"] == ["printer", "state", "measuredAt"]


def test_the_events_are_described_as_a_stream(document):
    operation = document["paths"]["/api/print-queue/{job_id}/events"]["get"]

    assert list(operation["responses"][str(200)]["content"]) == ["text/event-stream"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["job_id", "Last-Event-ID", "lastEventId"]


def test_the_page_loads_nothing_from_elsewhere(client, db):
    response = client.get("/api/docs")

    assert response.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', response.content.decode())
    assert sources
    assert all(source.startswith("/static/") for source in sources)


def test_the_page_needs_no_inline_script(client, db):
    response = client.get("/api/docs")

    scripts = re.findall(r"<script([^>]*)>([^<]*)", response.content.decode())
    assert all("src=" in attributes or "application/json" in attributes for attributes, _text in scripts)
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/api/docs", "/api/openapi.json"])
def test_they_are_only_read(address, client, db):
    assert_error(client.post(address), 405)
