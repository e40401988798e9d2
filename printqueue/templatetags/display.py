"""How a fact reads: percent, state, age, duration, clock time. static/js/display.js has the same rules.

tests/data/display.json holds the cases that both must pass: a number that the server wrote and the browser then
rewrites may not change its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django import template
from django.utils import timezone

register = template.Library()

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

WAITING: Final = "Waiting for updates…"

WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "ready": ("ready", "clock", "Ready"),
    "printing": ("printing", "printing", "Printing"),
    "preparing": ("preparing", "clock", "Preparing"),
    "paused": ("paused", "pause", "Paused"),
    "completed": ("completed", "check", "Completed"),
    "failed": ("failed", "alert", "Failed"),
    "cancelled": ("cancelled", "cross", "Cancelled"),
    "idle": ("idle", "check", "Idle"),
    "offline": ("offline", "offline", "Offline"),
    "stalled": ("stalled", "alert", "Stalled"),
    "unknown_end": ("unknown", "alert", "Ended?"),
}
"""Of each state on the wire, and of what hangs: the state in the style sheets, the icon, the word."""

WITH_PERCENT: Final = frozenset({"printing", "paused", "failed", "offline", "stalled"})
"""The states whose percent says something: of the others it is 0, 100 or the last print's."""

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Badge:
    """A state in three voices: colour and pattern (`state`), shape (`icon`) and word."""

    state: str
    icon: str
    word: str


@register.filter
def percent(progress: float | None) -> str:
    """Return 45.34 as "45.3": one decimal, at most 99.9 until it is 100; "" for None."""
    if progress is None:
        return ""
    if progress >= 100:
        return "100.0"
    # The exact value of the float rounded half up, as toFixed does in a browser.
    rounded = Decimal(progress).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return str(min(rounded, Decimal("99.9")))


def badge(state: str, progress: float | None = None) -> Badge:
    """Return how `state` at `progress` (0 to 100, None: unknown) is shown."""
    key, icon, word = WORDS[state]
    if state == "printing" and progress is not None and progress >= 100:
        return Badge("finishing", icon, "Finishing")
    if state in WITH_PERCENT and progress is not None and progress < 100:
        word = f"{word} {percent(progress)}%"
    return Badge(key, icon, word)


def bar(state: str, progress: float | None) -> str:
    """Return the pattern of the bar: that of the badge, or dots while nothing is known."""
    return "waiting" if progress is None or state == "ready" else badge(state, progress).state


def figure(state: str, progress: float | None) -> str:
    """Return the large text of a job that is on a printer: "45.3" (percent), or a word when there is no number."""
    shown = badge(state, progress)
    return percent(progress) if state in {"printing", "paused"} and "%" in shown.word else shown.word


@register.filter
def duration(seconds: float | None) -> str:
    """Return 7080 as "1 h 58 min"; "" for None. A minute that has begun counts, as in a countdown."""
    if seconds is None:
        return ""
    minutes = max(0, -int(-seconds // MINUTE))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def age_band(seconds: float | None) -> str:
    """Return how fresh a fact of this age is: now (under 1 min), min (under 1 h), hours, none (there is no fact)."""
    if seconds is None:
        return "none"
    if seconds < MINUTE:
        return "now"
    return "min" if seconds < HOUR else "hours"


def age(seconds: float | None) -> str:
    """Return 130 as "2m ago"; a fact from the future is from just now."""
    match age_band(seconds), seconds:
        case "none", _:
            return WAITING
        case "now", _:
            return "just now"
        case "min", float() | int():
            return f"{int(seconds // MINUTE)}m ago"
        case _, float() | int():
            return f"{int(seconds // HOUR)}h ago"
    raise AssertionError("unreachable")


def layers(layer: int | None, total: int | None) -> str:
    """Return "212/468", "212" when the total is not known, "" when the layer is not."""
    if layer is None:
        return ""
    return f"{layer}/{total}" if total else str(layer)


def done_at(state: str, reported_at: datetime | None, remaining_seconds: int | None) -> datetime | None:
    """Return when a print will be done, as the printer sees it; None while it stands still or does not say."""
    if state != "printing" or reported_at is None or remaining_seconds is None:
        return None
    return reported_at + timedelta(seconds=remaining_seconds)


def finish(
    state: str, reported_at: datetime | None, remaining_seconds: int | None, estimated: datetime | None
) -> datetime | None:
    """Return when a print will be done: as it is `estimated`, else as the printer sees it; None while it stands still."""
    return estimated if estimated is not None else done_at(state, reported_at, remaining_seconds)


def left(remaining_seconds: int | None, estimated_seconds: int | None) -> int | None:
    """Return how many seconds a print still takes: as it is estimated, else as the printer says."""
    return estimated_seconds if estimated_seconds is not None else remaining_seconds


SPREADS: Final = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, *(60 * hours for hours in (2, 3, 4, 6, 8, 12, 24, 48, 72)))
"""Minutes as one says them of something that is not certain."""
LEAST_SPREAD: Final = 1.2
"""A spread may be said so much too small."""


def spread(seconds: float) -> str:
    """Return 470 as "± 10 min"."""
    minutes = next((said for said in SPREADS if said * LEAST_SPREAD * MINUTE >= seconds), SPREADS[-1])
    return f"± {duration(minutes * MINUTE)}"


def sure(remaining_seconds: int | None, spread_seconds: int | None) -> str:
    """Return how sure a finish is, or whose figure it is: "± 10 min", "by the printer", "" where there is none."""
    if spread_seconds is not None:
        return spread(spread_seconds)
    return "" if remaining_seconds is None else "by the printer"


def whose(remaining_seconds: int | None, spread_seconds: int | None) -> str:
    """Return the same, for hovering."""
    if spread_seconds is not None:
        return f"Estimated from all that is known, {spread(spread_seconds)}"
    return "" if remaining_seconds is None else "What the printer says"


def roughly(moment: datetime, now: datetime) -> datetime:
    """Return `moment` to the next 5 minutes, and to the next 10 when it is more than an hour ahead."""
    step = timedelta(minutes=10 if moment - now > timedelta(hours=1) else 5)
    beyond = (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % step
    return moment if not beyond else moment - beyond + step


def late(finish: datetime | None, due_at: datetime | None) -> str:
    """Return "late by 25 min", or "late by 3 h" where it is more than two; "" for what is in time, or not known."""
    if finish is None or due_at is None:
        return ""
    minutes = int((finish - due_at).total_seconds() // MINUTE)
    if minutes < 1:
        return ""
    shown = minutes if minutes < 120 else (minutes + 30) // 60 * 60
    return f"late by {duration(shown * MINUTE)}"


def clock(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return "17:04" today, "Tue 17:04" within six days, "24 Nov 17:04" this year, else "24 Nov 2025"."""
    local, today = timezone.localtime(moment, zone), timezone.localtime(now, zone)
    time = f"{local:%H:%M}"
    days = abs((local.date() - today.date()).days)
    if days == 0:
        return time
    if days <= 6:
        return f"{WEEKDAYS[local.weekday()]} {time}"
    day = f"{local.day} {MONTHS[local.month - 1]}"
    return f"{day} {time}" if local.year == today.year else f"{day} {local.year}"


def moment(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return the whole of a time, for hovering: "23 Nov 2026, 15:06:12"."""
    local = timezone.localtime(moment, zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M:%S}"


def due(due_at: datetime, now: datetime) -> str:
    """Return the day in the viewer's zone: "today", "tomorrow", "Tue 24 Nov", "24 Nov 2025"."""
    local, today = timezone.localtime(due_at), timezone.localtime(now)
    days = (local.date() - today.date()).days
    if days in (0, 1):
        return "tomorrow" if days else "today"
    day = f"{local.day} {MONTHS[local.month - 1]}"
    if local.year != today.year:
        return f"{day} {local.year}"
    return f"{WEEKDAYS[local.weekday()]} {day}"
