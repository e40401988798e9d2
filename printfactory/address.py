"""Where the server listens and under which name browsers find it."""

import ipaddress
import zoneinfo
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured


class PublicUrl(NamedTuple):
    """The checked parts of PUBLIC_URL."""

    origin: str
    host: str
    is_https: bool


def bracketed(host: str) -> str:
    """`host` as it stands in a URL and in a Host header: IPv6 addresses in brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def public_url(value: str) -> PublicUrl:
    """Take PUBLIC_URL apart; raise when it is anything but scheme, host and port."""
    try:
        parts = urlsplit(value)
        is_sound = parts.port != 0 and _is_origin(parts)
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ImproperlyConfigured(
            f"PUBLIC_URL is {value!r}, but must be http:// or https://, a host and if need be a port, without a path."
        )
    return PublicUrl(f"{parts.scheme}://{parts.netloc}", bracketed(parts.hostname or ""), parts.scheme == "https")


def _is_origin(parts: SplitResult) -> bool:
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not has_more


def time_zone(value: str) -> str:
    """`value` when the system knows such a zone; raise otherwise."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"TIME_ZONE is {value!r}, but must be a zone name like UTC or Europe/Berlin."
        ) from error
    return value
