"""JSON as RFC 8259 means it: bounded, and nothing that two readers could understand in two ways."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from printqueue.protocol import is_safe_text
from printqueue.views.api.errors import Refusal

BODY_BYTES: Final = 16 * 1024
REPORTS_BODY_BYTES: Final = 256 * 1024

MAX_DEPTH: Final = 16
"""Our bodies have four levels."""

MAX_INTEGER_DIGITS: Final = 20
"""2^63 has 19. Longer ones become floats, which no field for whole numbers takes."""

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class StrictParser(Parser):
    """What ninja reads bodies with."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value in the body of `request`. Raises Refusal."""
        return strict_json(request.body)


def strict_json(raw: bytes) -> Any:
    """Return the value that `raw` says; numbers beyond every field's range come back as infinity.

    Raises Refusal (400) for what is not JSON in UTF-8, is nested deeper than MAX_DEPTH, or names a key twice.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Refusal(400, "The body is not UTF-8.") from problem
    if _depth(text) > MAX_DEPTH:
        raise Refusal(400, f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        return _DECODER.decode(text)
    except ValueError as problem:
        raise Refusal(400, "The body is not JSON.") from problem


def _depth(text: str) -> int:
    """Return how deep `text` nests, at most; the decoder itself would go on until the interpreter's stack ends."""
    opened = text.count("[") + text.count("{")
    if opened <= MAX_DEPTH:
        return opened
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Refusal(400, "The body names a key twice.")
    if not all(map(is_safe_text, members)):
        raise Refusal(400, "The body has a key with characters that no field name has.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise Refusal(400, f"The body is not JSON: {name} is no JSON number.")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer)
