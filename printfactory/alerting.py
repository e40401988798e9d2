"""What settings say about the channels of alerts, checked."""

import re
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = [
    *("mailto", "mailtos", "ntfy", "ntfys", "slack", "tgram", "twilio", "discord", "json", "jsons"),
]
MAIL = ("smtp", "smtp+tls", "smtp+ssl")


def alert_schemes(words: list[str]) -> list[str]:
    """The schemes of Apprise URLs that people may enter; `words` as the operator wrote them, none for the usual ones."""
    schemes = [word.lower().removesuffix("://") for word in words]
    wrong = next((scheme for scheme in schemes if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme)), None)
    if wrong is not None:
        raise ImproperlyConfigured(f"ALERT_SCHEMES has {wrong!r}, but must be schemes such as mailtos,ntfys,jsons.")
    return schemes or SCHEMES


def email_url(value: str) -> str:
    """The mail server for plain e-mail addresses, "" for none. The value, which may hold a password, is not repeated."""
    if not value:
        return ""
    parts = urlsplit(value)
    try:
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    sender = dict(parse_qsl(parts.query)).get("from") or parts.username or ""
    if parts.scheme not in MAIL or not has_host or "@" not in sender.replace("%40", "@"):
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, smtp+tls:// or smtp+ssl:// with user, password, host and port, "
            "and ?from=address unless the user is one."
        )
    return value
