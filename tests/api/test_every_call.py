"""What every call must answer to those who may not make it, or who make it wrongly."""

import re

import pytest
from django.utils import timezone

from printqueue.models import PrintQueue, RevisionCounter, Transition
from printqueue.protocol import Scope
from printqueue.views.api import api
from tests.api.calls import CALLS, PUBLIC
from tests.api.conftest import Caller, assert_error
from tests.factories import make_job, make_key, make_printer, make_staff

every_call = pytest.mark.parametrize("call", CALLS, ids=str)
every_write = pytest.mark.parametrize("call", [call for call in CALLS if call.is_write], ids=str)
every_call_on_a_job = pytest.mark.parametrize("call", [call for call in CALLS if "{job}" in call.address], ids=str)


@pytest.fixture
def printer(db):
    return make_printer("voron-1")


@pytest.fixture
def other_printer(db):
    return make_printer("voron-2")


@pytest.fixture
def make_call(printer, other_printer):
    """`make_call(caller, call)`: the answer; the job is on the printer."""
    job = make_job(wanted_printer=printer)

    def make(caller, call, **headers):
        address = call.address.format(job=job.pk, serial=printer.serial)
        return caller.call(call.method, address, call.body, **headers)

    return make


@pytest.fixture
def nothing_written(make_call):
    """Fails when the test has changed a job or a printer."""
    before = RevisionCounter.current().value, Transition.objects.count(), PrintQueue.objects.count()
    yield
    assert (RevisionCounter.current().value, Transition.objects.count(), PrintQueue.objects.count()) == before


def addresses() -> dict[str, str]:
    """Every address of the API by what stands for it in CALLS, and its pattern."""
    patterns = [str(pattern.pattern) for pattern in api.urls[0]]
    return {re.sub(r"<(?:\w+:)?(\w+)>", lambda m: "{serial}" if m[1] == "serial" else "{job}", p): p for p in patterns}


def test_the_table_of_calls_is_complete():
    ours = {call.address for call in CALLS} | PUBLIC

    assert {address for address in addresses() if address} == ours


@every_call
def test_nobody_without_credentials_is_let_in(call, make_call, anonymous, nothing_written):
    response = make_call(anonymous, call)

    assert_error(response, 401)
    assert response["WWW-Authenticate"] == "Bearer"


@every_call
def test_an_unknown_key_is_refused(call, make_call, nothing_written):
    assert_error(make_call(Caller("pf_00000000_guess"), call), 401)


@every_call
def test_a_key_with_a_wrong_secret_is_refused(call, make_call, nothing_written):
    key, _token = make_key()

    assert_error(make_call(Caller(f"pf_{key.prefix}_guess"), call), 401)


@every_call
def test_a_revoked_key_is_refused(call, make_call, nothing_written):
    key, token = make_key()
    key.revoke(timezone.now())

    assert_error(make_call(Caller(token), call), 401)


@every_call
def test_a_bad_key_is_refused_even_with_a_session(call, make_call, staff, nothing_written):
    assert_error(make_call(staff, call, Authorization="Bearer pf_00000000_guess"), 401)


@every_call
def test_a_key_without_the_scope_is_refused(call, make_call, caller_for, nothing_written):
    others = tuple(scope for scope in Scope if scope != call.scope)

    body = assert_error(make_call(caller_for(scopes=others), call), 403)

    assert call.scope in body["error"]


@every_call_on_a_job
def test_a_key_for_another_printer_is_refused(call, make_call, caller_for, other_printer, nothing_written):
    assert_error(make_call(caller_for(other_printer), call), 403)


@every_call_on_a_job
def test_a_bad_id_is_not_found(call, caller):
    for identifier in ["abc", "0", "-1", "1.5", "999999", "9" * 30, "1'", "%00", "٣", "1/"]:
        assert_error(caller.call(call.method, call.address.format(job=identifier), call.body), 404)


@every_call
def test_a_trailing_slash_is_not_found(call, caller, make_call, printer):
    address = call.address.format(job=make_job().pk, serial=printer.serial)

    assert_error(caller.call(call.method, f"{address}/", call.body), 404)


@pytest.mark.parametrize("address", sorted({call.address for call in CALLS}))
def test_a_wrong_method_is_answered_with_the_right_ones(address, caller, printer):
    allowed = {call.method for call in CALLS if call.address == address}

    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
        response = caller.call(method, address.format(job=make_job().pk, serial=printer.serial))

        assert_error(response, 405)
        assert set(response["Allow"].split(", ")) == allowed


@every_write
def test_a_session_without_csrf_token_changes_nothing(call, make_call, staff, nothing_written):
    body = assert_error(make_call(staff, call), 403)

    assert "CSRF" in body["error"]


@every_write
def test_a_session_with_csrf_token_is_let_in(call, make_call, staff):
    staff.client.cookies["csrftoken"] = "t" * 32

    response = make_call(staff, call, **{"X-CSRFToken": "t" * 32})

    assert response.status_code in (200, 201, 409), response.content


@every_write
def test_a_body_that_is_no_json_by_its_type_is_refused(call, make_call, caller, printer, nothing_written):
    address = f"/api/{call.address.format(job=PrintQueue.objects.get().pk)}"

    response = getattr(caller.client, call.method.lower())(address, "progress=45", content_type="text/plain")

    assert_error(response, 415)


@every_write
def test_a_field_that_is_not_known_is_refused_by_name(call, make_call, caller, nothing_written):
    body = {**(call.body or {}), "nonsense": 1}

    assert_error(make_call(caller, call._replace(body=body)), 400, field="nonsense")


def test_somebody_who_is_logged_in_but_no_staff_is_refused(make_call, client):
    client.force_login(make_staff(is_staff=False), backend="django.contrib.auth.backends.ModelBackend")

    assert_error(make_call(Caller(client=client), CALLS[0]), 401)


def test_a_key_may_come_in_its_own_header(client, db):
    assert client.get("/api/print-queue", headers={"X-Api-Key": make_key()[1]}).status_code == 200


def test_a_key_in_the_address_is_no_key(client, db):
    assert_error(client.get("/api/print-queue", {"key": make_key()[1], "api_key": make_key()[1]}), 401)


@pytest.mark.parametrize("address", ["", "nothing", "print-queue//1", "print-queue/1/2/3", "printer-reports/1"])
def test_an_address_that_leads_nowhere_is_answered_in_json(address, client, db):
    assert_error(client.get(f"/api/{address}"), 404)


def test_the_root_without_slash_is_answered_in_json(client, db):
    assert_error(client.post("/api"), 404)
