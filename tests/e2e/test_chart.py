"""The chart on the page of a job: drawn, live, read by mouse and keys, and never live when it is not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from printqueue.models import Who
from tests.e2e.away import expect_state
from tests.e2e.conftest import QUEUE, SPLINT, TOUCH, go, prints
from tests.e2e.proxy import Proxy
from tests.factories import Client

LINE = "[data-reading]"


@pytest.fixture
def chart(job, left, stay):
    """The chart of a print that was reported each minute for an hour, and is at 60 %."""
    now, left.now = left.now, left.now - timedelta(hours=1)
    for percent in range(61):
        says(left, percent, after_seconds=60 if percent else 0)
    assert left.now == now
    return drawn(stay(f"{QUEUE}{job.pk}/"))


def says(client: Client, percent: float, state: str = "printing", **fields: Any) -> None:
    numbers = {"layer": round(percent * 2), "total_layers": 200, "nozzle_c": 220, "bed_c": 60}
    client.says(state, run_key="1@1", file_name=SPLINT, progress=percent, remaining_seconds=2400, **numbers, **fields)


def drawn(page: Page) -> Page:
    expect(page.locator(".chart-drawn canvas")).to_have_count(2)
    expect(page.locator(".chart-drawn")).to_have_attribute("data-points", re.compile(r"\d"))
    return page


def points(page: Page) -> int:
    return int(page.locator(".chart-drawn").get_attribute("data-points") or 0)


def until(page: Page) -> float:
    return float(page.locator(".chart-drawn").get_attribute("data-until") or 0)


def pixels(page: Page, plot: int = 0) -> str:
    """What the canvas looks like."""
    return str(page.locator(".chart-drawn canvas").nth(plot).evaluate("canvas => canvas.toDataURL()"))


def test_the_chart_shows_the_last_report(chart):
    expect(chart.locator(LINE)).to_contain_text("60.0% Layer 120 Printing Nozzle 220 °C Bed 60 °C")
    expect(chart.locator(".chart-legend")).to_contain_text(re.compile("Percent, as reported.*Expected"))


def test_a_report_makes_the_line_longer(chart, left):
    before, size, look = until(chart), points(chart), pixels(chart)

    says(left, 63)

    expect(chart.locator(LINE)).to_contain_text("63.0%")
    assert until(chart) == pytest.approx(left.now.timestamp(), abs=0.001)
    assert until(chart) > before
    assert points(chart) == size + 1
    assert pixels(chart) != look


def test_a_pause_is_shaded_and_what_the_printer_says_of_it_is_marked(chart, left):
    says(left, 60, state="paused", error_message="Filament ran out")

    expect(chart.locator(".chart-legend")).to_contain_text("Paused")
    expect(chart.locator(".chart-legend")).to_contain_text("Trouble")
    expect(chart.locator(LINE)).to_contain_text("Paused: Filament ran out")


def test_the_end_of_the_print_is_the_end_of_the_line(chart, left):
    says(left, 100, state="completed")

    expect(chart.locator(LINE)).to_contain_text("100.0%")
    expect(chart.locator(".chart-legend")).not_to_contain_text("Expected")


def test_what_nobody_hears_of_is_no_line(chart, left):
    says(left, 80, after_seconds=600)

    expect(chart.locator(".chart-legend")).to_contain_text("No reports")


def test_the_mouse_reads_the_values(chart):
    plot = chart.locator(".chart-drawn .u-over").first
    box = plot.bounding_box()
    plot.hover(position={"x": 2, "y": box["height"] / 2})

    expect(chart.locator(LINE)).to_contain_text(re.compile(r"\b0\.\d% "))

    plot.hover(position={"x": box["width"] - 12, "y": box["height"] / 2})
    expect(chart.locator(LINE)).to_contain_text("Expected:")


def test_the_arrow_keys_read_the_values_aloud(chart):
    plot, spoken = chart.locator("[data-plot]"), chart.locator("[data-spoken]")
    plot.focus()

    plot.press("Home")
    expect(spoken).to_contain_text("0.0%, Layer 0, Printing")
    plot.press("PageUp")
    expect(spoken).to_contain_text("6.0%, Layer 12, Printing, Nozzle 220 °C, Bed 60 °C")
    plot.press("ArrowRight")
    expect(spoken).to_contain_text("6.6%")
    plot.press("End")
    expect(spoken).to_contain_text("60.0%")
    plot.press("Escape")
    expect(spoken).to_be_empty()


def test_the_cursor_stays_where_it_is_when_a_report_comes(chart, left):
    plot = chart.locator("[data-plot]")
    plot.focus()
    plot.press("Home")

    says(left, 63)

    expect(chart.locator("[data-show=figure]")).to_have_text("63.0%")
    expect(chart.locator(LINE)).to_contain_text("0.0% Layer 0")
    expect(plot).to_be_focused()


def test_a_chart_whose_stream_is_lost_does_not_look_live_until_it_is_back(job, left, open_page, server):
    prints(left, 31)
    with Proxy(server.port) as proxy:
        page = go(open_page(server=proxy), f"{QUEUE}{job.pk}/")
        expect(page.locator(LINE)).to_contain_text("31.0%")
        live = pixels(page)

        proxy.answer_502()
        expect_state(page, "lost")
        expect(page.locator(".chart-lost")).to_contain_text("Not live since")
        assert pixels(page) != live

        says(left, 37)
        proxy.pass_on()
        expect_state(page, "live")
        expect(page.locator(".chart-lost")).to_have_count(0)
        expect(page.locator(LINE)).to_contain_text("37.0%")


def test_colours_follow_the_scheme(chart):
    light = pixels(chart), pixels(chart, 1)

    chart.emulate_media(color_scheme="dark")

    expect(chart.locator(".chart-drawn canvas")).to_have_count(2)
    chart.wait_for_function(
        "looks => [...document.querySelectorAll('.chart-drawn canvas')].every((one, n) => one.toDataURL() !== looks[n])",
        arg=list(light),
    )


def test_the_chart_is_as_wide_as_the_page(chart):
    width = "() => document.querySelector('.chart-drawn canvas').getBoundingClientRect().width"
    wide = chart.evaluate(width)

    chart.set_viewport_size(TOUCH)

    chart.wait_for_function(f"wide => ({width})() !== wide", arg=wide)
    assert chart.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_earlier_run_is_drawn_when_it_is_chosen(job, left, stay):
    prints(left, 31)
    left.says("failed", after_seconds=5, run_key="1@1", error_message="Nozzle cold")
    job.refresh_from_db()
    job.retry(by=Who(), now=left.now)
    left.now = timezone.now()
    left.says("printing", after_seconds=0, run_key="2@1", progress=5, file_name=SPLINT)
    page = stay(f"{QUEUE}{job.pk}/")
    expect(page.locator(LINE)).to_contain_text("5.0%")

    page.get_by_label("Run", exact=True).select_option(label="1: Failed")

    expect(page.locator(LINE)).to_contain_text("Failed: Nozzle cold")
    expect(page.locator(".panel-head").filter(has_text="Progress over time")).to_contain_text("Run 1")

    # A report of the other run leaves it as it is.
    left.says("printing", after_seconds=0, run_key="2@1", progress=9, file_name=SPLINT)
    expect(page.locator("[data-show=figure]")).to_have_text("9.0%")
    expect(page.locator(LINE)).to_contain_text("Failed: Nozzle cold")


def test_the_next_run_takes_the_place_of_the_last(chart, job, left):
    says(left, 60, state="failed")
    job.refresh_from_db()
    job.retry(by=Who(), now=left.now)

    left.says("printing", after_seconds=5, run_key="2@1", progress=4, file_name=SPLINT)

    expect(chart.locator(LINE)).to_contain_text("4.0%")
    expect(chart.get_by_label("Run", exact=True)).to_have_js_property(
        "value", str(job.runs.order_by("-started_at").first().pk)
    )


def test_the_table_is_as_of_when_it_is_opened(chart, left):
    says(left, 63)
    expect(chart.locator(LINE)).to_contain_text("63.0%")

    chart.get_by_text("Show as a table").click()

    expect(chart.locator(".chart-table tr").last).to_contain_text("63.0%")
    expect(chart.locator(".chart-table")).to_be_visible()


def test_a_print_that_is_taken_off_the_job_takes_its_chart_along(chart):
    chart.get_by_role("button", name="Not this job").click()

    expect(chart.locator(".chart-drawn")).to_have_count(0)


def test_without_scripts_there_is_the_table_and_no_empty_frame(job, left, open_page):
    prints(left, 31)
    page = open_page(java_script_enabled=False)
    page.goto(f"{QUEUE}{job.pk}/")

    page.get_by_text("Show as a table").click()

    expect(page.locator(".chart-table")).to_contain_text("31.0%")
    expect(page.locator(".chart-drawn")).to_be_hidden()


def test_only_the_page_of_a_job_loads_the_chart(job, stay):
    scripts = (
        "performance.getEntriesByType('resource').map(one => one.name).filter(name => /chart|uPlot/.test(name)).length"
    )

    assert stay(QUEUE).evaluate(scripts) == 0
