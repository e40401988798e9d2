"""The list: GET /admin/print-queue/."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from printqueue.models import Printer, Who
from printqueue.views.pages import queue
from tests.bench import fill as bench
from tests.factories import Client, make_printer
from tests.pages.conftest import LIST, ended_job, lost_job, ready_job, started_job, text_of


def sections(html: str) -> list[str]:
    """The group headings and job codes, from top to bottom."""
    found = re.findall(r'role="rowheader">([A-Z][a-z ]+) <|-open" href="[^"]+">(\w+)<', html)
    return [heading or code for heading, code in found]


def test_jobs_stand_on_a_printer_in_need_of_a_person_or_ready(browser, beside):
    lost = lost_job(beside)
    failed, printing, waiting = ended_job("fail"), started_job(), ready_job()

    html = text_of(browser.get(LIST))

    assert sections(html) == [
        *("On a printer", printing.code),
        *("Needs a person", *[job.code for job in sorted([failed, lost], key=lambda job: job.queue_order)]),
        *("Ready", waiting.code),
    ]


def test_an_ended_job_is_history(browser):
    job = ended_job("complete")

    assert sections(text_of(browser.get(LIST))) == []
    assert sections(text_of(browser.get(LIST, {"tab": "history"}))) == [job.code]


def test_a_failure_of_yesterday_needs_nobody_any_more(browser):
    job = ready_job()
    long_ago = timezone.now() - timedelta(hours=25)
    job.start(by=Who(), now=long_ago)
    job.fail(by=Who(), now=long_ago)

    assert sections(text_of(browser.get(LIST))) == []


@pytest.mark.parametrize("text", ["{code}", "SPIRAL", "c-77", "helix.gcode"])
def test_search_finds_by_code_design_customer_and_file(text, browser):
    job = ready_job(design_name="Spiral", customer_id="C-77", print_file_name="helix.gcode")
    ready_job()

    assert sections(text_of(browser.get(LIST, {"q": text.format(code=job.code)}))) == ["Ready", job.code]


def test_search_for_nothing_that_exists_says_so(browser):
    ready_job()

    assert "No job matches" in text_of(browser.get(LIST, {"q": "\x00zz%_"}))


def test_the_list_can_show_the_jobs_of_one_printer(browser, printer):
    job = ready_job(wanted_printer=printer)
    ready_job()

    assert sections(text_of(browser.get(LIST, {"printer": "left"}))) == ["Ready", job.code]


def test_a_long_list_has_pages(browser):
    jobs = [ready_job() for _ in range(51)]

    second = text_of(browser.get(LIST, {"page": "2"}))

    assert sections(second) == ["Ready", jobs[-1].code]
    assert "51 jobs, page 2 of 2" in second


def test_of_a_long_history_only_what_is_near_the_page_is_counted(browser, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    monkeypatch.setattr(queue, "PAGES_COUNTED_AHEAD", 1)
    jobs = [ended_job() for _ in range(7)]

    first = text_of(browser.get(LIST, {"tab": "history"}))
    last = text_of(browser.get(LIST, {"tab": "history", "page": "4"}))

    assert "More than 4 jobs, page 1" in first
    assert 'href="/admin/print-queue/?tab=history&amp;page=2"' in first
    assert "7 jobs, page 4 of 4" in last
    assert sections(last) == [jobs[0].code]


def test_a_page_behind_the_last_shows_the_last(browser, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    oldest = [ended_job() for _ in range(3)][0]

    assert sections(text_of(browser.get(LIST, {"tab": "history", "page": "9"}))) == [oldest.code]


def test_a_page_may_begin_in_the_middle_of_a_group(browser, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    started_job()
    waiting = [ready_job() for _ in range(4)]

    second = text_of(browser.get(LIST, {"page": "2"}))

    assert sections(second) == ["Ready", waiting[1].code, waiting[2].code]
    assert 'Ready <span class="count">4</span>' in second


def test_only_the_ends_of_the_whole_queue_cannot_move_on(browser):
    first, middle, last = (ready_job(design_name=name) for name in ("One", "Two", "Three"))

    everything = text_of(browser.get(LIST))
    found = text_of(browser.get(LIST, {"q": "Two"}))

    assert stuck(everything) == [f"Move {first.code} up", f"Move {last.code} down"]
    assert sections(found) == ["Ready", middle.code]
    assert stuck(found) == []


def stuck(html: str) -> list[str]:
    """The buttons that cannot be pressed."""
    return re.findall(r'aria-label="(Move [^"]+)" disabled', html)


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999", "²"])
def test_a_page_that_is_not_there_shows_one_that_is(page, browser):
    job = ready_job()

    assert sections(text_of(browser.get(LIST, {"page": page}))) == ["Ready", job.code]


def test_an_empty_queue_says_what_to_do(browser):
    assert "Nothing waits to be printed" in text_of(browser.get(LIST))


def test_htmx_gets_the_queue_alone(htmx):
    job = ready_job()

    html = text_of(htmx.get(LIST))

    assert html.startswith('<div id="queue"')
    assert sections(html) == ["Ready", job.code]


def test_a_browser_that_goes_back_gets_the_whole_page(htmx):
    html = text_of(htmx.get(LIST, headers={"HX-History-Restore-Request": "true"}))

    assert html.startswith("<!doctype html>")


def test_hostile_names_are_shown_inert(browser):
    ready_job(design_name="<img onerror=alert(1)>", print_file_name="</script><b>.gcode")

    html = text_of(browser.get(LIST))

    assert "&lt;img onerror=alert(1)&gt;" in html
    assert "<img" not in html


def test_the_page_starts_to_listen_from_a_revision_before_its_rows(browser):
    job = ready_job()

    html = text_of(browser.get(LIST))

    assert f':{job.revision}"' in html.split('data-live-from="pf-')[1][:40]


def fill(rows: int) -> None:
    """A busy room: printers at work, prints without a job, jobs of each kind."""
    now = timezone.now() - timedelta(seconds=20)
    for index in range(rows):
        for file in ("known", "strange"):
            if file == "known":
                ready_job(print_file_name=f"known{index}.gcode")
            client = Client(make_printer(), now=now)
            client.says("printing", run_key="a", file_name=f"{file}{index}.gcode", progress=5.0)
        ready_job()
        ended_job("fail")
        ended_job("cancel")


@pytest.mark.parametrize("tab", ["active", "history"])
def test_the_number_of_queries_does_not_grow_with_the_queue(tab, browser, django_assert_max_num_queries):
    counts = []
    for _ in range(2):
        fill(3)
        with django_assert_max_num_queries(12) as queries:
            browser.get(LIST, {"tab": tab})
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Printer.objects.count() == 12


@pytest.mark.sqlite_only  # as many queries on either; PostgreSQL takes half a minute to undo so many rows
@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("tab", ["active", "history"])
def test_ten_thousand_jobs_need_no_more_queries_than_two_hundred(tab, browser, django_assert_max_num_queries):
    with transaction.atomic():
        bench.make_past(10_000)
        bench.make_ready(200)
    with django_assert_max_num_queries(12) as few:
        browser.get(LIST, {"tab": tab})
    with transaction.atomic():
        bench.make_ready(10_000)

    with django_assert_max_num_queries(12) as many:
        html = text_of(browser.get(LIST, {"tab": tab}))

    assert len(few) == len(many)
    assert len(sections(html)) == (51 if tab == "active" else 50)
