"""The history that a viewer of some printers is told: with other printers it is another one, and so are its ids.

Nothing else remembers which printers a key had when an id was given to it. Whoever comes back with an id of before is so
told to read everything again, as after a restored backup.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from printqueue.live.position import NOWHERE, Position

_ID_LINE: Final = re.compile(rb"^id: pf-([0-9a-f]{8}):", re.MULTILINE)
_OTHER: Final = "other"
"""The epoch of an id that was given for another sight, or in another history: none has such a one."""


class Sight:
    """What a viewer sees who may see these printers alone (primary keys)."""

    def __init__(self, printer_ids: frozenset[int]) -> None:
        self._printers = " ".join(map(str, sorted(printer_ids)))

    def own(self, position: Position) -> Position:
        """Return how a position in the database's history is called in this viewer's ids."""
        return Position(self._epoch(position.epoch), position.revision)

    def _epoch(self, epoch: str) -> str:
        return hashlib.sha256(f"{epoch} {self._printers}".encode()).hexdigest()[:8]

    def place(self, told: Position, current: Position | None) -> Position:
        """Return where in the database's history the viewer stands whose last id was `told`."""
        if told == NOWHERE:
            return told
        is_ours = current is not None and told.epoch == self._epoch(current.epoch)
        return Position(current.epoch if current is not None and is_ours else _OTHER, told.revision)

    def with_own_ids(self, piece: bytes) -> bytes:
        """Return these events with the viewer's own ids."""
        return _ID_LINE.sub(lambda line: b"id: pf-%s:" % self._epoch(line[1].decode()).encode(), piece)
