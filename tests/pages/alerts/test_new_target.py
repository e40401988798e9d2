"""GET, POST /admin/print-queue/alerts/targets/new/ and …/shop/targets/new/."""

import pytest
from apprise import Apprise

from printqueue.models import AlertRule, AlertTarget, FactKind
from tests.factories import make_rule, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import text_of

NEW = f"{ALERTS}targets/new/"
NTFY = {"channel": "ntfy", "topic": "prints", "server": "https://ntfy.sh", "name": "Phone"}
SID = "AC" + 32 * "0"
BOT = "1234567:" + 35 * "a"
SECRET = 24 * "c"
MAIL = {"email": "me@example.org", "server": "smtp.example.org:587", "security": "starttls"}

# What is filled in, and the Apprise URL that it makes.
MADE = [
    ("ntfy", {"topic": "a-b", "server": "https://ntfy.sh"}, "ntfys://ntfy.sh/a-b"),
    ("ntfy", {"topic": "a", "server": "http://ntfy.example:8080/"}, "ntfy://ntfy.example:8080/a"),
    ("ntfy", {"topic": "a", "server": "https://x.org", "token": "tk_abcdefghij"}, "ntfys://tk_abcdefghij@x.org/a"),
    (
        "slack",
        {"webhook": f"https://hooks.slack.com/services/T0ABCDEFG/B0ABCDEFG/{SECRET}"},
        f"slack://T0ABCDEFG/B0ABCDEFG/{SECRET}",
    ),
    (
        "discord",
        {"webhook": f"https://discord.com/api/webhooks/123456789012345678/t-k_{SECRET}"},
        f"discord://123456789012345678/t-k_{SECRET}",
    ),
    ("telegram", {"bot_token": BOT, "chat": "-1001"}, f"tgram://{BOT}/-1001"),
    ("telegram", {"bot_token": BOT, "chat": "@prints"}, f"tgram://{BOT}/@prints"),
    (
        "sms",
        {"to": "+49 170 1234567", "sender": "+15551234567", "account": SID, "token": 32 * "f"},
        f"twilio://{SID}:{32 * 'f'}@%2B15551234567/%2B491701234567",
    ),
    ("webhook", {"web_address": "https://example.org/hook?key=1&to=me"}, "jsons://example.org/hook?-key=1&-to=me"),
    ("webhook", {"web_address": "http://u:p@example.org:81"}, "json://u:p@example.org:81/"),
    ("other", {"apprise_url": "ntfys://me:secret@ntfy.example/topic"}, "ntfys://me:secret@ntfy.example/topic"),
    (
        "email",
        {**MAIL, "login": "me", "password": "p/w"},
        "mailtos://me:p%2Fw@smtp.example.org:587/"
        "?smtp=smtp.example.org&from=me%40example.org&to=me%40example.org&mode=starttls",
    ),
    (
        "email",
        {"email": "me@example.org", "server": "smtp.example.org", "security": "insecure"},
        "mailto://smtp.example.org/?smtp=smtp.example.org&from=me%40example.org&to=me%40example.org&mode=insecure",
    ),
]


def test_a_place_is_added_and_told_the_usual_from_then_on(browser, staff):
    response = browser.post(NEW, NTFY, follow=True)

    [target], [rule] = AlertTarget.objects.all(), AlertRule.objects.all()
    assert (target.owner, target.name, rule.owner, list(rule.targets.all())) == (staff, "Phone", staff, [target])
    assert {*FactKind} - {*rule.kinds} == {FactKind.CANCELLED}
    assert response.redirect_chain == [(ALERTS, 302)]
    assert "Phone is added. Send a test" in text_of(response)


def test_the_usual_rule_is_in_the_zone_of_its_viewer(browser):
    browser.cookies["timeZone"] = "Asia/Kolkata"

    browser.post(NEW, NTFY)

    assert AlertRule.objects.get().zone == "Asia/Kolkata"


def test_of_a_second_place_one_is_asked_what_is_told_there(browser, staff):
    make_rule(make_target(staff))

    response = browser.post(NEW, NTFY, follow=True)

    added = AlertTarget.objects.get(name="Phone")
    assert AlertRule.objects.count() == 1
    assert response.redirect_chain == [(f"{ALERTS}rules/new/?target={added.pk}", 302)]
    assert f'value="{added.pk}" id="id_targets_1" checked' in text_of(response)


@pytest.mark.parametrize(("channel", "said", "url"), MADE)
def test_an_address_is_made_of_plain_fields(channel, said, url, browser):
    response = browser.post(NEW, {"channel": channel, "name": "There", **said})

    assert response.status_code == 302, text_of(response)
    assert AlertTarget.objects.get().unseal() == url


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in Apprise itself
@pytest.mark.parametrize("url", [url for _channel, _said, url in MADE])
def test_apprise_understands_each_of_these_addresses(url):
    assert Apprise.instantiate(url) is not None


def test_with_a_mail_server_in_the_settings_an_e_mail_address_is_enough(browser, settings):
    settings.EMAIL_URL = "smtp+tls://shop%40example.org:secret@smtp.example.org:587"

    browser.post(NEW, {"channel": "email", "email": "me@example.org", "name": "Mail"})

    assert AlertTarget.objects.get().unseal() == "me@example.org"


@pytest.mark.parametrize(
    ("wrong", "field", "expected"),
    [
        ({"topic": "two words"}, "topic", "Give a topic of up to 64 letters"),
        ({"topic": ""}, "topic", "Give a topic of up to 64 letters"),
        ({"server": "ntfy.sh"}, "server", "such as https://ntfy.sh"),
        ({"server": "https://ntfy.sh/topic"}, "server", "the ntfy server alone"),
        ({"server": "https://ntfy.sh:x"}, "server", "such as https://ntfy.sh"),
        ({"server": "http://127.0.0.1:8080"}, "server", "private networks are not allowed"),
        ({"token": "secret"}, "token", "it begins with tk_"),
        ({"name": ""}, "name", "Give it a name."),
        ({"channel": "slack", "webhook": "https://example.org/T/B/c"}, "webhook", "https://hooks.slack.com/services/"),
        ({"channel": "discord", "webhook": "https://example.org/1/a"}, "webhook", "https://discord.com/api/webhooks/"),
        ({"channel": "telegram", "bot_token": "x", "chat": "1234"}, "bot_token", "@BotFather"),
        ({"channel": "telegram", "bot_token": BOT, "chat": "x"}, "chat", "the number of the chat"),
        ({"channel": "sms", "to": "0170 123"}, "to", "with its country"),
        ({"channel": "sms", "account": "AC1"}, "account", "Account SID of Twilio"),
        ({"channel": "email", "email": "me"}, "email", "valid email address"),
        ({"channel": "webhook", "web_address": "example.org"}, "web_address", "Give a whole address"),
        ({"channel": "webhook", "web_address": "https://[::1"}, "web_address", "Give a whole address"),
        (
            {"channel": "webhook", "web_address": "https://localhost/"},
            "web_address",
            "private networks are not allowed",
        ),
        ({"channel": "other", "apprise_url": "hello"}, "apprise_url", "Give an Apprise URL"),
        ({"channel": "other", "apprise_url": "syslog://localhost"}, "apprise_url", "begins with one of"),
    ],
)
def test_a_mistake_names_its_field_and_what_was_expected(wrong, field, expected, browser):
    response = browser.post(NEW, {**NTFY, **wrong})

    html = text_of(response)
    assert response.status_code == 422
    assert expected in html.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert not AlertTarget.objects.exists()


def test_a_private_target_is_taken_where_the_settings_allow_it(browser, settings):
    settings.ALERT_PRIVATE_TARGETS = True

    browser.post(NEW, {**NTFY, "server": "http://127.0.0.1:8080"})

    assert AlertTarget.objects.get().unseal() == "ntfy://127.0.0.1:8080/prints"


def test_a_manager_adds_a_place_of_the_shop(manager):
    response = manager.post(f"{ALERTS}shop/targets/new/", NTFY)

    assert response["Location"] == f"{ALERTS}shop/"
    assert (AlertTarget.objects.get().owner, AlertRule.objects.get().owner) == (None, None)


def test_nobody_else_adds_one_of_the_shop(browser):
    assert browser.post(f"{ALERTS}shop/targets/new/", NTFY).status_code == 403
    assert not AlertTarget.objects.exists()
