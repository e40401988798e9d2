"""POST /admin/print-queue/runs/{id}/unlink/."""

from printqueue.models import PrintRun
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
