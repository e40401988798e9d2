"""The order of the queue: sparse numbers, so that moving one job writes one job."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import models

from printqueue.live.revisions import Change, save_revised

if TYPE_CHECKING:
    from printqueue.models.job import PrintQueue, PrintQueueQuerySet

GAP: Final = 2**20
"""Twenty moves into the same gap before the numbers must be spread again."""


class Stage(models.IntegerChoices):
    """The sections of the list, in their order."""

    ON_PRINTER = 0
    READY = 1
    ENDED = 2


def by_start(at: datetime) -> int:
    """Return the order of a job on a printer: the earliest start first."""
    return int(at.timestamp() * 1000)


def by_end(at: datetime) -> int:
    """Return the order of an ended job: the latest end first."""
    return -int(at.timestamp() * 1000)


def order_at(position: int, others: PrintQueueQuerySet) -> int:
    """Return the number that puts a job at `position` (1-based; beyond the last: the last) among `others`.

    Spreads the numbers of `others` first when no number is left in the gap; the caller is in a transaction.
    """
    numbers = list(others.values_list("queue_order", flat=True))
    index = min(position - 1, len(numbers))
    if not numbers:
        return 0
    if index == 0:
        return numbers[0] - GAP
    if index == len(numbers):
        return numbers[-1] + GAP
    middle = (numbers[index - 1] + numbers[index]) // 2
    if middle in (numbers[index - 1], numbers[index]):
        _spread(list(others.order_by("pk").select_for_update(no_key=True)))
        return order_at(position, others)
    return middle


def after_rush(others: PrintQueueQuerySet) -> int:
    """Return the position of a rush job: behind the rush jobs that wait already, before all else."""
    rush = list(others.values_list("rush", flat=True))
    return next((index for index in range(len(rush), 0, -1) if rush[index - 1]), 0) + 1


def _spread(jobs: list[PrintQueue]) -> None:
    for number, job in enumerate(sorted(jobs, key=lambda job: (job.queue_order, job.pk))):
        job.queue_order = number * GAP
    save_revised([Change(job, ["queue_order"]) for job in jobs])
