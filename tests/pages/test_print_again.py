"""GET and POST /admin/print-queue/{id}/print-again/."""

from printqueue.models import PrintQueue
from tests.pages.conftest import LIST, ended_job, text_of


def test_the_form_holds_what_the_job_wished(browser):
    job = ended_job(design_name="Spiral", customer_id="C-77", copies=2)

    html = text_of(browser.get(f"{LIST}{job.pk}/print-again/"))

    for value in ("Spiral", "C-77", job.print_file_name, "2"):
        assert f'value="{value}"' in html


def test_it_makes_another_job_and_leaves_the_first_as_it_is(browser):
    job = ended_job()
    fields = {"design_name": "Spiral", "print_file_name": job.print_file_name, "copies": "1"}

    response = browser.post(f"{LIST}{job.pk}/print-again/", fields)

    made = PrintQueue.objects.exclude(pk=job.pk).get()
    job.refresh_from_db()
    assert response["Location"] == f"{LIST}{made.pk}/"
    assert (job.state, made.state) == ("completed", "ready")
