"""One shape for every error, also where no view of ours has been asked."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import Client, RequestFactory

from printqueue.models import Busy
from printqueue.views.api.errors import HANDLERS, MAX_DETAILS
from printqueue.views.api.routes import server_error
from tests.api.conftest import assert_error


def test_an_unknown_host_is_refused_in_json_below_api(db):
    assert_error(Client(headers={"Host": "evil.example"}).get("/api/print-queue"), 400)


def test_an_unknown_host_is_refused_with_a_page_elsewhere(db):
    response = Client(headers={"Host": "evil.example"}).get("/admin/")

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")


def test_a_defect_outside_any_view_is_answered_in_json_below_api():
    assert_error_of(server_error(RequestFactory().get("/api/print-queue")), 500)


def test_too_many_parameters_are_refused(caller):
    assert_error(caller.get("print-queue?" + "&".join(f"a{n}=1" for n in range(1100))), 400)


def test_a_missing_body_is_called_that(caller):
    body = assert_error(caller.post("print-queue"), 400)

    assert body["error"] == "The body is missing."


def test_no_more_fields_are_named_than_somebody_would_read(caller):
    body = assert_error(caller.post("print-queue", {f"field{n}": 1 for n in range(100)}), 400)

    assert len(body["details"]) == MAX_DETAILS
    assert body["error"].endswith("(and 101 more)")


@pytest.mark.parametrize(
    ("problem", "status", "retry_after"),
    [(Busy("The database is busy."), 503, "1"), (OperationalError("host=secret"), 503, "3")],
)
def test_a_database_that_cannot_is_answered_with_when_to_come_back(problem, status, retry_after, caller, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr("printqueue.views.api.jobs.jobs_for", fail)

    response = caller.get("print-queue")

    assert "secret" not in assert_error(response, status)["error"]
    assert response["Retry-After"] == retry_after


def test_what_a_model_refuses_is_named_as_on_the_wire():
    problem = ValidationError({"wanted_printer": "Not this one.", "due_at": "Not then.", "__all__": "Not at all."})

    response = HANDLERS[ValidationError](RequestFactory().get("/"), problem)

    fields = [detail["field"] for detail in assert_error_of(response, 400)["details"]]
    assert fields == ["printer", "dueAt", ""]


def test_no_cache_keeps_an_answer(caller):
    assert "no-store" in caller.get("print-queue")["Cache-Control"]


def assert_error_of(response, status):
    """`assert_error` for a response that no client has received."""
    response.json = lambda: json.loads(response.content)
    return assert_error(response, status)


@pytest.mark.parametrize(
    "address", ["print-queue/order", "print-queue/upload", "printers/left/pause", "print-queue/1/accept"]
)
def test_an_address_that_leads_nowhere_does_so_whatever_the_method(address, caller):
    for method in ("get", "post", "put"):
        assert_error(getattr(caller, method)(address), 404)


def test_a_health_check_with_a_wrong_method_is_told_so():
    assert Client(enforce_csrf_checks=True).post("/healthz").status_code == 405
