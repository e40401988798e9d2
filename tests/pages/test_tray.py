"""The tray: GET /admin/print-queue/tray/."""

from tests.pages.conftest import LIST, ready_job, started_job, text_of

TRAY = f"{LIST}tray/"


def test_a_print_without_a_job_waits_with_the_jobs_that_it_may_be(browser, beside):
    other, likely = ready_job(), ready_job(wanted_printer=beside.printer)
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=41.2)

    html = text_of(browser.get(TRAY))

    assert "Unmatched: 1 print without a job" in html
    assert "strange.gcode" in html
    assert "Printing 41.2%" in html
    assert html.index(f'value="{likely.pk}"') < html.index("Other jobs") < html.index(f'value="{other.pk}"')


def test_a_job_of_a_similar_file_comes_first(browser, beside):
    here = ready_job(wanted_printer=beside.printer)
    same, twin = ready_job(print_file_name="Ring.3mf"), ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=1.0)

    html = text_of(browser.get(TRAY))

    places = [html.index(f'value="{job.pk}"') for job in (same, twin, here)]
    assert places == sorted(places)


def test_without_an_open_job_it_offers_a_new_one(browser, beside):
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=1.0)

    assert "No open job to link it to" in text_of(browser.get(TRAY))


def test_a_tray_without_prints_is_empty_but_there(browser):
    started_job()

    html = text_of(browser.get(TRAY))

    assert 'id="tray"' in html
    assert "Unmatched" not in html
