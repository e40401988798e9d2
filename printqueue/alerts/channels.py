"""Where an alert may go: which URLs are taken, and which addresses may be connected to.

An address is looked at twice. When a URL is entered, whatever in it names this machine or a private network is refused.
What a name resolves to is known only when a connection is made: there `printqueue.alerts.sender` asks again, of the very
address that it connects to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from printqueue.alerts.addresses import is_private_host

LABELS: Final[Mapping[str, str]] = {
    "mailto": "E-mail",
    "ntfy": "ntfy",
    "slack": "Slack",
    "tgram": "Telegram",
    "twilio": "SMS (Twilio)",
    "discord": "Discord",
    "json": "Webhook (JSON)",
}
"""What the schemes that are allowed from the beginning are called; those with TLS have an "s" behind them."""

HOSTLESS: Final = frozenset({"slack", "tgram", "twilio", "discord"})
"""Services with one address: what stands in the place of a host is a name or a number of theirs."""

MAX_URL: Final = 1_000

READS_FILES: Final = frozenset(
    {"attach", "template", "pgp", "pgppub", "pgpprv", "wkd", "smime", "smimecert", "smimekey"}
)
"""Parameters by which some services of Apprise read a file of this machine, or fetch one for the message."""

_HIDDEN: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")


class Refused(Exception):
    """A URL, or an address, that no alert may go to. The text says why, without repeating the URL."""


@dataclass(frozen=True)
class Route:
    """Where to send: a URL for Apprise, and whether this machine and private networks may be connected to."""

    url: str
    may_be_private: bool


def checked(text: str) -> tuple[str, str]:
    """Return the scheme of the Apprise URL, or e-mail address, that somebody entered, and what is to be sealed.

    Raises Refused.
    """
    text = text.strip()
    if not text:
        raise Refused("Enter a URL.")
    if len(text) > MAX_URL or _HIDDEN.search(text):
        raise Refused(f"Expected one URL without blanks, of at most {MAX_URL} characters.")
    if "://" not in text:
        return "mailto", _checked_address(text)
    scheme = text.partition("://")[0].lower()
    if scheme not in settings.ALERT_SCHEMES:
        raise Refused(
            f"Expected a URL that begins with one of: {', '.join(f'{one}://' for one in settings.ALERT_SCHEMES)}"
        )
    if READS_FILES & {name.lower().lstrip("+-:") for name, _ in _parameters(text)}:
        raise Refused("Parameters that name a file are not taken.")
    if not settings.ALERT_PRIVATE_TARGETS:
        for host in _hosts(text):
            if is_private_host(host):
                raise Refused("This machine and private networks are not allowed as targets (ALERT_PRIVATE_TARGETS).")
    return scheme, text


def route(unsealed: str) -> Route:
    """Return where a target whose URL was unsealed is sent to. Raises Refused when that is allowed no more."""
    _, url = checked(unsealed)
    if "://" in url:
        return Route(url, settings.ALERT_PRIVATE_TARGETS)
    # Who runs this server chose that mail server, wherever it is.
    return Route(_mail_url(settings.EMAIL_URL, url), may_be_private=True)


def label(scheme: str) -> str:
    """Return what a scheme is called on pages."""
    return LABELS.get(scheme) or LABELS.get(scheme.removesuffix("s")) or scheme


def _checked_address(text: str) -> str:
    if not settings.EMAIL_URL:
        raise Refused("Expected a URL such as mailtos://…, ntfys://… or jsons://…")
    if not {"mailto", "mailtos"} & {*settings.ALERT_SCHEMES}:
        raise Refused("E-mail is not allowed here (ALERT_SCHEMES).")
    try:
        validate_email(text)
    except ValidationError as problem:
        raise Refused("Expected a URL, or an e-mail address.") from problem
    return text


def _mail_url(email_url: str, address: str) -> str:
    """Return the Apprise URL by which mail to `address` goes through the server that EMAIL_URL names."""
    parts = urlsplit(email_url)
    secure = {"smtp": "insecure", "smtp+tls": "starttls", "smtp+ssl": "ssl"}[parts.scheme]
    login = ""
    if parts.password:
        login = f"{quote(unquote(parts.username or ''), safe='')}:{quote(unquote(parts.password), safe='')}@"
    host = parts.hostname or ""
    sender = dict(parse_qsl(parts.query)).get("from") or unquote(parts.username or "")
    port = f":{parts.port}" if parts.port else ""
    scheme = "mailto" if secure == "insecure" else "mailtos"
    query = f"smtp={quote(host)}&from={quote(sender)}&to={quote(address)}&mode={secure}"
    return f"{scheme}://{login}{host}{port}/?{query}"


def _parameters(url: str) -> list[tuple[str, str]]:
    return parse_qsl(url.partition("?")[2], keep_blank_values=True)


def _hosts(url: str) -> Iterator[str]:
    """Yield all that may be a host in an Apprise URL: what stands for one, and what its parameters name."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in HOSTLESS:
        host = unquote(re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2])
        yield host
        yield re.sub(r":\d*$", "", host)
    yield from (value for name, value in _parameters(url) if name.lower() in {"smtp", "host", "proxy"})
