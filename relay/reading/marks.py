"""Marks inside numbers and declared words for "no value", for every reader of cells; needs no numerical library."""

import re
from dataclasses import dataclass
from functools import lru_cache

from relay.handoff.column import LARGEST_INT, Column

SPACES = " \u00a0\u202f"
"""Marks of thousands that look alike."""

EXACT_END = 2**53
"""Below this every whole number is itself as a float, so that "2.0" may stand for 2."""

WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

SIGN_BEHIND = re.compile(r"([0-9.,][^eE+-]*)-")
"""A number with its minus behind it, as some programs write negative amounts."""


@dataclass(frozen=True)
class Marks:
    """The marks inside numbers."""

    decimal: str
    thousands: str

    @property
    def are_plain(self) -> bool:
        """Whether they are those that programs write."""
        return self.decimal == "." and not self.thousands


@dataclass(frozen=True)
class Affixes:
    """Patterns of a declared prefix with the sign before it, and of a declared suffix; empty where none is declared."""

    before: str
    behind: str


@dataclass(frozen=True)
class MissingWords:
    """What a column declares as "no value"."""

    words: frozenset[str]
    numbers: frozenset[int | float]
    """The numbers among the words, by the column's marks."""


def find_marks(column: Column) -> Marks | None:
    """The marks that the recipe declares; None when it declares none."""
    if column.decimal is None and column.thousands is None:
        return None
    thousands = column.thousands or ""
    return Marks(column.decimal or ("," if thousands == "." else "."), thousands)


@lru_cache
def find_forms(marks: Marks) -> tuple[str, str]:
    """The patterns of a number with these marks and of one of its marks of thousands, for Python and for Arrow."""
    thousands = f"[{SPACES}]" if marks.thousands and marks.thousands in SPACES else re.escape(marks.thousands)
    groups = rf"[0-9]{{1,3}}({thousands}[0-9]{{3}})+|" if marks.thousands else ""
    decimal = re.escape(marks.decimal)
    number = rf"[+-]?(({groups}[0-9]+)({decimal}[0-9]*)?|{decimal}[0-9]+)([eE][+-]?[0-9]+)?"
    return rf"^{number}$|^[+-]?[A-Za-z]+$", thousands


def find_affixes(column: Column) -> Affixes | None:
    """The units beside the numbers of a column, for Python and for Arrow; None where it declares none."""
    return None if column.prefix is None and column.suffix is None else _find_affixes(column.prefix, column.suffix)


@lru_cache
def _find_affixes(prefix: str | None, suffix: str | None) -> Affixes:
    before = "" if prefix is None else rf"^([+-]?)[{SPACES}]?{re.escape(prefix)}[{SPACES}]?"
    return Affixes(before, "" if suffix is None else rf"[{SPACES}]?{re.escape(suffix)}$")


def take_affixes(text: str, affixes: Affixes | None) -> str:
    """The number without the units beside it: `-$ 5` is `-5`."""
    if affixes is None:
        return text
    bare = re.sub(affixes.before, r"\1", text, count=1) if affixes.before else text
    return re.sub(affixes.behind, "", bare, count=1) if affixes.behind else bare


def move_sign(text: str) -> str:
    """The text; a number with its minus behind it has it in front."""
    found = SIGN_BEHIND.fullmatch(text) if text.endswith("-") else None
    return text if found is None else f"-{found[1]}"


def read_plain(text: str, marks: Marks | None) -> str | None:
    """The number as programs write it; None where a mark is at a wrong place."""
    if marks is None or marks.are_plain:
        return text
    number, thousands = find_forms(marks)
    if not re.fullmatch(number, text):
        return None
    plain = re.sub(thousands, "", text) if marks.thousands else text
    return plain.replace(marks.decimal, ".")


def means_nothing(value: object, column: Column) -> bool:
    """Whether a value is a declared word for "no value", or a number that one of them stands for.

    A number counts in a column of numbers or truth values; it is compared exactly where the column holds whole numbers.
    """
    if column.missing is None:
        return False
    if isinstance(value, str):
        return value.strip() in find_missing(column).words
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    if column.type == "int" and isinstance(value, float) and not abs(value) < EXACT_END:
        return False
    try:
        return (value if column.type == "int" else float(value)) in find_missing(column).numbers
    except OverflowError:
        return False


def find_missing(column: Column) -> MissingWords:
    """The words that a column declares as "no value", and the numbers among them."""
    return _find_missing(column.type, tuple(column.missing or ()), find_marks(column))


@lru_cache(maxsize=4096)
def _find_missing(kind: str, words: tuple[str, ...], marks: Marks | None) -> MissingWords:
    numbers = set()
    for word in words if kind in ("int", "float", "bool") else ():
        plain = read_plain(word, marks)
        numbers.add(_read_number(word if plain is None else plain, kind))
    return MissingWords(frozenset(words), frozenset(number for number in numbers if number is not None))


def _read_number(text: str, kind: str) -> int | float | None:
    if kind == "int" and WHOLE.fullmatch(text):
        return int(text) if abs(int(text)) <= LARGEST_INT + (text[0] == "-") else None
    number = float(text) if NUMBER.fullmatch(text) else None
    if kind != "int" or number is None:
        return number
    return int(number) if number.is_integer() and abs(number) < EXACT_END else None
