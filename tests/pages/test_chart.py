"""The chart of a job's run: GET /admin/print-queue/{id}/chart/, chart.json and chart.csv."""

import csv
from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.models import Fact, FactKind, PrintRun, Sample, Who
from tests.factories import Client
from tests.pages.conftest import LIST, ready_job, started_job, text_of


@pytest.fixture
def client(printer):
    """The printer client; it started to report three hours ago."""
    return Client(printer, now=timezone.now() - timedelta(hours=3))


@pytest.fixture
def job(client):
    """A job with a failed run, and one that is paused."""
    job = ready_job(print_file_name="ring.gcode")
    client.says("printing", run_key="a", file_name="ring.gcode", progress=1)
    client.says("failed", run_key="a", progress=12, error_code="0300", error_message="Nozzle cold", after_seconds=60)
    job.refresh_from_db()
    job.retry(by=Who(), now=client.now)
    numbers = {"file_name": "ring.gcode", "run_key": "b", "nozzle_c": 220, "bed_c": 60}
    for percent in range(60):
        client.says("printing", progress=percent, layer=percent * 4, after_seconds=30, remaining_seconds=600, **numbers)
    client.says("printing", progress=75, layer=300, after_seconds=900, **numbers)
    client.says("paused", progress=75, layer=300, error_message="Filament ran out", **numbers)
    job.refresh_from_db()
    return job


def chart(browser, job, query=""):
    response = browser.get(f"{LIST}{job.pk}/chart.json{query}")
    assert response.status_code == 200
    return response.json()


def table(browser, job, query=""):
    return list(csv.DictReader(text_of(browser.get(f"{LIST}{job.pk}/chart.csv{query}")).splitlines()))


def test_the_page_shows_the_course_of_the_present_run_as_a_table(browser, job):
    html = text_of(browser.get(f"{LIST}{job.pk}/"))

    course = html[html.index("Progress over time") : html.index('id="runs-h"')]
    for text in ("Run 2", "40.0%", "75.0%", "Printing, after 15 min without reports", "Paused: Filament ran out"):
        assert text in course
    assert "From 0.0% to 75.0%, with 1 pause and 1 gap without reports." in course
    assert "Nozzle cold" not in course


def test_the_page_shows_an_earlier_run_when_it_is_asked_for(browser, job):
    html = text_of(browser.get(f"{LIST}{job.pk}/?run={job.runs.last().pk}"))

    assert "Failed: 0300 Nozzle cold" in html[html.index("Progress over time") : html.index('id="runs-h"')]


def test_a_job_that_was_not_printed_yet_has_no_chart(browser):
    job = ready_job()

    assert "Progress over time" not in text_of(browser.get(f"{LIST}{job.pk}/"))
    assert browser.get(f"{LIST}{job.pk}/chart.json").status_code == 404


def test_a_run_without_samples_says_so(browser, printer):
    job = started_job(wanted_printer=printer)
    PrintRun.objects.create(printer=printer, job=job, run_key="a", state="printing", started_at=timezone.now())

    assert "No samples of this run are kept." in text_of(browser.get(f"{LIST}{job.pk}/"))
    assert chart(browser, job)["columns"]["at"] == []


@pytest.mark.parametrize(("state", "shown"), [("printing", "99.9%"), ("completed", "100.0%")])
def test_it_is_done_when_the_printer_says_so_not_when_the_percent_does(browser, job, client, state, shown):
    client.says(state, run_key="b", progress=100)

    html = text_of(browser.get(f"{LIST}{job.pk}/"))

    assert f"From 0.0% to {shown}" in html
    assert f"<td>{shown}</td>" in html


def test_the_script_gets_points_pauses_gaps_marks_and_layers(browser, job):
    sent, run = chart(browser, job), job.runs.first()

    assert (sent["run"]["id"], sent["run"]["gapSeconds"]) == (str(run.pk), pytest.approx(180, rel=0.5))
    assert [sent["columns"][name][-1] for name in ("percent", "state", "layer", "nozzleC", "bedC")] == [
        75, "paused", 300, 220, 60,
    ]  # fmt: skip
    [[begin, end]] = sent["gaps"]
    assert end - begin == 900
    assert sent["pauses"] == [[run.last_report_at.timestamp(), None]]
    assert [mark["what"] for mark in sent["marks"]] == ["Paused: Filament ran out"]
    assert sent["layers"]["every"] == 5
    assert 30 < len(sent["layers"]["ticks"]) <= 60


def test_a_stall_is_marked_where_it_began_and_what_ended_well_is_not(browser, job, client):
    run = PrintRun.objects.get(run_key="b")
    for minutes, kind, detail in (
        (4, "no_movement", ""),
        (5, "recovered", "no_movement"),
        (6, "error", "0300 Clogged"),
    ):
        at = client.now + timedelta(minutes=minutes)
        Fact.of(run, FactKind(kind), at=at, noticed_at=at, detail=detail).save()

    assert [mark["what"] for mark in chart(browser, job)["marks"]] == [
        "Paused: Filament ran out", "Stalled: no movement", "Error named by the printer: 0300 Clogged",
    ]  # fmt: skip


def test_the_script_gets_what_is_expected_of_a_print_that_goes_on(browser, job, client):
    client.says("printing", run_key="b", progress=76, remaining_seconds=300)

    assert chart(browser, job)["expected"] == {
        "finish": (client.now + timedelta(seconds=300)).timestamp(),
        "spreadSeconds": None,
    }


def test_the_estimate_is_drawn_in_place_of_what_the_printer_says_and_with_its_spread(browser, job, client):
    client.says("printing", run_key="b", progress=76, remaining_seconds=300)
    estimate = {"estimated_at": client.now, "estimated_left_seconds": 420, "estimated_spread_seconds": 60}
    PrintRun.objects.filter(run_key="b").update(**estimate)

    expected = chart(browser, job)["expected"]

    assert expected == {"finish": (client.now + timedelta(seconds=420)).timestamp(), "spreadSeconds": 60}


def test_nothing_is_expected_of_a_print_that_hangs(browser, job, client):
    client.says("printing", run_key="b", progress=76, remaining_seconds=300)
    PrintRun.objects.filter(run_key="b").update(stall="no_movement", stall_since=client.now)

    assert chart(browser, job)["expected"] is None


def test_nothing_is_expected_of_a_print_that_is_paused(browser, job):
    assert chart(browser, job)["expected"] is None


def test_the_samples_of_any_run_are_read_by_one_query(browser, job, django_assert_num_queries):
    few = job.runs.last()
    Sample.objects.bulk_create(
        Sample(run=job.runs.first(), number=number, at=timezone.now(), state="printing", progress=number / 10)
        for number in range(200, 1000)
    )

    with django_assert_num_queries(8) as asked_for_many:
        chart(browser, job)
    with django_assert_num_queries(8):
        chart(browser, job, f"?run={few.pk}")
    assert len([query for query in asked_for_many if '"printqueue_sample"' in query["sql"]]) == 1


def test_a_run_with_more_samples_than_are_kept_today_is_drawn_of_a_thousand(browser, job):
    Sample.objects.bulk_create(
        Sample(run=job.runs.first(), number=number, at=timezone.now(), state="printing", progress=50)
        for number in range(-3000, 0)
    )

    assert len(chart(browser, job)["columns"]["at"]) <= 1000


def test_htmx_gets_the_part_of_the_page(htmx, job):
    html = text_of(htmx.get(f"{LIST}{job.pk}/chart/?run={job.runs.last().pk}"))

    assert html.startswith(f'<div id="job-{job.pk}-chart-run"')
    assert "<html" not in html


def test_without_htmx_it_is_the_page_of_the_job(browser, job):
    run = job.runs.last()

    response = browser.get(f"{LIST}{job.pk}/chart/?run={run.pk}")

    assert response.headers["Location"] == f"{LIST}{job.pk}/?run={run.pk}"


def test_the_file_has_all_samples_of_the_run(browser, job):
    response, run = browser.get(f"{LIST}{job.pk}/chart.csv"), job.runs.first()

    rows = table(browser, job)
    assert response.headers["Content-Disposition"] == f'attachment; filename="{job.code}-run-2.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["percent"] for row in rows] == [str(sample.progress) for sample in run.samples.all()]
    last = rows[-1]
    assert (last["job"], last["run"], last["printer"], last["state"]) == (job.code, "2", "Left P1S", "paused")
    assert [row["follows a gap"] for row in rows].count("yes") == 1


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_the_file_is_a_formula(browser, job, name):
    job.runs.update(file_name=name)

    assert {row["file"] for row in table(browser, job)} == {f"'{name}"}


FILES = ["chart.json", "chart.csv"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("run", ["999999", "x", "", "-1"])
def test_of_a_run_that_is_not_the_jobs_there_is_no_file(browser, job, file, run):
    assert browser.get(f"{LIST}{job.pk}/{file}?run={run}").status_code == 404


@pytest.mark.parametrize("address", ["", "chart/"])
def test_a_page_that_asks_for_a_run_which_went_to_another_job_shows_the_present_one(htmx, job, address):
    html = text_of(htmx.get(f"{LIST}{job.pk}/{address}?run=999999"))

    assert "Run 2" in html
    assert "run=999999" not in html


def test_a_page_whose_only_run_went_away_is_left_to_itself(htmx):
    assert htmx.get(f"{LIST}{ready_job().pk}/chart/").status_code == 204


@pytest.mark.parametrize("address", ["chart/", *FILES])
def test_a_hidden_job_is_not_found(browser, job, address, client):
    client.says("cancelled", run_key="b")
    job.refresh_from_db()
    job.hide()

    assert browser.get(f"{LIST}{job.pk}/{address}").status_code == 404
