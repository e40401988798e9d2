"""Who watches a stream, and how much of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from printqueue.live.revisions import Audience


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who was let in to watch."""

    name: str
    """Whose streams are counted together, such as "user 3" or "key 7"."""

    still_allowed: Callable[[], bool]
    """Reads from the database, in one of the few threads, whether the viewer may watch on: with the same session or
    key, the same permission, and the same printers. Called every 16 s; False ends the stream within 35 s of the cause.
    """

    printer_ids: frozenset[int] | None = None
    """The printers whose rows, and whose jobs, are the viewer's business; None stands for all."""

    credential: Hashable = None
    """What let the viewer in; equal ones get the same answer from `still_allowed`, which so is asked once for all of
    them. None is asked for itself alone."""

    def sees(self, audience: Audience) -> bool:
        """Whether an event for `audience` is the viewer's business. Jobs without a printer are everybody's."""
        return self.printer_ids is None or audience.printer_id is None or audience.printer_id in self.printer_ids


class Selection(Protocol):
    """Which part of the one stream was asked for."""

    def wants(self, audience: Audience) -> bool:
        """Whether an event for `audience` belongs to it."""


@dataclass(frozen=True, slots=True)
class Everything:
    """All jobs and all printers."""

    def wants(self, audience: Audience) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class OneJob:
    """One job, by primary key."""

    job_id: int

    def wants(self, audience: Audience) -> bool:
        return audience.job_id == self.job_id


@dataclass(frozen=True, slots=True)
class Printers:
    """All printers, and no job."""

    def wants(self, audience: Audience) -> bool:
        return audience.job_id is None
