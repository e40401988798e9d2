"""The page of one job: GET /admin/print-queue/{id}/."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.estimating import estimate_active_runs
from printqueue.models import PrintRun, Who
from tests.factories import Client
from tests.pages.conftest import LIST, ended_job, lost_job, ready_job, started_job, text_of, words_in


def page(browser, job):
    return text_of(browser.get(f"{LIST}{job.pk}/"))


def test_a_printing_job_shows_percent_layer_remaining_and_when_it_is_done(browser, beside):
    job = ready_job(print_file_name="ring.gcode", customer_id="C-77", note="Left hand")
    details = {"progress": 45.34, "remaining_seconds": 3120, "layer": 41, "total_layers": 160}
    beside.says("printing", run_key="a", file_name="ring.gcode", **details)

    html = page(browser, job)

    for text in ("Printing 45.3%", "45.3<small>%", "52 min", "41/160", "(just now)", "Left P1S", "C-77", "Left hand"):
        assert text in html


def half_printed(beside, job, **fields):
    """An hour's print, half done, of which the finish is estimated."""
    file = job.print_file_name
    beside.now -= timedelta(minutes=31)
    for minute in range(31):
        beside.says("printing", after_seconds=60, run_key="a", file_name=file, progress=minute / 0.6, **fields)
    estimate_active_runs(beside.now)
    job.refresh_from_db()


def hero(html):
    """What the facts beside the large percent say."""
    found = re.search(r'<dl class="facts-row">(.*?)</dl>', html, re.DOTALL)
    assert found is not None
    return words_in(found[1])


def test_a_print_says_when_it_will_be_done_by_all_that_is_known_and_how_sure_that_is(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    half_printed(beside, job, remaining_seconds=7200)

    html = page(browser, job)

    assert re.search(r"Done at (\w+ )?\d\d:\d\d ± \d+ min Left (2|3|4)\d min", hero(html))
    assert "late" not in hero(html)


def test_of_a_print_of_which_too_little_is_known_it_says_what_the_printer_does(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=0.0, remaining_seconds=3120)

    assert re.search(r"Done at (\w+ )?\d\d:\d\d by the printer Left 52 min", hero(page(browser, job)))


def test_a_print_that_will_be_done_after_it_is_due_says_by_how_much(browser, beside):
    job = ready_job(print_file_name="ring.gcode", due_at=beside.now - timedelta(hours=2.7))
    half_printed(beside, job)

    assert "late by 3 h" in hero(page(browser, job))
    assert "late by 3 h" in text_of(browser.get(LIST)).split('id="queue"')[1]
    assert "late by 3 h" in text_of(browser.get(f"{LIST}printers/"))


def test_a_paused_print_says_how_long_it_takes_and_no_time_of_day(browser, beside):
    job = ready_job(print_file_name="ring.gcode", due_at=beside.now)
    half_printed(beside, job)
    beside.says("paused", run_key="a", file_name="ring.gcode", progress=50.0)

    assert re.search(r"Done at — Left (2|3)\d min ± \d+ min", hero(page(browser, job)))
    assert re.search(r">(2|3)\d min left</strong>", text_of(browser.get(LIST)))


@pytest.mark.parametrize(
    ("seconds", "text", "band"),
    [(30, "(just now)", "now"), (130, "(2m ago)", "min"), (3700, "(1h ago)", "hours")],
)
def test_a_report_says_how_old_it_is(seconds, text, band, browser, printer):
    job = ready_job(print_file_name="ring.gcode")
    client = Client(printer, now=timezone.now() - timedelta(seconds=seconds + 5))
    client.says("printing", run_key="a", file_name="ring.gcode", progress=12.0)

    html = page(browser, job)

    assert text in html
    assert f'data-age="{band}"' in html


def test_before_any_report_it_waits_for_updates(browser):
    html = page(browser, started_job())

    assert "Waiting for updates…" in html
    assert "%" not in html.split("<main")[1].split("</section>")[0]


def test_one_hundred_percent_while_printing_is_finishing(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=100.0)

    html = page(browser, job)

    assert "Finishing" in html
    assert "100%" not in html
    assert "100.0" not in html.replace('value="100.0"', "")


def test_a_completed_job_is_a_print_successful(browser):
    assert "Print Successful" in page(browser, ended_job("complete"))


def test_the_timeline_tells_who_and_why(browser, staff):
    job = started_job()
    job.fail(by=Who(user=staff), now=timezone.now(), reason="came off the plate")

    html = page(browser, job)

    assert "Mara Keller: came off the plate" in html
    assert html.index("came off the plate") < html.index('class="what">Created')


def test_a_run_says_why_it_is_this_jobs(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job.refresh_from_db()

    assert job.match_reason
    assert f"Matched: {job.match_reason}" in page(browser, job)


def test_an_end_that_nobody_saw_is_asked_about(browser, beside):
    html = page(browser, lost_job(beside))

    assert "How did it end?" in html
    for verb in ("complete", "fail", "cancel"):
        assert f"/{verb}/" in html
    assert "Ended, nobody knows how" in html


@pytest.mark.parametrize(
    ("make", "offered"),
    [
        (ready_job, {"start", "cancel", "edit", "print-again", "hide"}),
        (started_job, {"complete", "fail", "cancel", "edit", "print-again"}),
        (ended_job, {"print-again", "reopen", "edit", "hide"}),
        (lambda: ended_job("fail"), {"retry", "print-again", "reopen", "edit", "hide"}),
    ],
)
def test_it_offers_the_verbs_that_lead_on_and_no_other(make, offered, browser):
    job = make()
    html = page(browser, job)
    verbs = ["start", "complete", "fail", "cancel", "retry", "reopen", "edit", "print-again", "hide"]

    assert {verb for verb in verbs if f"{LIST}{job.pk}/{verb}/" in html} == offered


def test_a_hidden_job_is_not_found(browser):
    job = ready_job()
    job.hide()

    assert browser.get(f"{LIST}{job.pk}/").status_code == 404


def test_htmx_gets_it_without_the_frame_of_the_page(htmx):
    job = ready_job()

    assert page(htmx, job).startswith(f'<div class="stack" id="job-{job.pk}"')


def test_times_are_in_the_zone_that_the_browser_named(browser):
    job = ready_job()
    browser.cookies["timeZone"] = "Asia/Kolkata"
    created = timezone.localtime(job.created_at, timezone.get_fixed_timezone(330))

    assert f">{created:%H:%M}<" in page(browser, job)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "", "x" * 5000])
def test_a_zone_that_is_none_is_passed_over(zone, browser):
    browser.cookies["timeZone"] = zone

    assert "Created" in page(browser, ready_job())


def test_the_number_of_queries_does_not_grow_with_what_happened(browser, beside, django_assert_max_num_queries):
    job = ready_job(print_file_name="ring.gcode", copies=9)
    counts = []
    for number in range(4):
        beside.says("printing", run_key=f"k{number}", file_name="ring.gcode", progress=1.0)
        beside.says("completed", run_key=f"k{number}", progress=100.0)
        with django_assert_max_num_queries(16) as queries:
            page(browser, job)
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_a_link_by_a_person_says_who_and_when_in_the_viewers_zone(browser, beside, staff):
    job = ready_job()
    run = beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0).run
    now = timezone.now()
    job.link(run, by=Who(user=staff), now=now)
    browser.cookies["timeZone"] = "Asia/Kolkata"
    here = timezone.localtime(now, timezone.get_fixed_timezone(330))

    html = page(browser, job)

    assert re.search(rf"Matched: linked by Mara Keller at <time[^>]*>{here:%H:%M}<", html)
    assert re.search(rf"Linked by Mara Keller at <time[^>]*>{here:%H:%M}<", html)


def test_every_run_says_printer_file_state_percent_times_and_why(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="Ring.gcode.3mf", progress=31.4)
    beside.says("failed", run_key="a", after_seconds=600, error_message="Spaghetti found")
    job.refresh_from_db()
    job.retry(by=Who(), now=timezone.now())
    beside.says("printing", run_key="b", file_name="ring.gcode", progress=45.3)

    runs = re.findall(r'<li class="run".*?</li>', page(browser, job), re.DOTALL)

    for run, texts in zip(
        runs,
        [
            ("2", "Printing 45.3%", "Left P1S", "ring.gcode", "so far", "Only open job with this file"),
            ("1", "Failed 31.4%", "Left P1S", "Ring.gcode.3mf", "10 min", "Only open job with", "Spaghetti found"),
        ],
        strict=True,
    ):
        for text in texts:
            assert text in run
        assert "Not this job" in run
        assert "Another job…" in run


def test_copies_show_how_many_are_printed(browser, beside):
    job = ready_job(print_file_name="ring.gcode", copies=3)
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    beside.says("completed", run_key="a", progress=100.0)

    html = page(browser, job)

    assert html.count("1/3") == 2
    assert "Good copy" in html
    assert "1/3" in text_of(browser.get(LIST))


def test_a_print_that_goes_on_after_a_cancel_says_what_to_do(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job.refresh_from_db()
    job.cancel(by=Who(), now=timezone.now())

    html = page(browser, job)

    assert "Left P1S is printing it still." in html
    assert "Stop it at the printer" in html
    assert "cancelled: stop it" in text_of(browser.get(LIST))


def test_a_job_queued_again_may_follow_the_print_that_goes_on(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job.refresh_from_db()
    job.cancel(by=Who(), now=timezone.now())
    job.retry(by=Who(), now=timezone.now())
    run = PrintRun.objects.get()
    assert f'formaction="{LIST}runs/{run.pk}/link/"' in page(browser, job)

    browser.post(f"{LIST}runs/{run.pk}/link/", {"job": job.pk, "seen": job.pk})

    job.refresh_from_db()
    assert (job.state, job.current_run) == ("printing", run)
    assert "printing it still" not in page(browser, job)


def test_a_print_that_ends_after_a_cancel_moves_the_open_page(beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)
    job.refresh_from_db()
    job.cancel(by=Who(), now=timezone.now())
    before = job.structure_revision

    beside.says("completed", run_key="a")

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert job.structure_revision > before


def test_an_end_that_nobody_saw_says_what_was_seen_last(browser, beside):
    html = page(browser, lost_job(beside))

    assert "Left P1S was last at 80.3% at" in html
    assert "Look at the plate" in html


def test_a_print_of_the_certain_file_name_says_that_the_code_is_in_it(browser, beside):
    job, _twin = (ready_job(design_name="Infinity Splint", print_file_name="splint.gcode") for _ in range(2))
    beside.says("printing", run_key="a", file_name=f"infinity-splint_{job.code}.gcode", progress=1.0)

    html = page(browser, job)

    assert f"Matched: file name has job code {job.code}" in html
    assert f"File name has job code {job.code}" in html


def test_it_offers_a_file_name_that_is_certain(browser):
    job = ready_job(design_name="Infinity Splint", print_file_name="a.gcode.3mf")

    html = page(browser, job)

    assert f'value="infinity-splint_{job.code}.gcode.3mf"' in html
    assert 'data-copy="certain-name"' in html


def test_a_finish_that_a_silent_client_told_is_not_shown_once_it_has_passed(browser, beside):
    job = ready_job()
    beside.put(job, 50, after_seconds=-1200, remaining_seconds=1500)
    assert "Left 25 min" in hero(page(browser, job))

    beside.put(job, 50, after_seconds=1, remaining_seconds=600)

    assert "Left —" in hero(page(browser, job))
