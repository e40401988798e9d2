"""Who is let in, and what they see."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.test import RequestFactory

from printqueue.access import Actor, NotAllowed, NotLoggedIn, actor_of, job_for, jobs_for, printers_for
from printqueue.models import JobState, PrintQueue, Who
from printqueue.protocol import Scope
from tests.factories import NOW, make_job, make_key, make_printer, make_staff

pytestmark = pytest.mark.django_db


def request_by(user: User | AnonymousUser, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.user = user
    return request


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_a_key_in_either_header_lets_a_program_in(header: str) -> None:
    key, token = make_key()
    shown = f"Bearer {token}" if header == "Authorization" else token

    actor = actor_of(request_by(AnonymousUser(), **{header: shown}), NOW)

    assert actor.key == key
    key.refresh_from_db()
    assert key.last_used_at == NOW


def test_a_wrong_key_is_refused_even_beside_a_session() -> None:
    with pytest.raises(NotLoggedIn):
        actor_of(request_by(make_staff(), **{"X-Api-Key": "pf_00000000_wrong"}), NOW)


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}])
def test_only_active_staff_are_let_in(fields: dict[str, bool]) -> None:
    with pytest.raises(NotLoggedIn):
        actor_of(request_by(make_staff(**fields)), NOW)


def test_a_key_sees_its_printers_and_jobs_without_one() -> None:
    left, right = make_printer("left"), make_printer("right")
    mine, anyones, theirs = make_job(wanted_printer=left), make_job(), make_job(wanted_printer=right)
    actor = Actor(key=make_key(left)[0], printer_ids=frozenset({left.pk}))

    assert set(jobs_for(actor)) == {mine, anyones}
    assert list(printers_for(actor)) == [left]
    with pytest.raises(NotAllowed):
        job_for(actor, theirs.pk)


def test_a_key_without_printers_sees_none() -> None:
    make_printer("left")
    actor = Actor(key=make_key(make_printer())[0], printer_ids=frozenset())

    assert not printers_for(actor).exists()


def test_a_key_needs_the_scope_and_staff_do_not() -> None:
    reader = Actor(key=make_key(scopes=(Scope.JOBS_READ,))[0])

    with pytest.raises(NotAllowed, match="jobs:write"):
        reader.require(Scope.JOBS_WRITE)
    Actor(user=make_staff()).require(Scope.JOBS_WRITE)


def test_a_hidden_job_is_nobodys() -> None:
    job = make_job()
    job.hide()

    with pytest.raises(PrintQueue.DoesNotExist):
        job_for(Actor(), job.pk)


@pytest.mark.parametrize("verb", ["start", "cancel", "edit"])
def test_a_job_that_went_to_another_printer_since_it_was_found_is_not_the_keys_to_change(verb: str) -> None:
    left, right = make_printer("left"), make_printer("right")
    job = make_job(wanted_printer=left)
    found = job_for(Actor(key=make_key(left)[0], printer_ids=frozenset({left.pk})), job.pk)
    job.edit(wanted_printer=right)

    with pytest.raises(NotAllowed):
        found.edit(note="mine") if verb == "edit" else getattr(found, verb)(by=Who(), now=NOW)

    job.refresh_from_db()
    assert (job.state, job.note) == (JobState.READY, "")
