"""Words that mean "no value", true or false, for every reader of cells; needs no numerical library."""

from collections.abc import Mapping
from functools import lru_cache

from relay.handoff.column import Column
from relay.reading.marks import NUMBER

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")
"""Texts that mean "no value" in every column that is not text, unless the recipe declares others."""

TRUE_WORDS = ("true", "t", "yes", "y", "on", "1", "1.0")
FALSE_WORDS = ("false", "f", "no", "n", "off", "0", "0.0")
"""Texts that mean true and false in any case of letters, unless the recipe declares others."""


def find_truth(column: Column) -> Mapping[str, bool]:
    """Case-folded word -> the truth value that it means in the column."""
    return _find_truth(tuple(column.true_words or ()), tuple(column.false_words or ()))


def find_numbers_of_truth(column: Column) -> Mapping[float, bool]:
    """The numbers among these words: 1 is true and 0 is false, unless the recipe declares others."""
    return {float(word): meaning for word, meaning in find_truth(column).items() if NUMBER.fullmatch(word)}


@lru_cache
def _find_truth(true_words: tuple[str, ...], false_words: tuple[str, ...]) -> Mapping[str, bool]:
    usual = dict.fromkeys(TRUE_WORDS if not true_words else (), True)
    usual |= dict.fromkeys(FALSE_WORDS if not false_words else (), False)
    declared = {word.strip().casefold(): True for word in true_words}
    declared |= {word.strip().casefold(): False for word in false_words}
    return usual | declared  # a declared word wins over a usual one of the other key


def is_missing_text(text: str, column: Column) -> bool:
    """Whether a text without blanks around it means "no value" in the column."""
    if not text:
        return True
    if column.missing is not None:
        return text in column.missing
    return column.type not in ("text", "category") and text in MISSING_WORDS
