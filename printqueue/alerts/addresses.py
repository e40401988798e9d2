"""Which addresses are those of this machine or of a private network. Pure, and without Django: the sender asks too."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress


def is_private_host(host: str) -> bool:
    """Whether a host is, by its name alone, this machine or one of a private network."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    with suppress(ValueError):
        return is_private_address(host)
    with suppress(OSError):
        # Also 127.1 and 0x7f000001, which name an address all the same.
        return is_private_address(socket.inet_ntoa(socket.inet_aton(host)))
    return False


def is_private_address(address: str) -> bool:
    """Whether an IP address is not one of the public internet. Raises ValueError for what is no address."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv4 address in another dress.
        found = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1] or found
    return not found.is_global or found.is_multicast or found.is_reserved
