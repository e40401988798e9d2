"""What a print file name tells: its words, its time stamps, and which words may be job codes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from printqueue.protocol import MAX_FILE_NAME, file_name_key

CODE_LENGTHS: Final = range(4, 9)
MOST_WORDS: Final = 8
"""A customer or a design of more words than this is not looked for in file names."""

LONGEST_KEY: Final = 200
"""Nor is one whose key has more characters."""

LOOK_ALIKES: Final = str.maketrans("OIL", "011")
"""What is written for the digits that Crockford's base 32 has in their place."""

_SHORTENED: Final = re.compile(r"[^/\\]{6}~\d+(?:\.\w{1,3})?")
"""A name of more than eight characters as FAT, and so some displays, have it: THUMBS~1.BGC."""

_HAS_SUFFIX: Final = re.compile(r"\.(?:3mf|b?gcode|gco|bgc|g)$", re.IGNORECASE)

_SAYS_NOTHING: Final = re.compile(r"(?:metadata[ _]?)?(?:plate[ _-]?\d+|(?:untitled|unnamed)[ _-]*\(?\d*\)?)")
"""Names that slicers and printers give of themselves: X1, P2 and H2 print `/data/Metadata/plate_1.gcode` whatever it is."""

_WRITTEN: Final = re.compile(r"[0-9a-z]+")
_MARKED: Final = re.compile(r"(?:#|\b(?:job|code)[ _:#-]*)$")
_PREFIX: Final = re.compile(r"(?<![^\W_])[a-z]{1,3}[\W_]$")
_UUID: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])")

_DATE: Final = re.compile(
    r"(?<![0-9a-z])(?:(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])|\d{1,2}\.\d{1,2}\.(?:20)?\d\d)"
    r"(?![0-9a-su-z])"
)
_TIME: Final = re.compile(r"[-_ t]{0,2}(?:[01]\d|2[0-3])[-_.:h]?[0-5]\d(?:[-_.:]?[0-5]\d)?(?![0-9a-z])")

_MEASURE: Final = re.compile(
    r"(?:\d+d)?(?:\d+h)?(?:\d+m(?:in)?)?(?:\d+s(?:ec)?)?|\d+h\d+"  # how long it prints
    r"|\d+x\d+(?:x\d+)?(?:mm|cm)?|m\d+x\d+|\d+(?:of|by)\d+|x\d+y\d+"  # how large, which screw, which of how many
    r"|\d+(?:c|f|g|kg|k|l|ml|m|mm|cm|um|mil|in|s|sec|min|h|hr|hrs|d|x|w|v|a|hz|pc|pcs|pct|inf|dlp|st|nd|rd|th)"
    r"|mk\d[0-9a-z]*|[axpkh]\d+(?:[cdeps]|max|mini|pro|plus)?"  # which printer
    r"|\d{1,2}(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)\d*"
    r"|(?:v|ver|rev|r)\d+[a-z]?\d*"
)
"""Words of letters and digits that are something else than a job code, case-folded."""


def says_nothing(file_name: str) -> bool:
    """Whether `file_name` is missing, or one that slicers give to any file (`plate_1`)."""
    key = file_name_key(file_name)
    return not key or _SAYS_NOTHING.fullmatch(key) is not None


def is_telling(written: str) -> bool:
    """Whether `written` is so unlike words, numbers and measures that it stands in a name as a job code only.

    Digits and letters change places twice or more, as it is written and with look-alikes taken for digits.
    """
    is_measure = _MEASURE.fullmatch(written.casefold()) is not None
    return min(_changes(written), _changes(folded(written))) >= 2 and not is_measure


def _changes(text: str) -> int:
    return sum(one.isdigit() != other.isdigit() for one, other in zip(text, text[1:], strict=False))


def tells_who(customer: str) -> bool:
    """Whether the key of a customer is more than a number that may be a size or a year."""
    if customer.isdigit():
        return len(customer) >= 4 and not (len(customer) == 4 and customer.startswith(("19", "20")))
    return len(customer) >= (3 if customer.isascii() else 2)


def tells_what(design: str) -> bool:
    """Whether the key of a design is more than a number or a letter."""
    return not design.isdigit() and len(design) >= (3 if design.isascii() else 2)


def folded(written: str) -> str:
    """Return `written` as a job code would be: upper case, without look-alikes."""
    return written.upper().translate(LOOK_ALIKES)


@lru_cache(maxsize=16_384)
def words_key(text: str) -> str:
    """Return what spellings of one customer or design have in common: letters and digits, case-folded.

    Digits of two words stay apart: size 1/2 is not size 12. "" for what is too long to be looked for.
    """
    words = _words(_plain(text))
    key = _join(words)
    return key if len(words) <= MOST_WORDS and len(key) <= LONGEST_KEY else ""


@lru_cache(maxsize=16_384)
def phrase_keys(text: str) -> frozenset[str]:
    """Return the keys of all runs of words in `text`, and of `text` itself."""
    plain = _plain(text)
    return frozenset(_phrases(plain, _word_spans(plain, 0, len(plain))))


@dataclass(frozen=True)
class WrittenCode:
    """A word of a file name that may be a job code. `is_sure`: it can hardly be anything else."""

    code: str
    is_sure: bool
    start: int
    end: int


@dataclass(frozen=True)
class FileName:
    """A file name, read."""

    text: str

    @cached_property
    def key(self) -> str:
        """The normalised name; "" when it says nothing."""
        return "" if says_nothing(self.text) else file_name_key(self.text)

    @property
    def is_cut(self) -> bool:
        """Whether its end is missing, which might contradict its beginning."""
        base = re.split(r"[/\\]", self.text)[-1].strip()
        is_too_long = len(self.text) >= MAX_FILE_NAME and not _HAS_SUFFIX.search(base)
        return is_too_long or _SHORTENED.fullmatch(base) is not None

    @cached_property
    def _plain(self) -> str:
        return _UUID.sub(" ", _plain(file_name_key(self.text))) if self.key else ""

    @cached_property
    def codes(self) -> tuple[WrittenCode, ...]:
        """The words that may be job codes."""
        text = self._plain
        return tuple(
            WrittenCode(
                folded(found[0]),
                is_telling(found[0]) or _MARKED.search(text[: found.start()]) is not None,
                *found.span(),
            )
            for found in _WRITTEN.finditer(text)
            if len(found[0]) in CODE_LENGTHS and _stands_alone(text, *found.span())
        )

    @cached_property
    def stamps(self) -> frozenset[str]:
        """The time stamps, as digits alone."""
        return frozenset(re.sub(r"\D", "", self._plain[start:end]) for start, end in self._stamp_spans)

    @property
    def phrases(self) -> Set[str]:
        """The keys of all runs of words, but for dates; a time of day is one too, since it may be something else."""
        return self._all_phrases.keys()

    def stands_apart(self, key: str, keys: Iterable[str]) -> bool:
        """Whether the words with this key stand somewhere else than within those of one of the other `keys`."""
        around = [place for other in keys if other != key for place in self._all_phrases[other]]
        return any(
            not any(start <= own_start and own_end <= end for start, end in around)
            for own_start, own_end in self._all_phrases[key]
        )

    @cached_property
    def _all_phrases(self) -> dict[str, list[tuple[int, int]]]:
        return self._phrases([found.span() for found in _DATE.finditer(self._plain)])

    def places(self, key: str) -> list[tuple[int, int]]:
        """Return where the words with this key stand, outside of time stamps; "1042" does not stand in "C-1042"."""
        found = self._sure_phrases.get(key, [])
        if key.isdigit():
            return [place for place in found if not _PREFIX.search(self._plain[: place[0]])]
        return found

    @cached_property
    def _sure_phrases(self) -> dict[str, list[tuple[int, int]]]:
        return self._phrases(self._stamp_spans)

    @cached_property
    def _stamp_spans(self) -> list[tuple[int, int]]:
        spans = []
        for date in _DATE.finditer(self._plain):
            time = _TIME.match(self._plain, date.end())
            spans.append((date.start(), time.end() if time else date.end()))
        return spans

    def _phrases(self, left_out: list[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        edges = [0, *(edge for span in left_out for edge in span), len(self._plain)]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            for key, places in _phrases(self._plain, _word_spans(self._plain, start, end)).items():
                found.setdefault(key, []).extend(places)
        return found


def are_apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two places in a text share no character."""
    return one[1] <= other[0] or other[1] <= one[0]


def _plain(text: str) -> str:
    """Compatibility forms folded (full-width 7 is 7), case-folded, without what nobody sees."""
    folded_text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded_text if unicodedata.category(char) != "Cf")


def _is_part_of_a_word(char: str) -> bool:
    is_mark = unicodedata.category(char) in {"Mn", "Mc"} and not "\ufe00" <= char <= "\ufe0f"
    return char.isalnum() or is_mark


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit is next to it; Chinese, Japanese and Korean put no blanks between words."""
    beside = [*text[max(start - 1, 0) : start], *text[end : end + 1]]
    return not any(_is_part_of_a_word(char) and unicodedata.east_asian_width(char) not in "WF" for char in beside)


def _word_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans, begin = [], None
    for place in range(start, end):
        if _is_part_of_a_word(text[place]):
            begin = place if begin is None else begin
        elif begin is not None:
            spans.append((begin, place))
            begin = None
    return spans if begin is None else [*spans, (begin, end)]


def _phrases(text: str, spans: list[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
    """Return the keys of all runs of up to MOST_WORDS of these words, and where each stands."""
    found: dict[str, list[tuple[int, int]]] = {}
    for first in range(len(spans)):
        words: list[str] = []
        for start, end in spans[first : first + MOST_WORDS]:
            words.append(text[start:end])
            found.setdefault(_join(words), []).append((spans[first][0], end))
    return found


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in _word_spans(text, 0, len(text))]


def _join(words: list[str]) -> str:
    joined = ""
    for word in words:
        joined += f"-{word}" if joined[-1:].isdigit() and word[0].isdigit() else word
    return joined
