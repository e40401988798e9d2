"""Whom a request comes from, when proxies stand before us."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


def client_address(remote: str, forwarded_for: str, trusted: int) -> str:
    """The address that the outermost of `trusted` proxies saw.

    Each proxy appends whom it heard from, so the count is from the right: what stands further left was written by
    the client and proves nothing. `remote` is the address of our own socket's other end.
    """
    if trusted == 0:
        return remote
    hops = [*(hop.strip() for hop in forwarded_for.split(",") if hop.strip()), remote]
    return hops[max(0, len(hops) - 1 - trusted)]


class TrustedProxies:
    """Middleware that sets REMOTE_ADDR right; without trusted proxies the X-Forwarded headers vanish."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on with the address of the real client."""
        if settings.TRUSTED_PROXIES:
            request.META["REMOTE_ADDR"] = client_address(
                request.META.get("REMOTE_ADDR", ""),
                request.META.get("HTTP_X_FORWARDED_FOR", ""),
                settings.TRUSTED_PROXIES,
            )
        else:
            for header in FORWARDED_HEADERS:
                request.META.pop(header, None)
        return self.get_response(request)
