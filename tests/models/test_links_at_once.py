"""What several people say of one print at the same moment: one of them is heard, and nothing is half done."""

from functools import partial

import pytest

from printqueue.models import InvalidTransition, JobState, PrintQueue, PrintRun, Who
from tests.factories import NOW, Client, make_job, make_printer
from tests.reports.test_races import ROUNDS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def unmatched() -> tuple[Client, PrintRun]:
    """A print without a job, and the client that reports it."""
    client = Client(make_printer())
    run = client.says("printing", run_key="1@0", file_name="odd.gcode", progress=40).run
    assert run is not None
    return client, run


def test_one_of_two_who_link_a_print_to_different_jobs_is_refused() -> None:
    for _ in range(ROUNDS):
        _client, run = unmatched()
        jobs = [make_job(), make_job()]

        outcomes = at_once(
            *(partial(job.link, PrintRun.objects.get(pk=run.pk), by=Who(), now=NOW, seen=None) for job in jobs)
        )

        run.refresh_from_db()
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.refresh_from_db()
            assert isinstance(outcome, InvalidTransition) == (run.job != job) == (job.state == JobState.READY)


def test_a_print_becomes_one_job_however_often_it_is_made_one() -> None:
    _client, run = unmatched()

    outcomes = at_once(*[lambda: PrintQueue.new_job(PrintRun.objects.get(pk=run.pk), by=Who(), now=NOW)] * 3)

    job = PrintQueue.objects.get()
    run.refresh_from_db()
    assert (run.job, job.state) == (job, JobState.PRINTING)
    assert sum(isinstance(outcome, InvalidTransition) for outcome in outcomes) == 2


def test_a_print_is_never_both_of_a_job_and_not_ours() -> None:
    for _ in range(ROUNDS):
        _client, run = unmatched()
        job = make_job()

        at_once(
            partial(job.link, PrintRun.objects.get(pk=run.pk), by=Who(), now=NOW, seen=None),
            partial(PrintRun.objects.get(pk=run.pk).not_ours, by=Who(), now=NOW),
        )

        run.refresh_from_db()
        assert (run.job, run.not_ours_at) == (job, None)


def test_a_print_that_ends_while_it_is_linked_counts_once() -> None:
    for _ in range(ROUNDS):
        client, run = unmatched()
        job = make_job(copies=2)

        at_once(
            partial(job.link, PrintRun.objects.get(pk=run.pk), by=Who(), now=NOW, seen=None),
            partial(client.says, "completed", run_key="1@0"),
        )

        job.refresh_from_db()
        assert (job.state, job.copies_done) == (JobState.READY, 1)
