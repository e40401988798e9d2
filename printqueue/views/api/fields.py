"""The kinds of values that go over the wire. Numbers are JSON numbers, never texts or booleans."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from printqueue import protocol

MAX_WHOLE: Final = 2**31 - 1
"""What an integer column of every database holds."""

YEARS: Final = range(1900, 3000)
"""Clocks may be wrong, but a time that no clock shows is a mistake, and overflows where it is corrected."""

_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # https://www.rfc-editor.org/rfc/rfc3339#section-5.6


class Body(BaseModel):
    """A JSON object that a client sends: camelCase, and no field that we do not know."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class SparseBody(Body):
    """A body in which null says as much as leaving the member out."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if None not in value.values():
            return value
        known = {field.alias for field in cls.model_fields.values()}
        return {name: member for name, member in value.items() if member is not None or name not in known}


class Wire(BaseModel):
    """A JSON object that we send: camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def _safe(text: str) -> str:
    if not protocol.is_safe_text(text):
        raise ValueError("Expected a text without control characters and bidi overrides.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("Expected a text that is not blank.")
    return text


def _positive_zero(number: float) -> float:
    return number + 0.0


def _time(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("Expected a time with its zone, such as 2026-11-23T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise ValueError("Expected a time that exists.") from problem
    if moment.year not in YEARS:
        raise ValueError(f"Expected a year from {YEARS[0]} to {YEARS[-1]}.")
    return moment


Text = Annotated[str, Field(strict=True), AfterValidator(_safe)]
Name = Annotated[Text, AfterValidator(_not_blank)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False), AfterValidator(_positive_zero)]
Percent = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=100), AfterValidator(_positive_zero)]
Whole = Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE)]
Counted = Annotated[int, Field(strict=True, ge=1, le=protocol.MAX_SEQUENCE)]
Copies = Annotated[int, Field(strict=True, ge=1, le=999)]
Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")
]
WireTime = Annotated[
    datetime,
    PlainSerializer(protocol.wire_time),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]

FileName = Annotated[Text, Field(max_length=protocol.MAX_FILE_NAME)]
Serial = Annotated[Name, Field(max_length=protocol.MAX_SERIAL)]
Reason = Annotated[Text, Field(max_length=500)]
Note = Annotated[Text, Field(max_length=500)]


def pk_of(identifier: str) -> int | None:
    """Return the primary key that an id on the wire stands for, or None when it cannot be one."""
    return int(identifier) if re.fullmatch("[1-9][0-9]{0,17}", identifier) else None
