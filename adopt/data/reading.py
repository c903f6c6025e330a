"""Words as the reading library casts them, so that a guess reads a cell as ingest will."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.arrow import Mask, to_mask
from relay.reading.cells import read_column
from relay.reading.iso import FULL
from relay.reading.numbers import EXACT_INTS_END as EXACT_END
from relay.reading.numbers import GROUPED

SPACES = (" ", "\u00a0", "\u202f")
WAYS: dict[str, tuple[str, ...]] = {
    ",": ("float,", "int,", "float.,"),
    ".": ("int.", "float,."),
    **{mark: (f"int{mark}", f"float,{mark}", f"float.{mark}") for mark in (*SPACES, "'", "\u2019")},
}
"""A mark -> the ways to read that need it. Behind `int` stands the mark of thousands, behind `float` the decimal mark
and then the one of thousands."""


@dataclass(frozen=True)
class Numbers:
    """Words as numbers with a decimal dot or none."""

    values: pa.Array
    """Whole numbers where all are, else floats."""
    floats: NDArray[np.float64]
    is_int: Mask
    is_float: Mask


def make_column(way: str) -> Column:
    """The column of a recipe that reads its cells in this way."""
    kind, _, form = way.partition(":")
    if kind == "time":
        return _column("time", time_format=form or None)
    for name in ("int", "float"):
        if kind.startswith(name) and kind != name:
            decimal, thousands = find_marks_of(kind)
            return _column(name, decimal=decimal, thousands=thousands)
    return _column(kind)


def find_marks_of(way: str) -> tuple[str, str]:
    """The decimal mark and the mark of thousands of a way with marks."""
    kind, _, marks = way.partition("t")
    if kind == "in":
        return ("," if marks == "." else ".", marks)
    return (marks[0], marks[1:])


@lru_cache
def form_of(way: str) -> str:
    """A pattern of numbers whose digits are grouped as people write them: `1.250`, but neither `1250` nor `0.250`."""
    decimal, thousands = map(re.escape, find_marks_of(way))
    fraction = f"({decimal}[0-9]*)?" if way.startswith("float") else ""
    if not thousands:
        return f"^[+-]?[0-9]*{fraction}([eE][+-]?[0-9]+|-)?$"
    return f"^[+-]?([1-9][0-9]{{0,2}}({thousands}[0-9]{{3}})*|0){fraction}-?$"


def has_byte(text: pa.Array, sign: bytes) -> bool:
    """Whether the bytes of all texts have a sign; a quick look, which may say so for a slice that has not."""
    content = text.buffers()[2]
    return content is not None and sign in content.to_pybytes()


def read_numbers(words: pa.Array) -> Numbers:
    """Words as `read_column` casts them in columns of the types int and float without marks."""
    every = np.ones(len(words), bool)
    with suppress(pa.ArrowInvalid):
        # Arrow takes long to find that a text is no whole number, and reads 0x10 as one.
        if not any(has_byte(words, sign) for sign in (b".", b"x", b"X")):
            whole = words.cast(pa.int64())
            return Numbers(whole, whole.cast(pa.float64(), safe=False).to_numpy(), every, every)
    with suppress(pa.ArrowInvalid):
        values = words.cast(pa.float64())
        floats = values.to_numpy()
        is_number = ~np.isnan(floats)
        with np.errstate(invalid="ignore"):
            is_whole = (np.floor(floats) == floats) & np.isfinite(floats)
            if not (is_whole & (np.abs(floats) >= EXACT_END)).any():
                if is_whole.any():
                    is_whole &= ~to_mask(pc.match_substring_regex(words, GROUPED))
                return Numbers(values, floats, is_whole, is_number)
    _, is_int = read_words(words, "int")
    values, is_float = read_words(words, "float")
    return Numbers(values, values.to_numpy(zero_copy_only=False), is_int, is_float)


def read_words(words: pa.Array, way: str) -> tuple[pa.Array, Mask]:
    """The values of words in this way, and where they are values.

    Args:
        words: texts without blanks around them, none of which means "no value"; shape (n,).
        way: as in `ColumnProfile.ways`.
    """
    left_out = np.zeros(len(words), bool)
    if way == "int":
        left_out = to_mask(pc.match_substring_regex(words, GROUPED))  # stops a run
    elif len(form := way.removeprefix(TIME)) < len(way) and form:
        words = _pad(words, form)
        left_out = ~to_mask(pc.match_substring_regex(words, look_of(form)))
    if left_out.any():
        words = pc.if_else(pa.array(left_out), pa.scalar(None, pa.string()), words)
    try:
        cast = read_column(words, make_column(way))
    except AmbiguousCellError:
        return pa.nulls(len(words), pa.float64()), np.zeros(len(words), bool)
    return cast.values, ~left_out & to_mask(pc.is_valid(cast.values))


@lru_cache
def look_of(form: str) -> str:
    """A pattern of all texts that a format of times reads, and of some others; it saves trying the rest one by one."""
    parts = re.findall(r"%.|[^%]+", form)
    return f"^{''.join(_LOOKS.get(part) or re.escape(part) for part in parts)}$|{FULL.pattern}"


def _pad(words: pa.Array, form: str) -> pa.Array:
    """The texts with two digits for each number, which are read many at once; they mean the same."""
    if set(re.findall("%.", form)) <= _PADDED and not re.search("%.%.", form):
        return pc.replace_substring_regex(words, r"\b([0-9])\b", r"0\1")
    return words


def see_orders(words: pa.Array) -> frozenset[str]:
    """What ingest sees in a column of times without a format, by which it may refuse a later cell."""
    try:
        return frozenset(read_column(words, make_column("time:")).seen)
    except AmbiguousCellError:
        return frozenset()


TIME = "time:"
_PADDED = {"%Y", "%m", "%d", "%H", "%M", "%S"}
_LOOKS = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "(0?[1-9]|1[0-2])", "%d": "(0?[1-9]|[12][0-9]|3[01])",
    "%H": "([01]?[0-9]|2[0-3])", "%I": "(0?[1-9]|1[0-2])", "%M": "[0-5]?[0-9]", "%S": "[0-6]?[0-9]",
    "%f": "[0-9]{1,6}", "%p": "[AaPp][Mm]", "%z": ".+", "%b": r"\pL+\.?", "%B": r"\pL+", "%a": r"\pL+\.?", " ": r"\s+",
}  # fmt: skip


def _column(kind: str, **keys: Any) -> Column:
    return Column.model_validate({"type": kind, "role": "input"} | keys)
