"""What holds of every decision, whatever the jobs and the file name."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from printqueue.file_names import certain_name
from printqueue.file_words import FileName, words_key
from printqueue.matching import CODE_IN_NAME, Ambiguous, Match, OpenJob, RunFacts, Standing, match
from printqueue.protocol import file_name_key
from tests.matching.shops import NOW, jobs, queues, runs


@given(runs, queues(), st.randoms(use_true_random=False))
def test_the_order_of_the_jobs_decides_nothing(run, queue, random):
    shuffled = random.sample(queue, len(queue))

    assert match(run, shuffled) == match(run, queue)


@given(runs, queues())
def test_only_an_open_job_that_is_not_bound_to_another_printer_is_taken(run, queue):
    found = match(run, queue)

    if isinstance(found, Match):
        [taken] = [job for job in queue if job.pk == found.job_id]
        assert taken.is_open
        assert taken.printer_id in (None, run.printer_id)


@given(runs, queues(), jobs("5Z5Z", 99))
def test_an_unrelated_job_never_makes_another_match_of_a_match(run, queue, another):
    before = match(run, queue)

    after = match(run, [*queue, another])

    if isinstance(before, Match) and isinstance(after, Match) and not is_related(another, run):
        assert after == before


def is_related(job: OpenJob, run: RunFacts) -> bool:
    """Whether the job's file, or its customer and design, are what is printed; its code is in no name here."""
    name = FileName(run.file_name)
    has_file = file_name_key(job.file_name) == file_name_key(run.file_name)
    return has_file or {words_key(job.customer_id), words_key(job.design_name)} <= name.phrases


@given(runs, queues())
def test_a_job_with_its_code_in_the_name_is_never_passed_over_for_one_without(run, queue):
    found = match(run, queue)

    coded = [
        job for job in queue if any(word.is_sure and word.code == job.code for word in FileName(run.file_name).codes)
    ]
    if isinstance(found, Match) and any(job.standing == Standing.OPEN for job in coded):
        assert found.job_id in {job.pk for job in coded}


@given(runs, queues())
def test_what_is_suggested_is_open_and_suggested_once(run, queue):
    found = match(run, queue)

    if isinstance(found, Ambiguous):
        suggested = [suggestion.job_id for suggestion in found.suggestions]
        assert len(set(suggested)) == len(suggested) <= 5
        assert set(suggested) <= {job.pk for job in queue if job.is_open}
        assert all(suggestion.reason for suggestion in found.suggestions)


@given(runs, queues())
def test_two_jobs_of_different_customers_with_one_file_are_a_question_unless_something_else_decides(run, queue):
    run = replace(run, file_name="shared.gcode", started_at=NOW)
    alike = [replace(job, file_name="shared.gcode", started_at=None, printer_id=None) for job in queue]

    found = match(run, alike)

    wanting = [job for job in alike if job.is_open or job.standing.may_go_on]
    if len({job.customer_id for job in wanting}) > 1:
        assert isinstance(found, Ambiguous)


@given(queues(), jobs("5Z5Z", 99))
def test_the_certain_file_name_of_an_open_job_is_certain_whatever_else_is_wanted(queue, wanted):
    wanted = replace(wanted, printer_id=None, standing=Standing.OPEN)
    name = certain_name(wanted.design_name, wanted.code, wanted.file_name)

    found = match(RunFacts(1, name, NOW), [*queue, wanted])

    assert found == Match(wanted.pk, CODE_IN_NAME.format(code=wanted.code))
