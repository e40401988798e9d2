"""GET /api/print-queue"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from printqueue.models import Who
from tests.api.conftest import assert_error
from tests.factories import NOW, make_job, make_printer

BY = Who()


def ids(response):
    assert response.status_code == 200, response.content
    return [item["id"] for item in response.json()["items"]]


def make_one_of_each():
    """Jobs in the order of the list: on a printer, two ready ones, an ended one."""
    first, second, printing, ended = make_job(), make_job(), make_job(), make_job()
    printing.start(by=BY, now=NOW)
    ended.cancel(by=BY, now=NOW)
    return [str(job.pk) for job in (printing, first, second, ended)]


def test_jobs_come_in_the_order_of_the_page(caller):
    expected = make_one_of_each()

    response = caller.get("print-queue")

    assert ids(response) == expected
    assert [item["position"] for item in response.json()["items"]] == [None, 1, 2, None]
    assert response.json()["nextCursor"] is None


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_each_job_once(limit, caller):
    expected = make_one_of_each()
    seen, cursor = [], ""
    while True:
        response = caller.get(f"print-queue?limit={limit}{cursor}")
        seen += ids(response)
        if response.json()["nextCursor"] is None:
            break
        cursor = f"&cursor={response.json()['nextCursor']}"

    assert seen == expected


def test_a_page_has_50_jobs_unless_told_otherwise(caller):
    for _ in range(51):
        make_job()

    assert len(ids(caller.get("print-queue"))) == 50
    assert len(ids(caller.get("print-queue?limit=200"))) == 51


def test_states_can_be_chosen_together(caller):
    printing, first, second, ended = make_one_of_each()

    assert ids(caller.get("print-queue?state=printing&state=cancelled")) == [printing, ended]
    assert ids(caller.get("print-queue?state=ready")) == [first, second]


def test_jobs_of_one_printer_can_be_chosen(caller):
    wanted = make_job(wanted_printer=make_printer("voron-1"))
    make_job()

    assert ids(caller.get("print-queue?printer=voron-1")) == [str(wanted.pk)]
    assert ids(caller.get("print-queue?printer=nowhere")) == []


@pytest.mark.parametrize("words", ["WRIST", "C-0042", "splint.gc", "edges"])
def test_jobs_can_be_searched(words, caller):
    job = make_job(
        design_name="Wrist splint", customer_id="C-0042", print_file_name="splint.gcode", note="mind the edges"
    )
    make_job(design_name="Other", print_file_name="other.3mf")

    assert ids(caller.get(f"print-queue?q={words}")) == [str(job.pk)]


def test_jobs_are_found_by_their_code(caller):
    job = make_job()

    assert ids(caller.get(f"print-queue?q={job.code.lower()}")) == [str(job.pk)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("state=flying", "state.0"),
        ("cursor=abc", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=OS4xLjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", "cursor"),
        ("q=%00", "q"),
        ("printer=%00", "printer"),
        ("q=" + "a" * 101, "q"),
        ("stat=ready", "stat"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(query, field, caller):
    assert_error(caller.get(f"print-queue?{query}"), 400, field=field)


def test_a_key_lists_the_jobs_of_its_printers_and_those_without_one(caller_for):
    mine, other = make_printer(), make_printer()
    jobs = [make_job(wanted_printer=mine), make_job(), make_job(wanted_printer=other)]

    assert ids(caller_for(mine).get("print-queue")) == [str(job.pk) for job in jobs[:2]]
    assert_error(caller_for(mine).get(f"print-queue?printer={other.serial}"), 403)


def test_hidden_jobs_are_not_listed(caller):
    make_job().hide()

    assert ids(caller.get("print-queue")) == []


def test_more_jobs_take_no_more_queries(caller):
    printer = make_printer()
    for _ in range(3):
        make_job(wanted_printer=printer)
    caller.get("print-queue")
    with CaptureQueriesContext(connection) as few:
        caller.get("print-queue")
    for _ in range(6):
        make_job(wanted_printer=printer)

    with CaptureQueriesContext(connection) as many:
        assert len(ids(caller.get("print-queue"))) == 9

    assert len(many) == len(few)
