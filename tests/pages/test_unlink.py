"""POST /admin/print-queue/runs/{id}/unlink/."""

import re

from django.utils import timezone

from printqueue.models import PrintRun, Who
from tests.pages.conftest import LIST, ready_job, text_of


def test_an_unlinked_print_gives_its_job_back_to_the_queue(browser, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=41.2)
    run = PrintRun.objects.get()

    response = browser.post(f"{LIST}runs/{run.pk}/unlink/", follow=True)

    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, run.job) == ("ready", None)
    assert f"no longer belongs to {job.code}" in text_of(response)


def test_unlinking_twice_is_harmless(browser, beside):
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=41.2)
    run = PrintRun.objects.get()

    response = browser.post(f"{LIST}runs/{run.pk}/unlink/", follow=True)

    assert "belongs to no job" in text_of(response)


def test_its_undo_gives_the_print_back(htmx, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=41.2)
    run = PrintRun.objects.get()

    response = htmx.post(f"{LIST}runs/{run.pk}/unlink/", {"job": job.pk})
    [undo] = re.findall(r'action="([^"]+)"', text_of(response))
    htmx.post(undo.replace("&amp;", "&"))

    job.refresh_from_db()
    assert (job.state, job.progress) == ("printing", 41.2)


def test_its_undo_gives_a_failed_print_back_to_a_failed_job(htmx, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=41.2)
    beside.says("failed", run_key="a")
    run = PrintRun.objects.get()

    response = htmx.post(f"{LIST}runs/{run.pk}/unlink/", {"job": job.pk})
    [undo] = re.findall(r'action="([^"]+)"', text_of(response))
    job.refresh_from_db()
    assert job.state == "ready"
    htmx.post(undo.replace("&amp;", "&"))

    job.refresh_from_db()
    assert (job.state, job.progress, job.current_run) == ("failed", 41.2, run)


def test_a_print_that_belongs_to_another_job_by_now_stays_there(htmx, beside):
    seen, present = ready_job(), ready_job()
    beside.says("printing", run_key="a", file_name="strange.gcode", progress=41.2)
    run = PrintRun.objects.get()
    present.link(run, by=Who(), now=timezone.now())

    response = htmx.post(f"{LIST}runs/{run.pk}/unlink/", {"job": seen.pk})

    run.refresh_from_db()
    assert (response.status_code, run.job) == (409, present)


def test_a_running_print_taken_off_a_closed_job_has_no_way_back_and_offers_none(htmx, beside):
    job = ready_job(print_file_name="ring.gcode")
    beside.says("printing", run_key="a", file_name="ring.gcode", progress=41.2)
    job.refresh_from_db()
    job.cancel(by=Who(), now=timezone.now())

    html = text_of(htmx.post(f"{LIST}runs/{PrintRun.objects.get().pk}/unlink/", {"job": job.pk}))

    assert "no longer belongs to" in html
    assert "Undo" not in html
