"""PATCH /api/print-queue/{id}"""

import pytest

from printqueue.models import PrintQueue, Who
from tests.api.conftest import assert_error
from tests.factories import NOW, make_job, make_printer

BY = Who()


def order():
    return list(PrintQueue.objects.ready().values_list("pk", flat=True))


def test_what_is_named_changes_and_the_rest_stays(caller):
    make_printer("voron-1")
    job = make_job(note="old", customer_id="C-1")
    changes = {"note": "new", "printer": "voron-1", "dueAt": "2026-12-01T12:00:00.000Z", "copies": 2, "rush": True}

    response = caller.patch(f"print-queue/{job.pk}", changes)

    assert response.status_code == 200
    body = response.json()
    assert {name: body[name] for name in changes} == changes
    assert body["customerId"] == "C-1"


def test_printer_and_due_date_can_be_taken_away(caller):
    job = make_job(wanted_printer=make_printer(), due_at=NOW)

    body = caller.patch(f"print-queue/{job.pk}", {"printer": None, "dueAt": None}).json()

    assert (body["printer"], body["dueAt"]) == (None, None)


def test_a_job_can_be_moved(caller):
    first, second, third = make_job(), make_job(), make_job()

    response = caller.patch(f"print-queue/{third.pk}", {"position": 1})

    assert response.json()["position"] == 1
    assert order() == [third.pk, first.pk, second.pk]


def test_beyond_the_last_place_is_the_last_place(caller):
    first, second = make_job(), make_job()

    assert caller.patch(f"print-queue/{first.pk}", {"position": 2**53 - 1}).json()["position"] == 2
    assert order() == [second.pk, first.pk]


def test_nothing_to_change_is_no_error(caller):
    job = make_job(note="old")

    assert caller.patch(f"print-queue/{job.pk}", {}).json()["note"] == "old"


def test_the_same_change_twice_is_harmless(caller):
    job = make_job()

    answers = [caller.patch(f"print-queue/{job.pk}", {"note": "new"}).json() for _ in range(2)]

    assert [answer["note"] for answer in answers] == ["new", "new"]


def test_a_job_that_changed_in_the_meantime_is_left_alone(caller):
    job = make_job(note="old")
    seen = caller.get(f"print-queue/{job.pk}").json()["revision"]
    caller.patch(f"print-queue/{job.pk}", {"note": "theirs", "revision": seen})

    response = caller.patch(f"print-queue/{job.pk}", {"note": "mine", "revision": seen})

    assert_error(response, 409)
    job.refresh_from_db()
    assert job.note == "theirs"


def test_a_job_that_is_printing_has_no_position_to_change(caller):
    job = make_job()
    job.start(by=BY, now=NOW)

    body = assert_error(caller.patch(f"print-queue/{job.pk}", {"position": 1}), 409)

    assert "printing" in body["error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("note", None),
        ("note", "a" * 501),
        ("printer", "nowhere"),
        ("rush", None),
        ("copies", 0),
        ("copies", "2"),
        ("position", 0),
        ("position", 1.0),
        ("position", None),
        ("revision", -1),
        ("dueAt", ""),
        ("designName", "new"),
        ("state", "completed"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_changes(field, value, caller):
    job = make_job(note="old")

    assert_error(caller.patch(f"print-queue/{job.pk}", {"note": "new", field: value}), 400, field=field)

    job.refresh_from_db()
    assert job.note == "old"


def test_fewer_copies_than_are_printed_are_refused(caller):
    job = make_job(copies=3)
    job.copies_done = 2
    job.save(update_fields=["copies_done"])

    assert_error(caller.patch(f"print-queue/{job.pk}", {"copies": 1}), 400, field="copies")


def test_a_key_cannot_move_a_job_to_a_printer_that_is_not_its_own(caller_for):
    mine, _other = make_printer("mine"), make_printer("other")
    job = make_job(wanted_printer=mine)

    assert_error(caller_for(mine).patch(f"print-queue/{job.pk}", {"printer": "other"}), 403)

    job.refresh_from_db()
    assert job.wanted_printer == mine
