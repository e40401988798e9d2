"""API keys: what a program beside the printers, or an integration, shows to be let in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from printqueue.protocol import Scope

if TYPE_CHECKING:
    from printqueue.models.printer import Printer

KEY_MARK: Final = "pf"


def _check_scopes(scopes: object) -> None:
    known = {scope.value for scope in Scope}
    if not isinstance(scopes, list) or not scopes or not set(scopes) <= known:
        raise ValidationError(f"Give a list of one or more of: {', '.join(sorted(known))}.")


class PrinterKeyQuerySet(models.QuerySet["PrinterKey"]):
    """Keys, found by the part of them that is no secret."""

    def usable(self, now: datetime) -> Self:
        """Return the keys that are neither revoked nor expired at `now`."""
        return self.filter(revoked_at=None).filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))

    def matching(self, token: str, now: datetime) -> PrinterKey | None:
        """Return the usable key whose whole text is `token`, or None."""
        mark, _, rest = token.partition("_")
        prefix, _, secret = rest.partition("_")
        if mark != KEY_MARK or not prefix or not secret:
            return None
        key = self.usable(now).filter(prefix=prefix).first()
        if key is None or not hmac.compare_digest(key.secret_hash, hash_secret(secret)):
            return None
        return key


class PrinterKey(models.Model):
    """A key `pf_<prefix>_<secret>`; only the prefix and a hash of the secret are kept."""

    name = models.CharField(max_length=100, help_text=_("Who or what uses it, such as “Raspberry Pi, back room”."))
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(validators=[_check_scopes])
    all_printers = models.BooleanField(default=False, help_text=_("Also printers that are not known yet."))
    printers: models.ManyToManyField[Printer, models.Model] = models.ManyToManyField(
        "Printer", blank=True, related_name="keys"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, null=True, blank=True, editable=False, on_delete=models.SET_NULL)

    objects = PrinterKeyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({KEY_MARK}_{self.prefix}_…)"

    @classmethod
    def issue(
        cls,
        name: str,
        scopes: Iterable[Scope],
        *,
        all_printers: bool = False,
        expires_at: datetime | None = None,
        created_by: User | None = None,
    ) -> tuple[Self, str]:
        """Make a key and return it with its whole text, which nobody can read again later."""
        key = cls(
            name=name,
            scopes=sorted({scope.value for scope in scopes}),
            all_printers=all_printers,
            expires_at=expires_at,
            created_by=created_by,
        )
        token = key.new_secret()
        key.full_clean(exclude=["prefix", "secret_hash"])
        key.save()
        return key, token

    def new_secret(self) -> str:
        """Give this unsaved key its prefix and secret; return the whole text."""
        self.prefix = secrets.token_hex(4)
        secret = secrets.token_urlsafe(32)
        self.secret_hash = hash_secret(secret)
        return f"{KEY_MARK}_{self.prefix}_{secret}"

    def is_usable(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired at `now`, as far as this object knows."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def allows(self, scope: Scope) -> bool:
        """Whether the key may be used for `scope`."""
        return scope.value in self.scopes

    def revoke(self, now: datetime) -> None:
        """Make the key useless from `now` on; revoking twice keeps the first time."""
        if self.revoked_at is None:
            self.revoked_at = now
            self.save(update_fields=["revoked_at"])


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a key's secret: it has 256 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
