"""A key that was good a moment ago is not looked up again; whatever changes it here counts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from printqueue import known_keys
from printqueue.access import NotAllowed, NotLoggedIn, actor_of_key
from printqueue.known_keys import KEPT_FOR, KNOWN_KEYS, KnownKeys
from printqueue.models import PrinterKey
from printqueue.protocol import Scope
from tests.factories import NOW, make_key, make_printer, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Stands still until it is moved; seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    KNOWN_KEYS.forget()
    yield
    KNOWN_KEYS.forget()


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def is_let_in(token: str, now: datetime = NOW) -> bool:
    try:
        return bool(actor_of_key(token, now))
    except NotLoggedIn:
        return False


def test_a_key_shown_again_costs_no_query():
    _key, token = make_key(make_printer())
    actor_of_key(token, NOW)

    assert queries_of(lambda: actor_of_key(token, NOW)) == 0


def test_the_last_use_is_still_noted_once_a_minute():
    key, token = make_key()

    for seconds in (0, 30, 61, 90):
        actor_of_key(token, NOW + timedelta(seconds=seconds))

    key.refresh_from_db()
    assert key.last_used_at == NOW + timedelta(seconds=61)


def test_an_unknown_key_takes_no_room_and_is_good_as_soon_as_it_is_made():
    for number in range(20):
        assert not is_let_in(f"pf_0000000{number}_guess")
    _key, token = make_key()

    assert is_let_in(token)
    assert len(KNOWN_KEYS) == 1


def test_a_wrong_secret_is_refused_while_the_right_one_is_known():
    key, token = make_key()
    actor_of_key(token, NOW)

    assert not is_let_in(f"pf_{key.prefix}_guess")


def test_a_key_ends_at_the_moment_it_expires():
    _key, token = make_key(expires_at=NOW + timedelta(seconds=1))

    assert is_let_in(token)
    assert not is_let_in(token, NOW + timedelta(seconds=1))


def test_a_revoked_key_is_refused_at_once():
    key, token = make_key()
    actor_of_key(token, NOW)

    key.revoke(NOW)

    assert not is_let_in(token)


def test_a_printer_taken_from_a_key_is_refused_at_once():
    printer = make_printer()
    key, token = make_key(printer)
    actor_of_key(token, NOW).require_printer(printer.pk)

    key.printers.remove(printer)

    with pytest.raises(NotAllowed):
        actor_of_key(token, NOW).require_printer(printer.pk)


def test_the_scope_is_asked_of_each_request():
    _key, token = make_key(scopes=(Scope.JOBS_READ,))
    actor_of_key(token, NOW).require(Scope.JOBS_READ)

    with pytest.raises(NotAllowed):
        actor_of_key(token, NOW).require(Scope.JOBS_WRITE)


def test_a_key_changed_or_revoked_in_the_admin_counts_at_once():
    printer = make_printer()
    key, token = make_key(printer)
    browser = Browser()
    browser.force_login(make_staff(is_superuser=True))
    form = {"name": "other", "scopes": [Scope.JOBS_READ.value], "all_printers": "", "printers": []}
    actor_of_key(token, NOW)

    browser.post(reverse("admin:printqueue_printerkey_change", args=[key.pk]), form)

    assert actor_of_key(token, NOW).printer_ids == frozenset()
    browser.post(reverse("admin:printqueue_printerkey_changelist"), {"action": "revoke", "_selected_action": [key.pk]})
    assert not is_let_in(token, timezone.now())


def test_what_another_process_changed_is_seen_after_five_seconds():
    clock = Clock()
    known = KnownKeys(clock)
    key, token = make_key()
    known.find(token, NOW)
    PrinterKey.objects.filter(pk=key.pk).update(revoked_at=NOW)  # sends no signal here, as nothing there does

    clock.now += KEPT_FOR

    assert known.find(token, NOW) is None


def test_a_key_read_by_others_before_a_revocation_is_committed_is_forgotten_at_the_commit():
    key, token = make_key()
    actor_of_key(token, NOW)
    kept = dict(KNOWN_KEYS._kept)

    with transaction.atomic():
        key.revoke(NOW)
        KNOWN_KEYS._kept.update(kept)  # another thread, which still reads the key as it was

    assert not is_let_in(token)


def test_what_was_rolled_back_is_not_known():
    with transaction.atomic():
        _key, token = make_key()
        assert is_let_in(token)
        transaction.set_rollback(True)

    assert not is_let_in(token)


def test_a_key_that_changes_while_it_is_looked_up_is_not_kept(monkeypatch):
    known = KnownKeys()
    _key, token = make_key()
    read = known_keys.printer_ids_of

    def read_while_it_changes(key: PrinterKey) -> frozenset[int] | None:
        known.forget()
        return read(key)

    monkeypatch.setattr(known_keys, "printer_ids_of", read_while_it_changes)

    assert known.find(token, NOW) is not None

    assert len(known) == 0


def test_only_so_many_are_kept(monkeypatch):
    monkeypatch.setattr(known_keys, "MOST_KEPT", 3)
    known = KnownKeys()

    for _ in range(10):
        known.find(make_key()[1], NOW)

    assert len(known) <= 3
