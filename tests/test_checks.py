"""The system checks find what they are there for."""

from django.core.checks import Tags, run_checks
from pytest_django import Settings


def found() -> set[str]:
    """The ids of our checks that complain."""
    return {
        message.id
        for message in run_checks(tags=[Tags.security])
        if message.id and message.id.startswith("printfactory.")
    }


def test_the_settings_as_they_are_have_nothing_to_complain_of():
    assert found() == set()


def test_the_librarys_model_storage_is_found(settings: Settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_eventstream"]

    assert found() == {"printfactory.E001"}


def test_the_librarys_redis_bus_is_found(settings: Settings):
    settings.EVENTSTREAM_REDIS = {"host": "localhost"}

    assert found() == {"printfactory.E001"}


def test_compressed_streams_are_found(settings: Settings):
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]

    assert found() == {"printfactory.E002"}


def test_https_without_a_proxy_that_tells_of_it_is_found(settings: Settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.TRUSTED_PROXIES = 0

    assert found() == {"printfactory.I001"}
