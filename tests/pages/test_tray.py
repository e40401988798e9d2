"""The tray: GET /admin/print-queue/tray/."""

import pytest
from django.utils import timezone

from printqueue.models import PrintRun, Who
from printqueue.views.pages import tray
from tests.factories import Client, make_printer
from tests.pages.conftest import LIST, ended_job, ready_job, started_job, text_of

TRAY = f"{LIST}tray/"


def test_a_print_without_a_job_waits_with_the_jobs_that_it_may_be(browser, beside):
    other, likely = ready_job(), ready_job(wanted_printer=beside.printer)
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=41.2)

    html = text_of(browser.get(TRAY))

    assert "Unmatched: 1 print without a job" in html
    assert "strange.gcode" in html
    assert "Printing 41.2%" in html
    assert html.index(f'value="{likely.pk}"') < html.index("Another job") < html.index(f'value="{other.pk}"')


def test_each_job_that_it_may_be_says_why_and_is_one_press_away(browser, beside):
    jobs = [ready_job(print_file_name="ring.gcode", customer_id=f"C-{n}") for n in (1, 2)]
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    for job in jobs:
        button = html.split(f'name="job" value="{job.pk}" title')[1].split("</button>")[0]
        assert job.code in button
        assert job.customer_id in button
        assert "has this file" in button


def test_only_the_likeliest_stand_beside_and_the_rest_is_in_the_list(browser, beside):
    jobs = [ready_job(print_file_name="ring.gcode") for _ in range(3)]
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    assert html.count('<button class="btn likely"') == 2
    assert f'<option value="{jobs[2].pk}"' in html
    assert "(has this file)" in html


def test_a_job_that_came_after_its_print_is_offered_and_not_taken(browser, beside):
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job = ready_job(print_file_name="ring.gcode")

    html = text_of(browser.get(TRAY))

    assert "One job fits by now." in html
    assert f'name="job" value="{job.pk}"' in html


def test_a_second_print_of_a_file_says_where_its_job_is(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    other = Client(make_printer("right", name="Right P1S"), now=beside.now)
    other.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    assert f"It looks like {job.code}, but that is on Left P1S already." in html
    assert f"Open {job.code}" in html


@pytest.mark.parametrize(("verb", "words"), [("fail", "has failed"), ("cancel", "was cancelled")])
def test_a_print_begun_anew_says_that_its_job_is_closed(verb, words, browser, beside):
    job = ended_job(verb, print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    assert f"It looks like {job.code}, but that {words}. Retry it" in text_of(browser.get(TRAY))


def test_a_job_that_was_retried_is_one_press_away(browser, beside):
    job = ended_job("fail", print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    job.retry(by=Who(), now=timezone.now())

    assert f'name="job" value="{job.pk}"' in text_of(browser.get(TRAY))


@pytest.mark.parametrize(("name", "reason"), [("", "does not name its file"), ("strange.gcode", "No open job fits")])
def test_a_print_says_why_it_is_here(name, reason, browser, beside):
    ready_job()
    beside.says("printing", run_key="a", file_name=name, progress=1.0)

    assert reason in text_of(browser.get(TRAY))


def test_every_print_may_become_a_new_job_or_be_none_of_ours(browser, beside):
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)
    run = PrintRun.objects.get()

    html = text_of(browser.get(TRAY))

    for word in ("new-job", "not-ours"):
        assert f'formaction="{LIST}runs/{run.pk}/{word}/"' in html


def test_of_a_very_long_queue_the_list_shows_the_first_and_leads_to_the_others(browser, beside, monkeypatch):
    monkeypatch.setattr(tray, "LISTED", 1)
    first, second = ready_job(), ready_job()
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    assert first.code in html
    assert second.code not in html
    assert "More jobs…" in html


@pytest.mark.parametrize("field", ["print_file_name", "design_name", "wanted_printer"])
def test_a_likely_job_is_found_at_the_end_of_a_very_long_queue(field, browser, beside, monkeypatch):
    monkeypatch.setattr(tray, "LISTED", 1)
    for _ in range(4):
        ready_job()
    values = {"print_file_name": "strange.gcode", "design_name": "strange", "wanted_printer": beside.printer}
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)
    last = ready_job(**{field: values[field]})

    assert f'name="job" value="{last.pk}"' in text_of(browser.get(TRAY))


def test_jobs_that_wait_for_the_printer_do_not_crowd_out_the_one_with_the_file(browser, beside, monkeypatch):
    monkeypatch.setattr(tray, "LISTED", 1)
    monkeypatch.setattr(tray, "CONSIDERED", 3)
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)
    unrelated = [ready_job(wanted_printer=beside.printer) for _ in range(6)]
    likely = ready_job(print_file_name="strange.gcode")

    html = text_of(browser.get(TRAY))

    assert html.index(f'name="job" value="{likely.pk}"') < html.index(unrelated[0].code)


def test_the_next_jobs_at_each_printer_are_offered_after_all_others(browser, beside, monkeypatch):
    monkeypatch.setattr(tray, "LISTED", 1)
    other = Client(make_printer("right"), now=beside.now)
    waiting = [ready_job() for _ in range(4)]
    wanted = [ready_job(wanted_printer=each.printer) for each in (beside, other) for _ in range(3)]
    for client in (beside, other):
        client.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    offered = [job for job in [*waiting, *wanted] if f'name="job" value="{job.pk}"' in html]
    assert offered == [*wanted[:2], *wanted[3:5]]


def test_a_tray_without_prints_is_empty_but_there(browser):
    started_job()

    html = text_of(browser.get(TRAY))

    assert 'id="tray"' in html
    assert "Unmatched" not in html


@pytest.mark.sqlite_only  # PostgreSQL uses no index for so few rows
def test_it_is_found_without_looking_through_all_that_was_ever_printed(db):
    plan = PrintRun.objects.unmatched(timezone.now()).order_by().explain()

    assert plan.count("run_unmatched (job_id=? AND ended_at") == 2
    assert "SCAN printqueue_printrun" not in plan
