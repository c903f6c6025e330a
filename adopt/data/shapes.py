"""How a cell is written: 9 for digits, a for letters, everything else as it is."""

import re

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 40
"""Characters that are looked at."""
FEW = 1_000
"""Texts up to which they are looked at one by one."""
DIGITS, LETTERS = re.compile("[0-9]+"), re.compile(r"[^\W\d_]+")


def make_shapes(words: pa.Array) -> pa.Array:
    """The shape of each text: `12,50 EUR` is `9,9 a`."""
    if len(words) <= FEW and not words.null_count:
        # Arrow compiles its patterns for each call, which takes longer than a few texts, once per column.
        texts = words.to_pylist()
        if all(map(str.isascii, texts)):
            return pa.array(list(map(make_shape, texts)), words.type)
    digits = pc.replace_substring_regex(pc.utf8_slice_codeunits(words, 0, LONGEST), r"[0-9]+", "9")
    return pc.replace_substring_regex(digits, r"\pL+", "a")


def make_shape(word: str) -> str:
    """The same of one text."""
    return LETTERS.sub("a", DIGITS.sub("9", word[:LONGEST]))
