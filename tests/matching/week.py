"""A week in a workshop, invented from a seed: what was wanted, what people did, what printers said, and the truth.

The truth of a print is the job whose thing is in the file, whatever the file is called and whoever thinks otherwise.
Jobs with the same customer, design and file are one wish written twice: a print of one may count for the other.

Some mistakes leave no trace in anything that is reported, and no program could tell them from a right print. They are
not made here: a file with nothing in its name but the code of another job; a shared file printed for a customer whose
job is entered only afterwards, or at another printer than the one that staff just said, or once too often; a stranger's
file with the very name that a job gives.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Literal

from printqueue.models.code import new_code
from tests.matching.names import (
    DESIGNS,
    FAMILIES,
    FOREIGN,
    OLD_CODES,
    STANDARD,
    SURNAMES,
    as_saved,
    as_shown,
    cut,
    meaningless,
    with_code,
    with_parts,
)

MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
Verb = Literal["open", "start", "cancel", "fail", "complete", "retry", "print", "look into the tray"]
Kind = Literal["code", "plain", "nonsense"]


@dataclass
class Wish:
    """A job, as it is entered; `printer` is the number of the one it is wanted on."""

    number: int
    code: str
    design: str
    customer: str
    kind: Kind
    file_name: str
    copies: int
    rush: bool
    printer: int | None
    is_strict: bool  # whether those who print it keep to that printer, and to one printer for all copies
    stem: str  # how the one who slices it calls the file
    opened_at: datetime
    to_print: int = 0
    last: datetime | None = None  # when it was last put on a printer, and on which
    last_printer: int | None = None
    not_before: datetime = MONDAY  # when it is known that it must be printed again

    @property
    def has_shared_file(self) -> bool:
        """Whether nothing in the name of its file says for whom it is."""
        return self.stem in DESIGNS

    def is_same_as(self, other: Wish) -> bool:
        """Whether a print of one may as well be the other's."""
        own, others = ((wish.customer, wish.design, wish.file_name) for wish in (self, other))
        return self is other or (bool(self.customer) and own == others)


@dataclass(frozen=True)
class Said:
    """What a printer says of a print at one moment."""

    state: str
    progress: float | None = None


@dataclass
class Print:
    """One physical print; `wish` is the truth, None for a stranger's. `how` tells what is special about its name."""

    number: int
    printer: int
    wish: Wish | None
    file_name: str
    how: str

    @property
    def is_wanted(self) -> bool:
        """Whether a job asked for it, and not for something that was printed already."""
        return self.wish is not None and self.how not in {"started twice", "an old file again"}

    @property
    def run_key(self) -> str:
        return f"{self.number}@0"


@dataclass(frozen=True, order=True)
class Event:
    """Somebody does something, or (verb "print") a printer says something."""

    at: datetime
    number: int
    verb: Verb = field(compare=False)
    wish: Wish | None = field(default=None, compare=False)
    printer: int = field(default=0, compare=False)
    print: Print | None = field(default=None, compare=False)
    said: Said | None = field(default=None, compare=False)


class Week:
    """`events` in the order of time, and `prints` with their truth."""

    def __init__(self, seed: int, *, jobs: int = 2_000, printers: int = 20, days: int = 7) -> None:
        self.rng = Random(seed)  # noqa: S311 - the same week each time
        self.printers, self.days = printers, days
        self.prints: list[Print] = []
        self._events: list[Event] = []
        self._twice: list[Print] = []  # what somebody will start once more by mistake
        self.wishes = self._wishes(jobs)
        self._work()
        self.events = sorted(self._events)

    # ------------------------------------------------------------------ what is wanted

    def _wishes(self, jobs: int) -> list[Wish]:
        rng = self.rng
        times = sorted(self._moment_of_work() for _ in range(jobs))
        codes = self._codes(jobs)
        wishes: list[Wish] = []
        for number, (at, code) in enumerate(zip(times, codes, strict=True)):
            kind: Kind = rng.choices(("code", "plain", "nonsense"), (60, 30, 10))[0]
            if wishes and rng.random() < 0.06:
                earlier = rng.choice(wishes)
                design, customer = earlier.design, earlier.customer
            else:
                design, customer = rng.choice(DESIGNS), self._customer()
            stem, file_name = self._file(kind, code, design, customer)
            if wishes and (design, customer) == (wishes[-1].design, wishes[-1].customer) and rng.random() < 0.5:
                file_name = wishes[-1].file_name
            wish = Wish(
                number=number,
                code=code,
                design=design,
                customer=customer,
                kind=kind,
                file_name=file_name,
                copies=rng.choices((1, 2, 3), (93, 5, 2))[0],
                rush=rng.random() < 0.05,
                printer=rng.randrange(self.printers) if rng.random() < 0.08 else None,
                is_strict=True,
                stem=stem,
                opened_at=at,
            )
            wish.is_strict = rng.random() < (0.75 if wish.copies > 1 else 0.97)
            wish.to_print = wish.copies
            wishes.append(wish)
        return wishes

    def _codes(self, jobs: int) -> list[str]:
        codes = dict.fromkeys(new_code(4, self.rng.choice) for _ in range(jobs + jobs // 100 + 10))
        given = list(codes)[:jobs]
        for place, old in zip(self.rng.sample(range(jobs), min(jobs // 20, len(OLD_CODES))), OLD_CODES, strict=False):
            given[place] = old
        return given

    def _customer(self) -> str:
        number = self.rng.randrange(1000, 1600)
        forms = [f"C-{number}", f"C-{number}", f"P{number}", str(number), self.rng.choice(SURNAMES), ""]
        return self.rng.choices(forms, (30, 25, 15, 5, 17, 8))[0]

    def _file(self, kind: Kind, code: str, design: str, customer: str) -> tuple[str, str]:
        """Return how the file is called by who slices it (no suffix), and by who enters the job."""
        rng = self.rng
        own = f"{design} {customer or 'stock'} {rng.randrange(100):02d}"
        if kind == "code":
            entered = as_saved(rng.choice([own, design]), rng)
            return with_code(code, design, customer, rng), entered
        if kind == "nonsense":
            stem = meaningless(rng)
            return (stem, as_saved(stem, rng)) if rng.random() < 0.5 else (stem, as_saved(own, rng))
        form = rng.random()
        if form < 0.25 and design in STANDARD:
            return design, as_saved(design, rng)
        if form < 0.45 and customer:
            return with_parts(design, customer, rng), as_saved(rng.choice([own, design]), rng)
        return own, as_saved(own, rng)

    # ------------------------------------------------------------------ what is done

    def _moment_of_work(self) -> datetime:
        day = self.rng.randrange(self.days)
        return MONDAY + timedelta(days=day, seconds=self.rng.randrange(6 * 3600, 19 * 3600))

    def _note(self, at: datetime, verb: Verb, wish: Wish | None = None, *, printer: int = 0) -> None:
        self._events.append(Event(at, len(self._events), verb, wish, printer))

    def _work(self) -> None:
        """Put a print on each printer that is free, as long as somebody is there."""
        rng = self.rng
        end = MONDAY + timedelta(days=self.days)
        free = [(MONDAY + timedelta(hours=6, seconds=rng.randrange(3600)), number) for number in range(self.printers)]
        heapq.heapify(free)
        coming, waiting = self.wishes[::-1], list[Wish]()
        while free:
            at, printer = heapq.heappop(free)
            if at >= end:
                continue
            if not 6 <= at.hour < 21:
                heapq.heappush(
                    free, (at.replace(hour=6) + timedelta(days=at.hour >= 6, minutes=rng.randrange(50)), printer)
                )
                continue
            while coming and coming[-1].opened_at <= at:
                waiting.append(coming.pop())
            waiting = [wish for wish in waiting if wish.to_print > 0]
            heapq.heappush(free, (self._use(printer, at, waiting), printer))
        for wish in self.wishes:
            self._note(wish.opened_at, "open", wish)
        for minutes in range(0, self.days * 24 * 60, 20):
            self._note(MONDAY + timedelta(minutes=minutes), "look into the tray")

    def _use(self, printer: int, at: datetime, waiting: list[Wish]) -> datetime:
        """Begin something on `printer`; return when it is free again."""
        rng = self.rng
        if rng.random() < 0.03:
            return self._stranger(printer, at)
        if self._twice and self._twice[0].printer != printer:
            first = self._twice.pop()
            name = first.file_name
            return self._say(Print(len(self.prints), printer, first.wish, name, "started twice"), at, "completed")
        wish = self._next(printer, [wish for wish in waiting if wish.not_before <= at])
        if wish is None:
            return at + timedelta(minutes=10)
        if rng.random() < 0.02 and not wish.last:
            self._note(at, "cancel", wish)
            wish.to_print = 0
            return at + timedelta(minutes=3)
        return self._print(wish, printer, at)

    def _next(self, printer: int, waiting: list[Wish]) -> Wish | None:
        """Most often the first that may go on this printer; sometimes one that is wanted elsewhere all the same."""
        rng = self.rng
        mine = [wish for wish in waiting if not wish.is_strict or self._place_of(wish) in (None, printer)]
        mine.sort(key=lambda wish: (not wish.rush, wish.last or wish.opened_at, wish.number))
        if not mine:
            return None
        return mine[0] if rng.random() < 0.7 else rng.choice(mine[:10])

    def _place_of(self, wish: Wish) -> int | None:
        """The printer that it should go on."""
        return wish.last_printer if wish.copies > 1 and wish.last_printer is not None else wish.printer

    def _stranger(self, printer: int, at: datetime) -> datetime:
        """A print that nobody asked for: a test piece, or an old file once more."""
        rng = self.rng
        done = [print for print in self.prints if print.wish is not None and print.wish.to_print == 0]
        old = [print for print in done if print.wish is not None and not print.wish.has_shared_file]
        if old and rng.random() < 0.2:
            again = rng.choice(old)
            return self._say(
                Print(len(self.prints), printer, again.wish, again.file_name, "an old file again"), at, "completed"
            )
        name = as_shown(as_saved(rng.choice(FOREIGN), rng), self._family(printer), rng)
        return self._say(Print(len(self.prints), printer, None, name, "a stranger's"), at, "completed")

    def _print(self, wish: Wish, printer: int, at: datetime) -> datetime:
        rng = self.rng
        wish.to_print -= 1
        is_own = wish.kind == "plain" and not wish.has_shared_file and wish.file_name.startswith(f"{wish.stem}.")
        if is_own and wish.last is None and rng.random() < 0.01:
            # Printed first and entered afterwards.
            wish.opened_at = at + timedelta(minutes=rng.randrange(5, 30))
        elif rng.random() < 0.1:
            is_wrong = rng.random() < 0.03 and not wish.has_shared_file
            said_printer = rng.randrange(self.printers) if is_wrong else printer
            self._note(at, "start", wish, printer=said_printer)
            at += timedelta(minutes=rng.randrange(1, 15))
        wish.last, wish.last_printer = at, printer
        stem, how = self._stem(wish, at)
        how_it_ends = rng.choices(("completed", "failed", "cancelled", "power cut", "not seen"), (90, 5, 2.5, 1.5, 1))[
            0
        ]
        name = as_shown(as_saved(stem, rng), self._family(printer), rng) if how != "truncated" else stem
        print = Print(len(self.prints), printer, wish, name, how)
        end = self._say(print, at, how_it_ends)
        if rng.random() < 0.005:
            self._note(at + (end - at) / 2, "cancel", wish)
            wish.to_print = 0
        elif how_it_ends in {"failed", "cancelled", "power cut"}:
            return self._again(wish, print, end, how_it_ends)
        elif how_it_ends == "not seen" and wish.copies == 1:
            self._note(end + timedelta(minutes=25), "complete", wish)
        elif rng.random() < 0.005 and not wish.has_shared_file:
            self._twice.append(print)
        return end + timedelta(minutes=rng.randrange(2, 20))

    def _again(self, wish: Wish, print: Print, end: datetime, how_it_ended: str) -> datetime:
        """Print it once more: here and at once, or whenever its turn comes; or give up."""
        rng = self.rng
        if rng.random() < 0.08:
            self._note(end + timedelta(minutes=1), "fail", wish)
            return end + timedelta(minutes=10)
        wish.to_print += 1
        if how_it_ended == "power cut" or rng.random() < 0.15:
            # At the printer's own screen, the very same file; the queue hears of it later, if at all.
            wish.to_print -= 1
            wish.last = begin = end + timedelta(minutes=rng.randrange(2, 40))
            again = Print(len(self.prints), print.printer, wish, print.file_name, f"again after: {how_it_ended}")
            end = self._say(again, begin, "completed")
            self._note(begin + timedelta(minutes=15), "retry", wish)
            return end + timedelta(minutes=5)
        self._note(end + timedelta(minutes=1), "retry", wish)
        wish.last = wish.not_before = end + timedelta(minutes=1)
        return end + timedelta(minutes=rng.randrange(5, 30))

    def _stem(self, wish: Wish, at: datetime) -> tuple[str, str]:
        """How the file of this print is called: most often as always."""
        rng = self.rng
        if wish.kind != "code":
            return wish.stem, wish.kind
        others = [other for other in self.wishes if other.opened_at <= at and not other.is_same_as(wish)]
        fault = rng.random()
        told = f"{wish.customer} {wish.design}" if wish.customer else wish.design
        if fault < 0.025:
            open_ones = [other for other in others if other.to_print > 0 and other.design != wish.design]
            if open_ones:
                return f"{rng.choice(open_ones).code}_{told}", "swapped code"
        elif fault < 0.05:
            return cut(told, wish.code, rng), "truncated"
        elif fault < 0.06:
            unlike = [other for other in others if other.design != wish.design]
            if unlike:
                return f"{told} copy of {rng.choice(unlike).code}", "only another's code"
        elif fault < 0.075 and others:
            return f"{rng.choice(others).code} {told} {wish.code}", "another's code too"
        return wish.stem, "code"

    # ------------------------------------------------------------------ what printers say

    def _family(self, printer: int) -> str:
        return FAMILIES[printer % len(FAMILIES)]

    def _say(self, print: Print, begin: datetime, how_it_ends: str) -> datetime:
        """Let the printer tell of `print`; return when it is over."""
        rng = self.rng
        self.prints.append(print)
        minutes = min(max(rng.lognormvariate(3.4, 0.6), 8), 400)
        whole = timedelta(minutes=minutes)
        share = 1.0 if how_it_ends in {"completed", "not seen"} else rng.uniform(0.05, 0.95)
        end = begin + whole * share
        for at, said in self._course(begin, whole, share, how_it_ends):
            self._events.append(Event(at, len(self._events), "print", print.wish, print.printer, print, said))
        return end

    def _course(
        self, begin: datetime, whole: timedelta, share: float, how_it_ends: str
    ) -> Iterator[tuple[datetime, Said]]:
        if self.rng.random() < 0.7:
            yield begin, Said("preparing")
        yield begin + whole * share * 0.04, Said("printing", 0.0)
        yield begin + whole * share * 0.6, Said("printing", round(share * 60, 1))
        if how_it_ends in {"completed", "failed", "cancelled"}:
            yield begin + whole * share, Said(how_it_ends, round(share * 100, 1))
