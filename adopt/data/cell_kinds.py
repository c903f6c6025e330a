"""What single cells look like, for finding delimiters and headers: no type is decided here."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum


class Kind(StrEnum):
    """What a cell looks like."""

    EMPTY = "empty"
    MISSING = "missing"
    NUMBER = "number"
    TIME = "time"
    TRUTH = "truth"
    WORD = "word"
    """A text without signs that separate cells."""
    OTHER = "other"


NUMBER = re.compile(
    r"[+-]?[$€£]? ?(?:\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
    r"(?: ?[%$€£]| ?EUR| ?USD)?-?"
)

CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?"
ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
WORD = r"[^\W\d_]{3,9}\.?"
TIME = re.compile(
    rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}(?:[T ]{CLOCK}{ZONE})?|{CLOCK}"
    rf"|\d{{1,2}}[ -]{WORD}[ -]\d{{2,4}}(?: {CLOCK})?|{WORD} \d{{1,2}},? \d{{4}}(?: {CLOCK})?",
    re.IGNORECASE,
)
MISSING = frozenset(
    ("na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "..", "unknown", "missing", "k.a.", "err")
)
TRUTH = frozenset(("true", "false", "yes", "no", "ja", "nein", "oui", "non", "si"))
SEPARATORS = re.compile(r"[,;|\t]")

MOST = 0.8
"""Share of the filled cells of a column that are of a kind, from which on the column is."""


def find_kind(cell: str) -> Kind:
    """What a cell looks like."""
    text = cell.strip()
    if not text:
        return Kind.EMPTY
    if NUMBER.fullmatch(text):
        return Kind.NUMBER
    if text.casefold() in MISSING:
        return Kind.MISSING
    if TIME.fullmatch(text):
        return Kind.TIME
    if text.casefold() in TRUTH:
        return Kind.TRUTH
    return Kind.OTHER if SEPARATORS.search(text) else Kind.WORD


def find_column_kind(cells: Iterable[str]) -> Kind:
    """What most cells of a column look like: number, time, truth, or else word; empty where none is filled."""
    counts = Counter(map(find_kind, cells))
    filled = sum(count for kind, count in counts.items() if kind not in (Kind.EMPTY, Kind.MISSING))
    if not filled:
        return Kind.EMPTY
    for kind in (Kind.NUMBER, Kind.TIME, Kind.TRUTH):
        if counts[kind] >= MOST * filled:
            return kind
    return Kind.WORD


def count_filled(row: Sequence[str]) -> int:
    """Cells of a row that hold something."""
    return sum(bool(cell.strip()) for cell in row)
