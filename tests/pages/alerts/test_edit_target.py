"""GET, POST /admin/print-queue/alerts/targets/{id}/edit/."""

import pytest

from printqueue.models import AlertTarget
from tests.factories import make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def edit(target):
    return f"{ALERTS}targets/{target.pk}/edit/"


def test_another_name_leaves_the_address_as_it_is(browser, staff):
    target = make_target(staff, url="ntfys://ntfy.sh/secret-topic")

    response = browser.post(edit(target), {"name": "Tablet"})

    target.refresh_from_db()
    assert response["Location"] == ALERTS
    assert (target.name, target.unseal()) == ("Tablet", "ntfys://ntfy.sh/secret-topic")


def test_another_address_takes_the_place_of_the_old_one(browser, staff):
    target = make_target(staff)

    browser.post(edit(target), {"name": "Phone", "topic": "other", "server": "https://ntfy.example"})

    target.refresh_from_db()
    assert target.unseal() == "ntfys://ntfy.example/other"


def test_the_form_shows_the_name_and_nothing_of_the_address(browser, staff):
    html = text_of(browser.get(edit(make_target(staff, name="Tablet", url="ntfys://ntfy.example/secret-topic"))))

    assert 'value="Tablet"' in html
    assert "secret-topic" not in html
    assert "ntfy.example" not in html


@pytest.mark.parametrize(
    ("url", "field"), [("mailtos://a:b@c.de", "Mail server"), ("slack://A/B/c", "Webhook address")]
)
def test_the_form_is_that_of_its_channel(url, field, browser, staff):
    assert field in text_of(browser.get(edit(make_target(staff, url=url))))


def test_half_an_address_is_refused(browser, staff):
    target = make_target(staff, url="ntfys://ntfy.sh/secret-topic")

    response = browser.post(edit(target), {"name": "Phone", "topic": "other"})

    target.refresh_from_db()
    assert response.status_code == 422
    assert "Fill in the whole address" in text_of(response).split('id="server-error"')[1].split("</p>")[0]
    assert (target.name, target.unseal()) == ("My phone", "ntfys://ntfy.sh/secret-topic")


def test_a_refused_address_changes_nothing(browser, staff):
    target = make_target(staff)

    browser.post(edit(target), {"name": "Other", "topic": "other", "server": "http://10.0.0.1"})

    assert AlertTarget.objects.get().name == "My phone"


def test_another_persons_place_is_not_found(browser, colleague):
    target = make_target(colleague)

    assert browser.get(edit(target)).status_code == 404
    assert browser.post(edit(target), {"name": "Mine"}).status_code == 404
    assert AlertTarget.objects.get().name == "My phone"


def test_not_even_a_manager_finds_it(manager, colleague):
    assert manager.get(edit(make_target(colleague))).status_code == 404


def test_the_shops_is_for_managers(browser, manager):
    target = make_target(None)

    assert browser.post(edit(target), {"name": "Hall"}).status_code == 403
    assert manager.post(edit(target), {"name": "Hall"})["Location"] == f"{ALERTS}shop/"
    assert AlertTarget.objects.get().name == "Hall"
