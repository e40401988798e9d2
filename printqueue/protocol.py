"""The wire vocabulary that the server and the printer client share. No Django here.

JSON is camelCase on the wire; the TypedDicts below are the JSON bodies letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal, NotRequired, TypedDict

MAX_SEQUENCE: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259 §6)."""

MAX_REPORTS_PER_CALL: Final = 500
MAX_FILE_NAME: Final = 255
MAX_RUN_KEY: Final = 200
MAX_SERIAL: Final = 64
MAX_PRINTER_NAME: Final = 80
MAX_ERROR_CODE: Final = 64
MAX_ERROR_MESSAGE: Final = 500


class ReportState(StrEnum):
    """What a printer is doing, in one word for all families of printers."""

    OFFLINE = "offline"
    IDLE = "idle"
    PREPARING = "preparing"
    PRINTING = "printing"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN_END = "unknown_end"


ACTIVE_STATES: Final = frozenset({ReportState.PREPARING, ReportState.PRINTING, ReportState.PAUSED})
"""A print is on the machine."""

PERCENT_STATES: Final = frozenset({ReportState.PRINTING, ReportState.PAUSED})
"""The only states in which a percent means the print at hand: elsewhere it is the last one's."""

ENDED_STATES: Final = frozenset(
    {ReportState.COMPLETED, ReportState.CANCELLED, ReportState.FAILED, ReportState.UNKNOWN_END}
)


class Scope(StrEnum):
    """What an API key may do."""

    REPORTS_WRITE = "reports:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    EVENTS_READ = "events:read"


class ReportError(TypedDict):
    """An error as the printer names it."""

    code: str
    message: str


class Report(TypedDict):
    """One message about one printer at one moment."""

    printer: str
    state: str
    measuredAt: str
    sequence: int
    runKey: NotRequired[str]
    progress: NotRequired[float]
    filename: NotRequired[str]
    remainingSeconds: NotRequired[int]
    layer: NotRequired[int]
    totalLayers: NotRequired[int]
    nozzleC: NotRequired[float]
    nozzleTargetC: NotRequired[float]
    bedC: NotRequired[float]
    bedTargetC: NotRequired[float]
    error: NotRequired[ReportError]
    startedAt: NotRequired[str]
    printerName: NotRequired[str]
    model: NotRequired[str]


class FieldError(TypedDict):
    """One field of a refused body and what was expected of it."""

    field: str
    message: str


class ErrorAnswer(TypedDict):
    """The one shape of every error answer."""

    success: Literal[False]
    error: str
    details: list[FieldError]


ResultWord = Literal["accepted", "stale", "unmatched", "refused"]
RefusalCode = Literal["leased", "printer_not_allowed", "invalid"]


class Refusal(TypedDict):
    """Why a report was refused. Final: sending it again gives the same answer, except `leased`."""

    code: RefusalCode
    message: str
    details: list[FieldError]


class ReportResult(TypedDict):
    """What became of one report, in the order sent."""

    result: ResultWord
    sequence: int | None
    runId: str | None
    jobId: str | None
    matchReason: str | None
    error: Refusal | None


class ReportsAnswer(TypedDict):
    """The answer to POST /api/printer-reports."""

    success: Literal[True]
    receivedAt: str
    results: list[ReportResult]


# C0, DEL, C1 controls, the line and paragraph separators, the bidi overrides and isolates (UAX #9), lone surrogates.
_UNSAFE_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_safe_text(text: str) -> bool:
    """Whether `text` may go over the wire: no control character, bidi override or lone surrogate."""
    return (text.isascii() and text.isprintable()) or _UNSAFE_TEXT.search(text) is None


def safe_text(text: str, max_length: int) -> str:
    """Return `text` as the server takes it: each unsafe character replaced by U+FFFD, cut to `max_length` characters."""
    return _UNSAFE_TEXT.sub("\ufffd", text)[:max_length]


def wire_time(moment: datetime | None) -> str | None:
    """Return `moment` as the wire writes it: RFC 3339 in UTC with milliseconds and a Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SUFFIXES: Final = (".bgcode", ".gcode", ".3mf", ".gco", ".bgc", ".g")
_REPLACED_BY_PRINTERS: Final = str.maketrans(dict.fromkeys(':*?"<>|', "_"))
# The soft hyphen, zero-width characters and the marks of direction: two names that look the same are the same.
_UNSEEN: Final = str.maketrans(dict.fromkeys("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


@lru_cache(maxsize=1024)
def file_name_key(name: str) -> str:
    """Return what two spellings of one print file name have in common; "" when nothing is left.

    The last path component, NFC, without what nobody sees, surrounding blanks and the suffixes of printable files (one,
    or a pair such as `.gcode.3mf`), with the characters that printers replace (`:` `*` `?` and the like) as `_`,
    case-folded.
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1].translate(_UNSEEN).strip()
    key = unicodedata.normalize("NFC", base.casefold()).translate(_REPLACED_BY_PRINTERS)
    for _ in range(2):
        suffix = next((suffix for suffix in _SUFFIXES if key.endswith(suffix)), "")
        key = key.removesuffix(suffix).strip()
    return key
