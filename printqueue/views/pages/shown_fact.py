"""The one look of each kind of fact, wherever it is shown: its shape and colour. The word is beside it."""

from __future__ import annotations

from typing import Final

from printqueue.models import FactKind
from printqueue.models.fact import KIND_OF_STATE
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge

STATE_OF_KIND: Final = {kind: state for state, kind in KIND_OF_STATE.items()}
"""The facts that are changes of state as well, and to which state."""

LOOKS: Final = {
    FactKind.OFFLINE: Badge("offline", "offline", ""),
    FactKind.NO_REPORTS: Badge("offline", "offline", ""),
    FactKind.NO_MOVEMENT: Badge("stalled", "alert", ""),
    FactKind.PAUSED_TOO_LONG: Badge("paused", "pause", ""),
    FactKind.ERROR: Badge("failed", "alert", ""),
    FactKind.UNMATCHED: Badge("unknown", "alert", ""),
    FactKind.RECOVERED: Badge("printing", "printing", ""),
}


def badge_of(kind: FactKind) -> Badge:
    """Return how a fact of that kind looks: like the state that it is, where it is one."""
    return LOOKS[kind] if kind in LOOKS else display.badge(STATE_OF_KIND[kind])
