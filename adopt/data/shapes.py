"""How a cell is written: 9 for digits, a for letters, everything else as it is."""

import re

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 40
"""Characters that are looked at."""


def make_shapes(words: pa.Array) -> pa.Array:
    """The shape of each text: `12,50 EUR` is `9,9 a`."""
    digits = pc.replace_substring_regex(pc.utf8_slice_codeunits(words, 0, LONGEST), r"[0-9]+", "9")
    return pc.replace_substring_regex(digits, r"\pL+", "a")


def make_shape(word: str) -> str:
    """The same of one text."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"[0-9]+", "9", word[:LONGEST]))
