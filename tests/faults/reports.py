"""Programs that report over HTTP, as those beside the printers do: numbered, and repeated until acknowledged."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import httpx2
from django.utils import timezone

from printqueue.models import Printer, PrintQueue
from printqueue.protocol import wire_time
from tests.processes import ServeProcess

PATIENCE = 60
"""Seconds in which a report must be acknowledged, however often it has to be repeated."""


class Subject(Protocol):
    """What reports are about."""

    def send(self, client: httpx2.Client, url: str, percent: float, sequence: int) -> httpx2.Response:
        """Make one report to the server at `url`."""

    def last_stored(self) -> tuple[int, float | None]:
        """Return the sequence and the percent that the database holds; (0, None) before any."""


class OfJob(NamedTuple):
    """PUT …/progress."""

    job: PrintQueue

    def send(self, client: httpx2.Client, url: str, percent: float, sequence: int) -> httpx2.Response:
        body = {"progress": percent, "sequence": sequence}
        return client.put(f"{url}/api/print-queue/{self.job.pk}/progress", json=body)

    def last_stored(self) -> tuple[int, float | None]:
        run = self.job.runs.order_by("-pk").first()
        return (0, None) if run is None else (run.last_sequence or 0, run.progress)


class OfPrinter(NamedTuple):
    """POST …/printer-reports: the printer prints the file of a job."""

    printer: Printer
    job: PrintQueue

    def send(self, client: httpx2.Client, url: str, percent: float, sequence: int) -> httpx2.Response:
        report = {
            "printer": self.printer.serial,
            "state": "printing",
            "runKey": "1@0",
            "filename": self.job.print_file_name,
            "progress": percent,
            "measuredAt": wire_time(timezone.now()),
            "sequence": sequence,
        }
        return client.post(f"{url}/api/printer-reports", json={"client": "a client", "reports": [report]})

    def last_stored(self) -> tuple[int, float | None]:
        run = self.printer.runs.order_by("-pk").first()
        return (0, None) if run is None else (run.last_sequence or 0, run.progress)


class Reporter:
    """Reports of one subject. A report that was not acknowledged goes to the next server, the same one number again."""

    def __init__(self, servers: Sequence[ServeProcess], token: str, subject: Subject, timeout: float = 20) -> None:
        self.subject = subject
        self.sequence = 0
        self.acknowledged = 0
        """The highest sequence that was acknowledged."""
        self.answers: Counter[int | str] = Counter()
        """How often which status came, or which error instead of an answer."""
        self.seconds: list[float] = []
        """How long each acknowledged report took, from its last sending."""
        self._servers = servers
        self._turn = 0
        self._client = httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=timeout)

    @property
    def authorization(self) -> str:
        """Return the header by which another connection of this program is known."""
        return self._client.headers["Authorization"]

    def tell(self, percent: float) -> None:
        """Report, again and again until it is acknowledged."""
        self.sequence += 1
        end = time.monotonic() + PATIENCE
        while not self.tell_once(percent):
            assert time.monotonic() < end, f"not acknowledged within {PATIENCE} s: {self.answers}"
            time.sleep(0.2)  # as a client waits before it tries again

    def tell_once(self, percent: float) -> bool:
        """Report the number that is on; return whether it was acknowledged."""
        began = time.monotonic()
        try:
            answer = self.subject.send(self._client, self._servers[self._turn].url, percent, self.sequence)
        except httpx2.TransportError as error:
            self._note(type(error).__name__)
            return False
        if not is_acknowledged(answer):
            self._note(answer.status_code)
            return False
        self.answers[200] += 1
        self.acknowledged = self.sequence
        self.seconds.append(time.monotonic() - began)
        return True

    def _note(self, trouble: int | str) -> None:
        self.answers[trouble] += 1
        self._turn = (self._turn + 1) % len(self._servers)

    def close(self) -> None:
        self._client.close()


def is_acknowledged(answer: httpx2.Response) -> bool:
    """Whether what was reported is stored, or was before."""
    if answer.status_code != 200:
        return False
    return all(one["result"] != "refused" for one in answer.json().get("results", []))


class Reporting:
    """Reports that are being made."""

    def __init__(self, reporters: Sequence[Reporter], work: Sequence[Future[None]]) -> None:
        self.reporters = reporters
        self._work = work

    @property
    def is_over(self) -> bool:
        """Whether all were made."""
        return all(one.done() for one in self._work)

    @property
    def acknowledged(self) -> int:
        """How many were acknowledged so far."""
        return sum(reporter.acknowledged for reporter in self.reporters)

    def is_past(self, count: int) -> bool:
        """Whether more than `count` were acknowledged so far."""
        return self.acknowledged > count

    def wait(self) -> None:
        """Return when all were made; raise what went wrong."""
        for one in self._work:
            one.result()


@contextmanager
def reporting(reporters: Sequence[Reporter], percents: Iterable[float], pause: float = 0.0) -> Iterator[Reporting]:
    """Let each reporter tell all `percents`, all reporters at the same time; at the end of the block all were told."""
    percents = list(percents)
    gone = threading.Event()

    def work(reporter: Reporter) -> None:
        for percent in percents:
            if gone.is_set():
                return
            reporter.tell(percent)
            gone.wait(pause)

    with ThreadPoolExecutor(len(reporters)) as pool:
        doing = Reporting(reporters, [pool.submit(work, reporter) for reporter in reporters])
        try:
            yield doing
            doing.wait()
        finally:
            gone.set()


def sum_of_answers(reporters: Iterable[Reporter]) -> dict[int | str, int]:
    """Return how often which answer came to all of them."""
    return dict(sum((reporter.answers for reporter in reporters), Counter()))


def lost(reporters: Iterable[Reporter]) -> dict[str, Any]:
    """Return what was acknowledged and is not in the database."""
    found = {}
    for reporter in reporters:
        acknowledged = reporter.acknowledged  # read first: more may be stored meanwhile, never less
        stored = reporter.subject.last_stored()
        if stored[0] < acknowledged:
            found[str(reporter.subject)] = {"acknowledged": acknowledged, "stored": stored}
    return found
