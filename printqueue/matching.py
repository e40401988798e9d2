"""Which job a run belongs to, and why. Pure: facts in, a decision out.

Never a guess: what is not certain stays without a job until a person says. What can speak for a job, in this order: its
code in the file name; that it was started on this very printer, and the file agrees; the file, when no other job has
it; customer and design in the file name. Whatever speaks against it, or for another, makes it a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cached_property
from typing import Final

from printqueue.file_words import FileName, WrittenCode, are_apart, phrase_keys, tells_what, tells_who, words_key
from printqueue.protocol import file_name_key

NAMED_IN_CALL: Final = "named in the call"
CODE_IN_NAME: Final = "file name has job code {code}"
STARTED_HERE: Final = "started on this printer, with this file"
ONLY_OPEN_JOB: Final = "only open job with this file"
NEXT_COPY: Final = "next in the queue of {count} jobs with this file for this customer"
NAMED_IN_NAME: Final = "only open job whose customer and design are in the file name"
SAME_STAMP: Final = "customer, design and time stamp are in the file name"

START_HOLDS_FOR: Final = timedelta(minutes=30)
"""How far apart "it is being printed" and the first sign of the print may be, to be about the same print."""

MOST_SUGGESTIONS: Final = 5


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run that just began."""

    printer_id: int
    file_name: str
    started_at: datetime


class Standing(Enum):
    """Whether a job can take a run, and if not, whether the run may be its all the same."""

    OPEN = auto()  # it can
    LOST = auto()  # it can: nobody knows how its last print ended, which may have been begun anew on any printer
    BUSY = auto()  # its last copy is on a machine
    WANTS_MORE = auto()  # one copy is on a machine, and others are to be printed
    FAILED = auto()  # its print failed or was cancelled lately, and may have been begun anew
    ENDED = auto()  # it is done

    @property
    def may_go_on(self) -> bool:
        """Whether the next print of its file may well be its, though it cannot take it."""
        return self in {Standing.WANTS_MORE, Standing.FAILED}

    @property
    def is_wanted(self) -> bool:
        """Whether it is not over."""
        return self not in {Standing.FAILED, Standing.ENDED}


@dataclass(frozen=True)
class OpenJob:
    """A job that a run may be linked to, or that it may be though it cannot be linked (`standing`).

    `printer_id` is the printer it is bound to, None for any; `place` counts in the order of the queue; `started_at` is
    when somebody said that it is being printed, while no run is known; `printed` are the normalised names of the files
    that were printed for it, as far as that is known of a job that wants no more.
    """

    pk: int
    code: str
    design_name: str
    customer_id: str
    file_name: str
    printer_id: int | None
    place: int
    started_at: datetime | None
    standing: Standing = Standing.OPEN
    printed: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it can take a run."""
        return self.standing in {Standing.OPEN, Standing.LOST}

    def is_same_wish_as(self, other: OpenJob) -> bool:
        """Whether a print of one may as well be the other's: the same file of the same design for the same customer."""
        return self._wish == other._wish and bool(self._wish[0])

    @property
    def _wish(self) -> tuple[str, str, str]:
        customer, design = (text.strip().casefold() for text in (self.customer_id, self.design_name))
        return customer, design, file_name_key(self.file_name)


@dataclass(frozen=True)
class Match:
    """The job, and the reason in words that the page shows."""

    job_id: int
    reason: str


@dataclass(frozen=True)
class Suggestion:
    """A job that it may be, and what speaks for and against it, in words that the page shows."""

    job_id: int
    reason: str


@dataclass(frozen=True)
class Ambiguous:
    """Nobody but a person can say; the likeliest job first."""

    suggestions: tuple[Suggestion, ...]


def match(run: RunFacts, jobs: Iterable[OpenJob]) -> Match | Ambiguous:
    """Return the one job that `run` must be a print of, or the open ones that it may be.

    `jobs` come in any order: all that are not over or that ended lately, or of these at least those whose code, file or
    customer is in the name, that are said to be on this printer, and one of each wanted design that is in the name.
    """
    evidence = _Evidence(run, sorted(jobs, key=lambda job: (job.place, job.pk)))
    rules: Sequence[Callable[[], Match | bool]] = (
        evidence.by_code,
        evidence.by_start,
        evidence.by_file,
        evidence.by_parts,
    )
    for rule in rules:
        found = rule()
        if isinstance(found, Match):
            return found
        if found:
            break
    return Ambiguous(evidence.suggestions)


class _Evidence:
    """What speaks for which of the jobs. A rule returns its match, True for a question, False when it has no say."""

    def __init__(self, run: RunFacts, jobs: list[OpenJob]) -> None:
        self.run, self.jobs, self.name = run, jobs, FileName(run.file_name)

    # ------------------------------------------------------------------ the rules

    def by_code(self) -> Match | bool:
        """The code of one job, and nothing that says it is another."""
        if not any(job.is_open for job in self.coded):
            return False
        meant = [job for job in self.coded if job.is_open or not self._is_in_file_of_coded(job)]
        if len(meant) == 1 and not self.name.is_cut and self._nothing_speaks_against(meant[0]):
            return self._match(meant, CODE_IN_NAME.format(code=meant[0].code))
        return True

    def by_start(self) -> Match | bool:
        """A job of which somebody said that it is being printed here, and the file agrees."""
        started = [job for job in self.started_here if job in self.with_this_file]
        return self._match(started, STARTED_HERE) if started else False

    def by_file(self) -> Match | bool:
        """The only job that wants this file; jobs of one customer take their turns."""
        if not self.with_this_file:
            return False
        wanting = [job for job in self.with_this_file if job.is_open or job.standing.may_go_on]
        # Whoever asks for a done job's file, with its code in it, is served; one that is not done may be meant itself.
        meant = [job for job in self.coded if job.standing != Standing.ENDED and job not in wanting]
        return self._match(wanting + meant, ONLY_OPEN_JOB)

    def by_parts(self) -> Match | bool:
        """The only job whose customer and design are both in the name, and no other's."""
        if self.coded or self.name.is_cut:
            return True
        found = self._match(self._same_stamp or self.named, SAME_STAMP if self._same_stamp else NAMED_IN_NAME)
        is_alone = isinstance(found, Match) and all(self._names_no_other(job) for job in self.named if job.is_open)
        return found if is_alone else True

    def _match(self, jobs: list[OpenJob], reason: str) -> Match | bool:
        """The first of `jobs` in the queue, if it makes no difference which."""
        here = [job for job in jobs if self._can_take(job)]
        if not here:
            return True
        # Jobs wanted elsewhere are not in the way of those that are wanted here.
        if all(job.printer_id == self.run.printer_id for job in here):
            jobs = [job for job in jobs if job in here or job.standing != Standing.OPEN]
        if not all(job.is_same_wish_as(here[0]) for job in jobs if job != here[0]):
            return True
        first = here[0]
        return Match(first.pk, NEXT_COPY.format(count=len(here)) if len(here) > 1 else reason)

    def _can_take(self, job: OpenJob) -> bool:
        return job.is_open and job.printer_id in (None, self.run.printer_id)

    # ------------------------------------------------------------------ what speaks for a job

    @cached_property
    def coded(self) -> list[OpenJob]:
        """The jobs whose code is in the name."""
        words = self.name.codes
        return [job for job in self.jobs if any(word.code == job.code and self._is_code(word, job) for word in words)]

    def _is_in_file_of_coded(self, older: OpenJob) -> bool:
        """Whether an open job whose code is in the name too wants a file that has the code of this one, as after
        "print again"."""
        files = [FileName(job.file_name) for job in self.coded if job.is_open]
        return any(word.code == older.code for file in files for word in file.codes)

    def _is_code(self, word: WrittenCode, job: OpenJob) -> bool:
        """Whether `word` means the job: a word that may be a measure does only beside the job's customer."""
        customer = words_key(job.customer_id)
        return word.is_sure or (
            tells_who(customer)
            and any(are_apart(place, (word.start, word.end)) for place in self.name.places(customer))
        )

    def _may_be_coded(self, job: OpenJob) -> bool:
        return any(word.code == job.code for word in self.name.codes)

    @cached_property
    def with_this_file(self) -> list[OpenJob]:
        """The jobs with the very file."""
        key = self.name.key
        return [job for job in self.jobs if key and file_name_key(job.file_name) == key]

    @cached_property
    def started_here(self) -> list[OpenJob]:
        """The jobs of which somebody said, about when this run began, that they are being printed on this printer."""
        return [
            job
            for job in self.jobs
            if self._can_take(job)
            and job.printer_id == self.run.printer_id
            and job.started_at is not None
            and abs(self.run.started_at - job.started_at) <= START_HOLDS_FOR
        ]

    @cached_property
    def named(self) -> list[OpenJob]:
        """The jobs whose customer and design are both in the name, but for those that were printed with other names."""
        return [job for job in self.jobs if self._names_both(job) and not self._had_other_files(job)]

    def _had_other_files(self, job: OpenJob) -> bool:
        wants_no_more = not job.is_open and not job.standing.may_go_on
        return wants_no_more and bool(job.printed) and self.name.key not in job.printed

    def _names_both(self, job: OpenJob) -> bool:
        customer, design = words_key(job.customer_id), words_key(job.design_name)
        if not (tells_who(customer) and tells_what(design)):
            return False
        places = self.name.places(design)
        return any(are_apart(who, what) for who in self.name.places(customer) for what in places)

    @cached_property
    def _same_stamp(self) -> list[OpenJob]:
        """Of several named jobs those whose file has the time stamp of this one."""
        stamps = self.name.stamps
        if not stamps or len(self.named) < 2:
            return []
        return [job for job in self.named if FileName(job.file_name).stamps == stamps]

    # ------------------------------------------------------------------ what speaks against it

    def _nothing_speaks_against(self, job: OpenJob) -> bool:
        """Whether nothing says that it is another's, although its code is in the name: file, start, customer, design."""
        if job not in self.with_this_file:
            return not self.with_this_file and self._names_no_other(job)
        started = [other for other in self.started_here if other in self.with_this_file]
        return all(other == job or other.is_same_wish_as(job) for other in started)

    def _names_no_other(self, job: OpenJob) -> bool:
        """Whether all customers and designs in the name are the job's."""
        customer, design = words_key(job.customer_id), words_key(job.design_name)
        # "Ring" may be a customer, or a part of the design.
        customers = {key for key in self._customers if key == customer or key not in phrase_keys(job.design_name)}
        designs = self._designs - {customer}
        return customers <= {customer} and designs <= {design}

    @cached_property
    def _customers(self) -> set[str]:
        """The customers in the name. A time of day is one only if that customer is waiting for something."""
        known = {(words_key(job.customer_id), job.standing.is_wanted) for job in self.jobs}
        named = {key for key, is_wanted in known if tells_who(key) and (is_wanted or self.name.places(key))}
        return self._longest(named)

    @cached_property
    def _designs(self) -> set[str]:
        """The designs in the name that are still wanted."""
        wanted = {words_key(job.design_name) for job in self.jobs if job.standing.is_wanted}
        return self._longest(set(filter(tells_what, wanted)))

    def _longest(self, keys: set[str]) -> set[str]:
        """Return those in the name, without what is only a part of another: of "ring" and "ring 7" the latter."""
        named = keys & self.name.phrases
        return {key for key in named if self.name.stands_apart(key, named)}

    # ------------------------------------------------------------------ what a person may choose from

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """The open jobs for which anything speaks, the likeliest first."""
        ranked = [(weight, job, reason) for job in self.jobs if job.is_open for weight, reason in [self._weighed(job)]]
        ranked.sort(key=lambda found: -found[0])
        return tuple(Suggestion(job.pk, reason) for weight, job, reason in ranked[:MOST_SUGGESTIONS] if weight)

    def _weighed(self, job: OpenJob) -> tuple[float, str]:
        """Return how much speaks for the job, and what, in words."""
        customer, design = words_key(job.customer_id), words_key(job.design_name)
        may_speak = [
            (20, CODE_IN_NAME.format(code=job.code), job in self.coded),
            (10, "has this file", job in self.with_this_file),
            (6, "started on this printer", job in self.started_here),
            (3, "customer is in the file name", tells_who(customer) and customer in self.name.phrases),
            (2, "design is in the file name", tells_what(design) and design in self.name.phrases),
            (1, f"job code {job.code} may be in the file name", job not in self.coded and self._may_be_coded(job)),
        ]
        speak = [(weight, words) for weight, words, is_so in may_speak if is_so]
        if not speak:
            return (1, "wanted on this printer") if job.printer_id == self.run.printer_id else (0, "")
        total, reason = sum(weight for weight, _ in speak), ", ".join(words for _, words in speak)
        return (total, reason) if self._can_take(job) else (total / 2, f"{reason}, but wanted on another printer")
