"""Rules between settings, as Django system checks."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register


@register(Tags.security)
def event_storage_is_ours(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """printfactory.E001: django-eventstream's own storage and bus lose and repeat events."""
    if "django_eventstream" in settings.INSTALLED_APPS or hasattr(settings, "EVENTSTREAM_REDIS"):
        return [
            Error(
                "django_eventstream must be neither an installed app nor have EVENTSTREAM_REDIS.",
                hint="printqueue.live is its storage and its bus.",
                id="printfactory.E001",
            )
        ]
    return []


@register(Tags.security)
def responses_stream_uncompressed(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """printfactory.E002: GZipMiddleware makes browsers wait for ever after the first event."""
    if "django.middleware.gzip.GZipMiddleware" in settings.MIDDLEWARE:
        hint = "printqueue.compression compresses what may be compressed."
        return [Error("GZipMiddleware breaks event streams.", hint=hint, id="printfactory.E002")]
    return []


@register(Tags.security)
def https_needs_a_proxy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """printfactory.I001: without a trusted proxy nothing tells us that the browser used https."""
    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        return [
            Info(
                "PUBLIC_URL is https, but TRUSTED_PROXIES is 0: pages will redirect to https for ever.",
                hint="Set TRUSTED_PROXIES to the number of proxies that end TLS before this server, usually 1.",
                id="printfactory.I001",
            )
        ]
    return []
