"""What one transaction writes at its end: each row once, however many reports moved it."""

from __future__ import annotations

from printqueue.live.revisions import Change, Revisioned, save_revised
from printqueue.models import PrintRun, Sample
from printqueue.models.run import OBSERVED_FIELDS
from printqueue.rows import Written


class Rows:
    """Collects changes; `save` writes rows of one kind together. The caller has locked them."""

    def __init__(self) -> None:
        self._runs: dict[int, PrintRun] = {}
        self._samples: list[Sample] = []
        self._changes: dict[tuple[type[Revisioned], int], Change] = {}

    def observed(self, run: PrintRun) -> None:
        """Note that `run` was observed, and that its state stayed as it was."""
        self._runs[run.pk] = run

    def sampled(self, sample: Sample) -> None:
        """Note a new sample; its run is saved already."""
        self._samples.append(sample)

    def change(self, change: Change) -> None:
        """Note what changed of a job or a printer."""
        place = (type(change.row), change.row.pk)
        earlier = self._changes.get(place)
        self._changes[place] = change if earlier is None else earlier.merged(change)

    def save(self) -> None:
        """Write everything; rows that pages show get their revisions, in the order in which they changed first."""
        runs, samples = Written(list(self._runs.values()), OBSERVED_FIELDS), Written(self._samples)
        save_revised(list(self._changes.values()), runs, samples)
