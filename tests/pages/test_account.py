"""Log-in, log-out and password."""

import pytest
from django.test import Client

from printqueue.views.pages.account import LOG_INS
from tests.factories import make_staff
from tests.pages.conftest import LIST, text_of

LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def nobody_tried_before():
    LOG_INS.clear()
    yield
    LOG_INS.clear()


def test_staff_come_in_and_go_where_they_wanted(client, staff):
    fields = {"username": staff.username, "password": "tidy-workshop", "next": f"{LIST}new/"}

    assert client.post(LOGIN, fields)["Location"] == f"{LIST}new/"


def test_without_a_wish_they_come_to_the_list(client, staff):
    response = client.post(LOGIN, {"username": staff.username, "password": "tidy-workshop"})

    assert response["Location"] == LIST


@pytest.mark.django_db
def test_a_wrong_password_is_said_in_the_page(client):
    response = client.post(LOGIN, {"username": "nobody", "password": "wrong"})

    assert response.status_code == 200
    assert 'role="alert"' in text_of(response)


@pytest.mark.django_db
def test_who_is_no_staff_does_not_come_in(client):
    outsider = make_staff(is_staff=False)

    response = client.post(LOGIN, {"username": outsider.username, "password": "tidy-workshop"})

    assert response.status_code == 200
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_too_many_wrong_passwords_close_the_door_for_a_while(client, settings):
    settings.AXES_FAILURE_LIMIT = 2

    for _ in range(3):
        response = client.post(LOGIN, {"username": "nobody", "password": "wrong"})

    assert response.status_code == 429
    assert "Too many failed log-ins" in text_of(response)


def guess(client, number: int, **headers: str) -> int:
    """The status of a log-in under a name that nobody tried before."""
    return int(client.post(LOGIN, {"username": f"name {number}", "password": "wrong"}, headers=headers).status_code)


@pytest.mark.django_db
def test_ever_new_names_close_the_door_too(client):
    assert [guess(client, number) for number in range(12)] == [200] * 10 + [429] * 2


def test_whoever_tries_too_often_is_not_even_checked(client, staff):
    """To check a password is what takes so long."""
    for number in range(10):
        guess(client, number)

    response = client.post(LOGIN, {"username": staff.username, "password": "tidy-workshop"})

    assert (response.status_code, response["Retry-After"]) == (429, "6")
    assert "Wait a minute and try again." in text_of(response)


def test_a_whole_shop_may_come_in_from_one_address(staff):
    fields = {"username": staff.username, "password": "tidy-workshop"}

    assert {Client().post(LOGIN, fields).status_code for _ in range(15)} == {302}


@pytest.mark.django_db
def test_a_forged_address_opens_no_other_door(client):
    answers = [guess(client, number, **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(11)]

    assert answers[-1] == 429


@pytest.mark.django_db
def test_behind_a_trusted_proxy_each_address_has_its_own_door(client, settings):
    settings.TRUSTED_PROXIES = 1
    answers = [guess(client, number, **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(15)]

    assert answers == [200] * 15


def test_logging_out_leads_to_the_log_in(browser):
    assert browser.post("/admin/logout/")["Location"] == LOGIN
    assert browser.get(LIST).status_code == 302


def test_a_link_does_not_log_anybody_out(browser):
    assert browser.get("/admin/logout/").status_code == 405
    assert browser.get(LIST).status_code == 200


def test_a_new_password_counts_from_now_on(browser, staff):
    new = "clean-plates-11"
    fields = {"old_password": "tidy-workshop", "new_password1": new, "new_password2": new}

    response = browser.post("/admin/password_change/", fields, follow=True)

    staff.refresh_from_db()
    assert staff.check_password(new)
    assert "Your password is changed." in text_of(response)


def test_a_wrong_present_password_is_said_beside_its_field(browser):
    fields = {"old_password": "wrong", "new_password1": "clean-plates-11", "new_password2": "clean-plates-11"}

    assert 'id="old_password-error"' in text_of(browser.post("/admin/password_change/", fields))


def test_another_log_in_is_another_shared_connection(staff):
    names = set()
    for _ in range(2):
        browser = Client()
        browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
        html = text_of(browser.get(LIST))
        names.add(html.split('data-live-session="')[1][:16])
        assert str(browser.session.session_key) not in html

    assert len(names) == 2


def test_who_is_in_already_is_passed_on(browser):
    assert browser.get(LOGIN, {"next": f"{LIST}new/"})["Location"] == f"{LIST}new/"
