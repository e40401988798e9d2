"""Where alerts may go, and that nobody reads a target's URL again."""

import pytest
from django.core.exceptions import ValidationError

from printqueue.alerts import channels
from printqueue.alerts.addresses import is_private_address, is_private_host
from printqueue.alerts.channels import Refused, checked, route
from printqueue.models import AlertTarget

URLS = [
    "mailtos://me:secret@example.com?smtp=mail.example.com&to=you@example.com",
    "ntfys://prints",
    "ntfy://ntfy.example.com/prints",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#prints",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "twilio://AC735c307c62944b5a:e29dfbcebf390dee9@+15551234567/+15557654321",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "jsons://hooks.example.com/prints",
]


@pytest.mark.parametrize("url", URLS)
def test_the_usual_channels_are_taken(url):
    assert checked(f" {url} ") == (url.partition("://")[0], url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prints",
        "somebody@example.com",  # no mail server is set
        "syslog://",
        "dbus://",
        "https://example.com/",
        "json://example.com/ json://example.com/",
        "json://example.com/\nX: y",
        "jsons://" + "x" * 1000,
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?template=/etc/passwd",
        "ntfys://prints?attach=file:///etc/passwd",
        "mailtos://me:x@example.com?pgppub=/etc/passwd",
    ],
)
def test_what_is_no_channel_is_refused(text):
    with pytest.raises(Refused):
        checked(text)


PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "localhost", "LOCALHOST.", "queue.local", "10.0.0.1", "172.16.9.9",
    "192.168.1.1", "169.254.169.254", "0", "100.64.0.1", "[::1]", "[fe80::1%25eth0]", "[fd00::1]", "[::ffff:10.0.0.1]",
    "[2002:7f00:1::]", "224.0.0.1", "metadata.google.internal",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_this_machine_and_private_networks_are_private(host):
    assert is_private_host(host)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_target_is_refused_where_it_is_not_allowed(host):
    for url in (f"json://{host}/", f"json://{host}:8080", f"mailto://me:x@example.com?smtp={host.strip('[]')}"):
        with pytest.raises(Refused, match="private networks"):
            checked(url)


def test_a_private_target_is_taken_where_it_is_allowed(settings):
    settings.ALERT_PRIVATE_TARGETS = True

    assert checked("json://127.0.0.1:8080/")[0] == "json"
    assert route("json://127.0.0.1:8080/").may_be_private


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "[2606:4700::1111]", "prints", "local.example.com"])
def test_the_internet_is_not_private(host):
    assert not is_private_host(host)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_not_private(address):
    assert not is_private_address(address)


def test_a_refusal_does_not_repeat_the_url():
    with pytest.raises(Refused) as caught:
        checked("json://me:hunter2@127.0.0.1/")

    assert "hunter2" not in str(caught.value)


def test_an_address_is_enough_where_a_mail_server_is_set(settings):
    settings.EMAIL_URL = "smtp+tls://queue%40example.com:s%2Fcret@mail.example.com:587"

    assert checked("mia@example.com") == ("mailto", "mia@example.com")
    assert route("mia@example.com") == channels.Route(
        "mailtos://queue%40example.com:s%2Fcret@mail.example.com:587/"
        "?smtp=mail.example.com&from=queue%40example.com&to=mia%40example.com&mode=starttls",
        may_be_private=True,
    )


@pytest.mark.parametrize("address", ["mia@", "mia@example.com,you@example.com", "mia@example.com?cc=you@example.com"])
def test_what_is_no_address_is_refused_where_a_mail_server_is_set(settings, address):
    settings.EMAIL_URL = "smtp://queue%40example.com@mail.example.com"

    with pytest.raises(Refused):
        checked(address)


def test_a_scheme_that_is_allowed_no_more_is_not_sent_to(settings):
    settings.ALERT_SCHEMES = ["mailtos"]

    with pytest.raises(Refused, match="mailtos://"):
        route("ntfys://prints")


def test_a_sealed_url_is_legible_to_the_server_alone():
    target = AlertTarget(name="Hook")
    target.seal("jsons://me:hunter2@hooks.example.com/")

    assert "hunter2" not in target.sealed_url
    assert "hooks" not in f"{target} {target!r} {vars(target)}"
    assert target.unseal() == "jsons://me:hunter2@hooks.example.com/"
    assert (target.scheme, target.channel) == ("jsons", "Webhook (JSON)")


def test_a_refused_url_names_its_field():
    with pytest.raises(ValidationError) as caught:
        AlertTarget(name="Hook").seal("gopher://example.com")

    assert list(caught.value.message_dict) == ["url"]


def test_with_another_secret_key_a_target_is_not_legible_and_says_why(settings):
    target = AlertTarget(name="Hook")
    target.seal("jsons://hooks.example.com/")

    settings.SECRET_KEY = "another-one-of-sufficient-length-0123456789"

    assert not target.is_legible
    with pytest.raises(Exception, match="SECRET_KEY has changed"):
        target.unseal()


def test_a_removed_target_is_not_legible():
    assert not AlertTarget(name="Hook", sealed_url="").is_legible
