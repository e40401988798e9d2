"""Keys let programs in, and tell nobody their secret."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from printqueue.models import PrinterKey
from printqueue.protocol import Scope
from tests.factories import NOW, make_key, make_printer

pytestmark = pytest.mark.django_db


def test_a_key_is_found_by_its_whole_text_alone() -> None:
    key, token = make_key()

    assert PrinterKey.objects.all().matching(token, NOW) == key
    for wrong in (token[:-1], token + "x", token.replace("pf_", "xx_"), "pf__", "", f"pf_{key.prefix}_guess"):
        assert PrinterKey.objects.all().matching(wrong, NOW) is None


def test_the_secret_is_not_kept() -> None:
    key, token = make_key()

    kept = " ".join(str(value) for value in PrinterKey.objects.filter(pk=key.pk).values().get().values())

    assert token.split("_", 2)[2] not in kept


def test_an_expired_or_revoked_key_is_useless() -> None:
    expiring, first = make_key(expires_at=NOW)
    revoked, second = make_key()
    revoked.revoke(NOW - timedelta(days=1))
    revoked.revoke(NOW)

    assert PrinterKey.objects.all().matching(first, NOW) is None
    assert PrinterKey.objects.all().matching(first, NOW - timedelta(seconds=1)) == expiring
    assert PrinterKey.objects.all().matching(second, NOW) is None
    assert revoked.revoked_at == NOW - timedelta(days=1)


def test_a_key_allows_what_its_scopes_name() -> None:
    key, _token = make_key(make_printer(), scopes=(Scope.JOBS_READ,))

    assert key.allows(Scope.JOBS_READ)
    assert not key.allows(Scope.JOBS_WRITE)


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValidationError, match="jobs:read"):
        PrinterKey(name="x", scopes=["everything"]).full_clean(exclude=["prefix", "secret_hash"])
