"""The channels by which somebody is told: of each the few plain fields that its Apprise URL is made of."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from printqueue.views.pages.forms import OneLine, dress

MAX_ADDRESS: Final = 1000
MAX_NAME: Final = 80


class Pattern(OneLine):
    """A line of a certain form; anything else is refused with `expected`, which says what that form is."""

    def __init__(self, *, pattern: str, expected: str, **arguments: Any) -> None:
        super().__init__(max_length=MAX_ADDRESS, error_messages={"required": expected}, **arguments)
        self.pattern, self.expected = re.compile(pattern), expected
        # These are no words: a telephone must neither mend nor remember them.
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not self.pattern.fullmatch(value):
            raise ValidationError(self.expected)


class WebAddress(Pattern):
    """An address that begins with http:// or https://; `parts` takes it apart."""

    def __init__(self, *, expected: str, pattern: str = r"(?i:https?)://\S+", **arguments: Any) -> None:
        super().__init__(pattern=pattern, expected=expected, **arguments)
        self.widget.attrs["inputmode"] = "url"

    def validate(self, value: str) -> None:
        super().validate(value)
        try:
            is_whole = not value or (bool(urlsplit(value).hostname) and urlsplit(value).port != 0)
        except ValueError:  # a port, or the brackets of an IPv6 address
            is_whole = False
        if not is_whole:
            raise ValidationError(self.expected)


class ChannelForm(forms.Form):
    """A place where somebody is told, by one channel; for one that exists already only what is to change."""

    label: ClassVar[str]
    """What people call the channel."""
    schemes: ClassVar[tuple[str, ...]]
    """With which the URLs that it makes may begin."""
    called: ClassVar[str]
    """A name for the first of its kind."""
    advice: ClassVar[str] = ""
    blamed: ClassVar[str]
    """The field that is wrong when the whole address is refused."""

    name = OneLine(
        max_length=MAX_NAME,
        help_text="What you call it. Rules and the log show this name.",
        error_messages={"required": "Give it a name."},
    )

    def __init__(self, data: Any = None, *, stored_name: str | None = None) -> None:
        super().__init__(data, initial=self.first_values() if stored_name is None else {"name": stored_name})
        self.is_change = stored_name is not None
        if not self.is_change:
            self.order_fields(self.parts)  # the name, which can stay as it is, comes last
        self.needed = [name for name in self.parts if self.fields[name].required]
        if self.is_change:
            for name in self.parts:
                self.fields[name].required = False
                self.fields[name].help_text = ""

    @classmethod
    def key(cls) -> str:
        """Return the word that addresses and forms have for the channel."""
        return cls.__name__.lower()

    @classmethod
    def first_values(cls) -> dict[str, str]:
        """Return what stands in the fields of a new one."""
        return {"name": cls.called}

    @property
    def parts(self) -> list[str]:
        """The fields that the address is made of."""
        return [name for name in self.fields if name != "name"]

    def clean(self) -> None:
        """Ask for the rest of an address that is begun: what is stored of the old one is not shown, nor mixed in."""
        if self.is_change and any(self.cleaned_data.get(name) for name in self.parts):
            for name in self.needed:
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, "Fill in the whole address, or leave all of it empty to keep the stored one.")

    @property
    def url(self) -> str:
        """The Apprise URL of what was filled in; "" when the stored one stays."""
        said: dict[str, str] = {name: self.cleaned_data.get(name) or "" for name in self.parts}
        return self.address(said) if any(said.values()) else ""

    def address(self, said: Mapping[str, str]) -> str:
        """Return the Apprise URL of fields that are all right by themselves."""
        raise NotImplementedError

    def refuse(self, problem: ValidationError) -> None:
        """Show why the whole address was refused, at the field that is most likely wrong."""
        self.add_error(self.blamed, problem.messages)

    def shown_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields as `_fields.html` shows them."""
        dress(self)
        return [(field, "") for field in self]


class Ntfy(ChannelForm):
    label = "ntfy"
    schemes = ("ntfys", "ntfy")
    called = "My phone"
    advice = "A message on the phone within a second. Install the ntfy app there and subscribe to the same topic."
    blamed = "server"

    topic = Pattern(
        pattern=r"[A-Za-z0-9_-]{1,64}",
        expected="Give a topic of up to 64 letters, digits, - and _, such as prints-3f9a2c.",
        help_text="Whoever knows a topic can read along, so this one is hard to guess. Put in your own if you have one.",
    )
    server = WebAddress(
        pattern=r"(?i:https?)://[^/?#@\s]+/?",
        expected="Give the address of the ntfy server alone, such as https://ntfy.sh.",
    )
    token = Pattern(
        label="Access token",
        required=False,
        pattern=r"tk_[A-Za-z0-9]{10,80}",
        expected="Give the token as the ntfy server shows it: it begins with tk_.",
        help_text="Only for a topic that is protected.",
    )

    @classmethod
    def first_values(cls) -> dict[str, str]:
        return super().first_values() | {"topic": f"prints-{secrets.token_hex(5)}", "server": "https://ntfy.sh"}

    def address(self, said: Mapping[str, str]) -> str:
        server = urlsplit(said["server"])
        token = f"{quote(said['token'], safe='')}@" if said["token"] else ""
        return f"{'ntfys' if server.scheme == 'https' else 'ntfy'}://{token}{server.netloc}/{said['topic']}"


class Email(ChannelForm):
    """An e-mail address; where the settings name no mail server, one of its owner's too."""

    label = "E-mail"
    schemes = ("mailtos", "mailto")
    called = "My e-mail"
    blamed = "email"

    SECURITY: ClassVar = (
        ("starttls", "STARTTLS (port 587)"),
        ("ssl", "TLS (port 465)"),
        ("insecure", "None (port 25)"),
    )

    email = forms.EmailField(
        label="E-mail address", max_length=254, error_messages={"required": "Give an e-mail address."}
    )
    server = Pattern(
        label="Mail server",
        pattern=r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?",
        expected="Give the name of the mail server that sends it, such as smtp.example.org.",
        help_text="From which it is sent. It is the one that a mail program asks for.",
    )
    security = forms.ChoiceField(choices=SECURITY)
    login = OneLine(max_length=254, required=False, help_text="If the server asks for it. Often the e-mail address.")
    password = OneLine(
        max_length=254,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )

    def __init__(self, data: Any = None, *, stored_name: str | None = None) -> None:
        super().__init__(data, stored_name=stored_name)
        if settings.EMAIL_URL:
            for name in ("server", "security", "login", "password"):
                del self.fields[name]
            self.needed = ["email"]

    def address(self, said: Mapping[str, str]) -> str:
        if settings.EMAIL_URL:
            return said["email"]
        who = f"{quote(said['login'], safe='')}:{quote(said['password'], safe='')}@" if said["login"] else ""
        sender = said["login"] if "@" in said["login"] else said["email"]
        host = said["server"].rpartition(":")[0] if ":" in said["server"] else said["server"]
        options = {"smtp": host, "from": sender, "to": said["email"], "mode": said["security"]}
        scheme = "mailto" if said["security"] == "insecure" else "mailtos"
        return f"{scheme}://{who}{said['server']}/?{urlencode(options)}"


class Slack(ChannelForm):
    label = "Slack"
    schemes = ("slack",)
    called = "Slack"
    advice = "Add an “incoming webhook” to the channel in Slack and copy its address."
    blamed = "webhook"

    webhook = WebAddress(
        label="Webhook address",
        pattern=r"https://hooks\.slack\.com/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]+/?",
        expected="Give the whole address of the webhook: https://hooks.slack.com/services/T…/B…/….",
    )

    def address(self, said: Mapping[str, str]) -> str:
        return "slack://" + urlsplit(said["webhook"]).path.removeprefix("/services/").rstrip("/")


class Discord(ChannelForm):
    label = "Discord"
    schemes = ("discord",)
    called = "Discord"
    advice = "In the settings of the channel, under Integrations, make a webhook and copy its address."
    blamed = "webhook"

    webhook = WebAddress(
        label="Webhook address",
        pattern=r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/[A-Za-z0-9_-]+/?",
        expected="Give the whole address of the webhook: https://discord.com/api/webhooks/….",
    )

    def address(self, said: Mapping[str, str]) -> str:
        return "discord://" + urlsplit(said["webhook"]).path.partition("/webhooks/")[2].rstrip("/")


class Telegram(ChannelForm):
    label = "Telegram"
    schemes = ("tgram",)
    called = "Telegram"
    advice = "Make a bot with @BotFather, write a word to it, and take the number of the chat from @userinfobot."
    blamed = "bot_token"

    bot_token = Pattern(
        label="Bot token",
        pattern=r"\d{6,}:[A-Za-z0-9_-]{30,}",
        expected="Give the token as @BotFather shows it: a number, a colon and letters.",
    )
    chat = Pattern(
        pattern=r"-?\d{3,20}|@[A-Za-z][A-Za-z0-9_]{3,31}",
        expected="Give the number of the chat, such as 123456789 (a group's begins with -), or @ and the channel's name.",
    )

    def address(self, said: Mapping[str, str]) -> str:
        return f"tgram://{said['bot_token']}/{said['chat']}"


class Sms(ChannelForm):
    label = "SMS"
    schemes = ("twilio",)
    called = "My phone, SMS"
    advice = "Through an account at Twilio, which costs a few cents a message."
    blamed = "account"

    NUMBER: ClassVar = r"\+[1-9][0-9 ]{6,20}"
    EXPECTED: ClassVar = "Give the number with its country, such as +49 170 1234567."

    to = Pattern(label="Your number", pattern=NUMBER, expected=EXPECTED)
    sender = Pattern(label="Number at Twilio", pattern=NUMBER, expected=EXPECTED, help_text="From which it is sent.")
    account = Pattern(
        label="Account SID",
        pattern="AC[0-9a-fA-F]{32}",
        expected="Give the Account SID of Twilio: AC and 32 letters and digits.",
    )
    token = Pattern(
        label="Auth token", pattern="[0-9a-fA-F]{32}", expected="Give the Auth Token of Twilio: 32 letters and digits."
    )

    def address(self, said: Mapping[str, str]) -> str:
        sender, to = (quote(said[name].replace(" ", ""), safe="") for name in ("sender", "to"))
        return f"twilio://{said['account']}:{said['token']}@{sender}/{to}"


class Webhook(ChannelForm):
    label = "Webhook"
    schemes = ("jsons", "json")
    called = "Webhook"
    advice = "Each message is posted there as JSON."
    blamed = "web_address"

    web_address = WebAddress(
        label="Address",
        expected="Give a whole address, such as https://example.org/hook.",
        help_text="It may hold a key.",
    )

    def address(self, said: Mapping[str, str]) -> str:
        parts = urlsplit(said["web_address"])
        return f"{'jsons' if parts.scheme == 'https' else 'json'}://{parts.netloc}{parts.path or '/'}{_query(parts)}"


def _query(parts: SplitResult) -> str:
    """Return the query of a webhook as Apprise hands it on: it takes names without this mark for options of its own."""
    said = [(f"-{name}", value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    return f"?{urlencode(said)}" if said else ""


class Other(ChannelForm):
    label = "Other"
    schemes = ()
    called = "Other"
    blamed = "apprise_url"

    apprise_url = Pattern(
        label="Apprise URL",
        pattern=r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
        expected="Give an Apprise URL: a word, :// and what follows, such as ntfys://ntfy.example/topic.",
    )

    def address(self, said: Mapping[str, str]) -> str:
        return said["apprise_url"]


CHANNELS: Final[tuple[type[ChannelForm], ...]] = (Ntfy, Email, Slack, Telegram, Sms, Discord, Webhook, Other)


def channels() -> list[type[ChannelForm]]:
    """Return the channels that the settings allow, the easiest first."""
    allowed = set(getattr(settings, "ALERT_SCHEMES", ["ntfy", "mailto", "slack", "tgram", "twilio", "discord", "json"]))
    return [channel for channel in CHANNELS if channel is Other or allowed & set(channel.schemes)]


def chosen_channel(key: str) -> type[ChannelForm]:
    """Return the channel that an address or a form names; the first if it names none of them."""
    return next((channel for channel in channels() if channel.key() == key), channels()[0])


def channel_of(scheme: str) -> type[ChannelForm]:
    """Return by which channel a target is told, from the scheme of its address."""
    return next((channel for channel in CHANNELS if scheme in channel.schemes), Other)
