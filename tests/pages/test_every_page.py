"""What is true of every address of the pages: who may come in, by which method, and to which rows."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from printqueue.views.pages.urls import urlpatterns
from tests.factories import make_staff
from tests.pages.conftest import LIST

SWITCHES = {"switch-target-off", "switch-target-on", "switch-rule-off", "switch-rule-on"}
POSTS = {
    *("complete", "retry", "up", "down", "hide", "show", "unlink", "new-job", "not-ours", "ours"),
    *("send-test", "send-again", *SWITCHES),
}
ASKS = {
    *("new", "edit", "print-again", "start", "fail", "cancel", "reopen", "link", "edit-printer"),
    *("new-target", "edit-target", "remove-target", "new-rule", "edit-rule", "remove-rule"),
    *("new-shop-target", "new-shop-rule"),
}
OF_ONE = {"job", "chart", "chart-json", "chart-csv", "printer"}
SHOWS = {"list", "printers", "tray", "naming", "estimates", "alerts", "shop-alerts", "alert-log"} | OF_ONE
OF_MANAGERS = {"shop-alerts", "new-shop-target", "new-shop-rule"}

ADDRESS = {
    str(route.name): LIST + str(route.pattern).replace("<int:pk>", "1").replace("<path:serial>", "left")
    for route in urlpatterns
}
OF_A_ROW = [name for name, address in ADDRESS.items() if "/1/" in address]


def method_of(name: str) -> str:
    return "post" if name in POSTS else "get"


def test_every_address_is_of_a_known_kind():
    assert set(ADDRESS) == POSTS | ASKS | SHOWS


@pytest.mark.django_db
@pytest.mark.parametrize("name", ADDRESS)
def test_a_stranger_is_sent_to_the_log_in(name, client):
    response = getattr(client, method_of(name))(ADDRESS[name])

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ADDRESS)
def test_somebody_who_is_not_staff_is_sent_to_the_log_in(name, client):
    client.force_login(make_staff(is_staff=False), backend="django.contrib.auth.backends.ModelBackend")

    response = getattr(client, method_of(name))(ADDRESS[name])

    assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize("name", ADDRESS)
def test_a_fragment_for_an_expired_session_sends_the_whole_page_to_the_log_in(name, htmx, staff):
    User.objects.filter(pk=staff.pk).update(is_active=False)

    response = getattr(htmx, method_of(name))(ADDRESS[name])

    assert response["HX-Redirect"] == "/admin/login/?next=%2Fadmin%2Fprint-queue%2F"
    assert response.content == b""


@pytest.mark.parametrize("name", OF_A_ROW)
@pytest.mark.parametrize("pk", ["99999999", "9" * 30])
def test_a_row_that_is_not_there_is_not_found(name, pk, browser):
    data = {"job": "1", "reason": "because"}
    address = ADDRESS[name].replace("/1/", f"/{pk}/")

    assert getattr(browser, method_of(name))(address, data).status_code == 404


@pytest.mark.parametrize("name", ADDRESS)
def test_a_wrong_method_is_refused(name, browser):
    wrong = {**dict.fromkeys(POSTS, ["get", "put"]), **dict.fromkeys(ASKS, ["put"]), **dict.fromkeys(SHOWS, ["post"])}

    assert {getattr(browser, method)(ADDRESS[name]).status_code for method in wrong[name]} == {405}


@pytest.mark.parametrize("name", sorted(POSTS | ASKS))
def test_a_post_without_its_token_is_refused(name, staff):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")

    response = strict.post(ADDRESS[name])

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


@pytest.mark.parametrize("name", sorted(OF_MANAGERS))
def test_what_only_managers_may_do_is_refused_to_others(name, browser):
    assert browser.get(ADDRESS[name]).status_code == 403


@pytest.mark.parametrize("name", sorted(SHOWS - OF_ONE - OF_MANAGERS))
def test_no_browser_keeps_a_page_or_takes_it_for_a_fragment(name, browser):
    response = browser.get(ADDRESS[name])

    assert "no-store" in response["Cache-Control"]
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("name", sorted(SHOWS - OF_ONE - OF_MANAGERS | {"new", "new-target", "new-rule"}))
def test_a_page_holds_no_inline_script_and_no_inline_style(name, browser):
    html = browser.get(ADDRESS[name]).content.decode()

    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
