"""What one transaction writes at its end: each row once, however many reports moved it."""

from __future__ import annotations

from collections.abc import Sequence

from printqueue.history import Course
from printqueue.live.revisions import Change, Revisioned, save_revised
from printqueue.models import Fact, PrintRun, Sample
from printqueue.models.run import OBSERVED_FIELDS
from printqueue.rows import Written


class Rows:
    """Collects changes; `save` writes rows of one kind together. The caller has locked them."""

    def __init__(self) -> None:
        self._runs: dict[int, PrintRun] = {}
        self._samples: dict[tuple[int, int], Sample] = {}  # by run and number
        self._courses: dict[int, Course] = {}
        self._changes: dict[tuple[type[Revisioned], int], Change] = {}
        self._facts: list[Fact] = []

    def observed(self, run: PrintRun) -> None:
        """Note that `run` was observed, and that its state stayed as it was."""
        self._runs[run.pk] = run

    def sampled(self, sample: Sample) -> None:
        """Note what was seen of a run that is saved already: one sample more, or its last one moved on."""
        run = self._runs.setdefault(sample.run.pk, sample.run)
        course = self._courses.get(run.pk) or Course.read(run.course)
        self._courses[run.pk] = course = course.after(sample.point)
        sample.number, sample.follows_gap = course.number, course.follows_gap
        self._samples[run.pk, sample.number] = sample

    @property
    def facts(self) -> Sequence[Fact]:
        """What happened, and is yet to be written."""
        return self._facts

    def happened(self, facts: list[Fact]) -> None:
        """Note what happened to runs that are saved already."""
        self._facts += facts

    def change(self, change: Change) -> None:
        """Note what changed of a job or a printer."""
        place = (type(change.row), change.row.pk)
        earlier = self._changes.get(place)
        self._changes[place] = change if earlier is None else earlier.merged(change)

    def save(self) -> None:
        """Write everything; rows that pages show get their revisions, in the order in which they changed first."""
        for pk, course in self._courses.items():
            self._runs[pk].course = (self._thinned(pk, course) if course.is_full else course).written
        if self._facts:
            # What happens to a run once may be told again, and was written then.
            Fact.objects.bulk_create(self._facts, ignore_conflicts=True)
        runs = Written(list(self._runs.values()), OBSERVED_FIELDS)
        samples = Written(list(self._samples.values()), in_place_of=("run", "number"))
        save_revised(list(self._changes.values()), runs, samples)

    def _thinned(self, run_pk: int, course: Course) -> Course:
        """Drop samples of the run, of which there are too many; return its course from then on."""
        stored = {sample.number: sample for sample in Sample.objects.filter(run=run_pk)}
        ours = {number: sample for (run, number), sample in self._samples.items() if run == run_pk}
        every = {**stored, **ours}
        stay, course = course.thinned([every[number].kept for number in sorted(every)])
        numbers = [one.number for one in stay]
        # What stays is named: that is never many, however many there were.
        Sample.objects.filter(run=run_pk).exclude(number__in=numbers).delete()
        for number in ours.keys() - {*numbers}:
            del self._samples[run_pk, number]
        for one in stay:
            if one.follows_gap != every[one.number].follows_gap:
                every[one.number].follows_gap = one.follows_gap
                self._samples[run_pk, one.number] = every[one.number]
        return course
