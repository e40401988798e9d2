"""The alerts of the shop: GET /admin/print-queue/alerts/shop/."""

from tests.factories import make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def test_a_manager_sees_where_the_shop_is_told(manager):
    make_rule(make_target(None, name="Workshop"))

    html = text_of(manager.get(f"{ALERTS}shop/"))

    assert "Where the shop is told" in html
    assert "Workshop" in html


def test_it_begins_with_where(manager):
    html = text_of(manager.get(f"{ALERTS}shop/"))

    assert "1. Add where the shop wants to be told" in html
    assert f'action="{ALERTS}shop/targets/new/"' in html


def test_the_managers_own_places_are_not_there(browser, staff, django_user_model):
    django_user_model.objects.update(is_superuser=True)
    make_target(staff, name="Mine alone")

    assert "Mine alone" not in text_of(browser.get(f"{ALERTS}shop/"))


def test_others_may_not_see_it(browser):
    response = browser.get(f"{ALERTS}shop/")

    assert response.status_code == 403
    assert "You may not see this" in text_of(response)
