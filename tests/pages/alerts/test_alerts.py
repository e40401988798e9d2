"""My alerts: GET /admin/print-queue/alerts/."""

from datetime import time

import pytest

from printqueue.models import AlertTarget, FactKind
from tests.factories import make_alert, make_printer, make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of


def test_who_is_told_nowhere_yet_is_asked_where(browser):
    html = text_of(browser.get(ALERTS))

    assert "1. Add where you want to be told" in html
    assert f'action="{ALERTS}targets/new/"' in html
    assert 'value="https://ntfy.sh"' in html


def test_the_topic_offered_is_another_each_time(browser):
    assert len({text_of(browser.get(ALERTS)).split('value="prints-')[1][:10] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("channel", "field"),
    [("email", "E-mail address"), ("sms", "Account SID"), ("other", "Apprise URL"), ("x", "Topic")],
)
def test_each_channel_asks_for_what_it_needs(channel, field, browser):
    assert field in text_of(browser.get(ALERTS, {"channel": channel}))


def test_a_channel_that_the_settings_do_not_allow_is_not_offered(browser, settings):
    settings.ALERT_SCHEMES = ["mailto", "slack"]

    html = text_of(browser.get(ALERTS))

    assert "Slack" in html
    assert "Telegram" not in html


def test_it_shows_where_and_of_what_one_is_told(browser, staff):
    phone = make_target(staff, name="Phone")
    make_rule(phone, kinds=[FactKind.COMPLETED, FactKind.FAILED], quiet_from=time(22), quiet_to=time(7), zone="UTC")

    html = text_of(browser.get(ALERTS))

    assert "Completed, failed" in html
    assert "All printers · to Phone (ntfy) · quiet 22:00–07:00 (UTC)" in html


def test_a_rule_says_of_which_prints(browser, staff):
    phone = make_target(staff)
    make_rule(phone, printers=[make_printer("left", name="Left P1S")], own_jobs_only=True, longer_than_minutes=120)

    assert "On Left P1S · own jobs only · longer than 2 h · to My phone (ntfy)" in text_of(browser.get(ALERTS))


def test_stalls_are_one_word(browser, staff):
    make_rule(make_target(staff), kinds=[kind for kind in FactKind if kind != FactKind.CANCELLED])

    html = text_of(browser.get(ALERTS))

    assert "Completed, failed, ended unseen, paused, error, stalled, waiting for its job, going on again" in html


def test_a_rule_whose_only_place_is_off_tells_nobody(browser, staff):
    phone = make_target(staff)
    make_rule(phone)
    assert "Tells nobody" not in text_of(browser.get(ALERTS))

    phone.switch_off()

    assert "Tells nobody" in text_of(browser.get(ALERTS))


def test_a_place_that_no_rule_names_says_so(browser, staff):
    make_target(staff)

    assert "No rule tells anything here." in text_of(browser.get(ALERTS))


def test_a_place_says_when_it_was_told_last(browser, staff):
    phone = make_target(staff)
    make_rule(phone)
    make_alert(phone)

    assert "Told last <time" in text_of(browser.get(ALERTS))


def test_an_address_is_never_shown(browser, staff):
    make_rule(make_target(staff, url="ntfys://ntfy.sh/very-secret-topic"))

    assert "very-secret-topic" not in text_of(browser.get(ALERTS))


def test_a_place_whose_address_cannot_be_read_any_more_says_what_to_do(browser, staff):
    make_rule(make_target(staff))
    AlertTarget.objects.update(sealed_url="sealed with another key")

    assert "SECRET_KEY has changed" in text_of(browser.get(ALERTS))


def test_those_of_others_and_of_the_shop_are_not_there(browser, colleague):
    make_rule(make_target(colleague, name="Theirs"))
    make_rule(make_target(None, name="Everybody"))

    html = text_of(browser.get(ALERTS))

    assert "Theirs" not in html
    assert "Everybody" not in html


def test_only_a_manager_is_led_to_the_alerts_of_the_shop(browser, manager):
    link = f'href="{ALERTS}shop/"'

    assert link not in text_of(browser.get(ALERTS))
    assert link in text_of(manager.get(ALERTS))


def test_htmx_gets_it_without_the_frame_of_the_page(htmx, staff):
    make_target(staff)

    html = text_of(htmx.get(ALERTS))

    assert html.startswith('<div class="stack" id="alerts"')


def test_the_number_of_queries_does_not_grow_with_places_and_rules(browser, staff, django_assert_max_num_queries):
    counts = []
    for number in range(3):
        make_rule(make_target(staff, name=f"Phone {number}"), printers=[make_printer()])
        with django_assert_max_num_queries(12) as queries:
            browser.get(ALERTS)
        counts.append(len(queries))

    assert len(set(counts)) == 1
