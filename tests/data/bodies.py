"""Bodies for PUT /api/print-queue/{id}/progress, each sent to a fresh job that is printing at 10.0."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """What is sent, the status of the answer, and the percent afterwards (None: still 10.0)."""

    name: str
    body: bytes
    status: int
    stored: float | None = None
    content_type: str = "application/json"


def with_45(members: str) -> bytes:
    """A good percent and further members."""
    return f'{{"progress": 45, {members}}}'.encode()


def progress(number: str) -> bytes:
    """One member, as written."""
    return f'{{"progress": {number}}}'.encode()


NOT_A_PERCENT = [
    Case("not a number", progress("NaN"), 400),
    Case("infinity", progress("Infinity"), 400),
    Case("minus infinity", progress("-Infinity"), 400),
    Case("overflows a float", progress("1e309"), 400),
    Case("boolean", progress("true"), 400),
    Case("string", progress('"45.3"'), 400),
    Case("null", progress("null"), 400),
    Case("list", progress("[45]"), 400),
    Case("object", progress('{"a": 1}'), 400),
    Case("just below 0", progress("-0.1"), 400),
    Case("just above 100", progress("100.0001"), 400),
    Case("5,000 digits", progress("9" * 5000), 400),
    Case("no progress", b"{}", 400),
]

PERCENTS = [
    Case("minus zero", progress("-0.0"), 200, 0.0),
    Case("zero", progress("0"), 200, 0.0),
    Case("an integer", progress("45"), 200, 45.0),
    Case("one decimal", progress("45.3"), 200, 45.3),
    Case("seventeen digits", progress("45.300000000000004"), 200, 45.300000000000004),
    Case("almost 100", progress("99.99999999999999"), 200, 99.99999999999999),
]

NOT_OUR_JSON = [
    Case("duplicate keys", b'{"progress": 1, "progress": 2}', 400),
    Case("deep nesting within the size", progress("[" * 5000 + "]" * 5000), 400),
    Case("deep nesting over the size", progress("[" * 50_000 + "]" * 50_000), 413),
    Case("a list at the top", b"[]", 400),
    Case("null at the top", b"null", 400),
    Case("a number at the top", b"45", 400),
    Case("empty", b"", 400),
    Case("cut off", b'{"progress": 4', 400),
    Case("bad UTF-8", b'{"progress": 45, "filename": "\xff\xfe"}', 400),
    Case("a byte order mark", b'\xef\xbb\xbf{"progress": 45}', 400),
    Case("not JSON by its type", progress("45"), 415, content_type="text/plain"),
    Case("40 KB", with_45(f'"filename": "{"a" * 40_000}"'), 413),
]

FILE_NAMES = [
    Case("lone surrogate", with_45(r'"filename": "\ud800"'), 400),
    Case("NUL in a file name", with_45(r'"filename": "a\u0000b"'), 400),
    Case("line break in a file name", with_45(r'"filename": "a\nb.gcode"'), 400),
    Case("bidi override in a file name", with_45(r'"filename": "a\u202edocg.b"'), 400),
    Case("file name is a number", with_45('"filename": 7'), 400),
    Case("file name of 256 characters", with_45(f'"filename": "{"a" * 256}"'), 400),
    Case("file name of 255 characters", with_45(f'"filename": "{"a" * 255}"'), 200, 45.0),
    Case("path-like file name is only text", with_45('"filename": "../../etc/passwd"'), 200, 45.0),
    Case(
        "markup in a file name is only text",
        with_45('"filename": "</script><img src=x onerror=alert(1)>.gcode"'),
        200,
        45.0,
    ),
]

OTHER_MEMBERS = [
    Case("unknown field", with_45('"nonsense": 1'), 400),
    Case("unknown field with a lone surrogate", with_45(r'"\ud800": 1'), 400),
    Case("negative layer", with_45('"layer": -1'), 400),
    Case("layer beyond 2^31-1", with_45('"layer": 2147483648'), 400),
    Case("remaining time in words", with_45('"remainingSeconds": "soon"'), 400),
    Case("unknown state", with_45('"state": "flying"'), 400),
    Case("a printer's state that no job has", with_45('"state": "offline"'), 400),
    Case("sequence zero", with_45('"sequence": 0'), 400),
    Case("sequence with a fraction", with_45('"sequence": 1.5'), 400),
    Case("sequence beyond 2^53-1", with_45('"sequence": 9007199254740992'), 400),
    Case("time in words", with_45('"measuredAt": "yesterday"'), 400),
    Case("time without a zone", with_45('"measuredAt": "2026-11-23T12:00:00"'), 400),
    Case("time that does not exist", with_45('"measuredAt": "2026-02-30T12:00:00Z"'), 400),
    Case("time before all years", with_45('"measuredAt": "0001-01-01T00:00:00+14:00"'), 400),
    Case("time after all years", with_45('"measuredAt": "9999-12-31T23:59:59-12:00"'), 400),
]

CASES = [*NOT_A_PERCENT, *PERCENTS, *NOT_OUR_JSON, *FILE_NAMES, *OTHER_MEMBERS]
