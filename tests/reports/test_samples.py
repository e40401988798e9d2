"""What is kept of a run's reports, as rows."""

import logging
from datetime import timedelta
from itertools import pairwise

import pytest

from printqueue import history
from printqueue.access import Actor
from printqueue.history import Course, Point
from printqueue.models import Printer, PrintRun, Sample
from tests.courses import THREE_DAY_PRINTS, farthest, kept_of, often_silent, reported
from tests.factories import Client, make_job, make_key, make_printer
from tests.telling import tell

logger = logging.getLogger(__name__)

pytestmark = pytest.mark.django_db
ROUNDING = 1e-6
SERIAL = "left"


@pytest.fixture
def printer() -> Printer:
    return make_printer(SERIAL)


@pytest.fixture
def client(printer: Printer) -> Client:
    return Client(printer)


def percents() -> list[float]:
    return [sample.progress for sample in Sample.objects.all()]


def told(points: list[Point], *, at_once: int, actor: Actor) -> list[float]:
    """Let the printer say these points, so many in a call; return how long each call took, in seconds."""
    return tell(points, serial=SERIAL, actor=actor, at_once=at_once)


def stored() -> list[Point]:
    return [sample.point for sample in Sample.objects.all()]


def test_a_report_that_goes_on_as_before_moves_the_last_sample(client: Client) -> None:
    client.says("printing", run_key="1@0", progress=10, layer=1, nozzle_c=210)
    client.says("printing", run_key="1@0", progress=11, layer=2, nozzle_c=211)
    first, last = Sample.objects.values_list("pk", flat=True)

    client.says("printing", run_key="1@0", progress=12, layer=3, nozzle_c=212)

    assert list(Sample.objects.values_list("pk", flat=True)) == [first, last]
    sample = Sample.objects.get(pk=last)
    assert (sample.at, sample.progress, sample.layer, sample.nozzle_c) == (client.now, 12, 3, 212)


def test_a_report_off_the_line_is_a_sample_more(client: Client) -> None:
    for percent in (10, 11, 12, 12, 12):
        client.says("printing", run_key="1@0", progress=percent)

    assert percents() == [10, 12, 12]


def test_progress_that_a_job_gets_is_kept_alike(client: Client) -> None:
    job = make_job()
    for percent in (10, 11, 12, 12, 12, 100):
        client.put(job, percent)

    assert percents() == [10, 12, 12, 100]
    assert list(Sample.objects.values_list("state", flat=True)) == ["printing"] * 3 + ["completed"]


def test_a_change_of_state_keeps_what_was_before(client: Client) -> None:
    for state, percent in (("printing", 10), ("printing", 11), ("printing", 12), ("paused", 12), ("paused", 12)):
        client.says(state, run_key="1@0", progress=percent)

    samples = list(Sample.objects.values_list("state", "progress"))
    assert samples == [("printing", 10), ("printing", 12), ("paused", 12), ("paused", 12)]


def test_a_silence_is_a_gap_although_the_printer_went_on_as_before(client: Client) -> None:
    for percent in (1, 2, 3):
        client.says("printing", run_key="1@0", progress=percent)
    client.says("printing", run_key="1@0", progress=83, after_seconds=400)
    client.says("printing", run_key="1@0", progress=84)

    assert list(Sample.objects.values_list("progress", "follows_gap")) == [
        (1, False), (3, False), (83, True), (84, False),
    ]  # fmt: skip


def test_a_run_that_a_printer_takes_up_again_goes_on_with_its_samples(client: Client) -> None:
    for state in ("printing", "printing", "unknown_end", "printing", "printing"):
        client.says(state, run_key="1@0", progress=50)

    assert list(Sample.objects.values_list("state", flat=True)) == [
        "printing", "printing", "unknown_end", "printing", "printing",
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 7, 200])
def test_what_is_kept_does_not_depend_on_how_reports_come_in(
    printer: Printer, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    points = reported(lambda n: [n * 7 % 50, n // 5, 200 + n % 3, None], lambda n: "printing", 200)

    told(points, at_once=at_once, actor=Actor(key=make_key()[0]))

    kept, course = kept_of(points)
    assert stored() == [one.point for one in kept]
    assert Course.read(PrintRun.objects.get().course) == course


@pytest.mark.parametrize("at_once", [1, 7, 200])
def test_a_run_with_too_many_samples_is_thinned_out(
    printer: Printer, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(history, "MOST_KEPT", 30)
    monkeypatch.setattr(history, "ROOM", 25)
    points = reported(lambda n: [n * 7919 % 101], reports=200)

    told(points, at_once=at_once, actor=Actor(key=make_key()[0]))

    numbers = list(Sample.objects.values_list("number", flat=True))
    assert 10 < len(numbers) <= 30
    assert numbers == sorted(numbers)
    assert (stored()[0], stored()[-1]) == (points[0], points[-1])
    course = Course.read(PrintRun.objects.get().course)
    assert (course.size, course.number) == (len(numbers), numbers[-1])


def test_the_samples_of_another_run_stay_when_one_is_thinned_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Client(make_printer())
    for percent in (10, 20, 20, 30):
        other.says("printing", run_key="1@0", progress=percent)
    before = list(Sample.objects.values())
    monkeypatch.setattr(history, "MOST_KEPT", 30)
    monkeypatch.setattr(history, "ROOM", 25)

    told(reported(lambda n: [n * 7919 % 101], reports=60), at_once=60, actor=Actor(key=client.key))

    assert list(Sample.objects.filter(run__printer=other.printer).values()) == before


@pytest.mark.parametrize("at_once", [1, 60])
def test_a_gap_whose_beginning_was_dropped_is_none_any_more(
    printer: Printer, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(history, "MOST_KEPT", 30)
    monkeypatch.setattr(history, "ROOM", 25)
    points = often_silent(lambda n: n * 7919 % 101, 60)

    told(points, at_once=at_once, actor=Actor(key=make_key()[0]))

    gaps = [after.at - before.at for before, after in pairwise(Sample.objects.all()) if after.follows_gap]
    assert max(gaps, default=timedelta()) <= timedelta(seconds=95)


@pytest.mark.sqlite_only  # PostgreSQL sorts few rows sooner than it looks at an index
def test_the_samples_of_a_run_are_found_and_sorted_by_an_index(client: Client) -> None:
    client.says("printing", run_key="1@0", progress=10)

    plan = PrintRun.objects.get().samples.all().explain()

    assert "SEARCH printqueue_sample USING INDEX" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.slow
def test_three_days_of_reports_leave_a_thousand_samples_at_most_and_half_a_percent(printer: Printer) -> None:
    points = THREE_DAY_PRINTS["with temperatures that waver"]()

    took = told(points, at_once=270, actor=Actor(key=make_key()[0]))

    drawn, tenth = stored(), len(took) // 10
    off, ratio = farthest(points, drawn), sum(took[-tenth:]) / sum(took[:tenth])
    logger.info("%d samples of %d reports, %.3f %% off, last tenth ÷ first %.2f", len(drawn), len(points), off, ratio)
    assert len(drawn) <= history.MOST_KEPT
    assert off <= 0.5 + ROUNDING
