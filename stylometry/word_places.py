"""Where words stand in a text, as count_words has them."""

import re
import unicodedata

import numpy as np
import numpy.typing as npt

from stylometry.word_rules import CJK, WordRule, find_joiners

Integers = npt.NDArray[np.int64]


def find_words(text: str, rule: WordRule = "letters") -> Integers:
    """Where each word begins and ends, in characters, as count_words has them by the rule (words, 2)."""
    kinds = {sign: unicodedata.category(sign)[0] for sign in set(text)}
    marks = "".join(sorted(sign for sign, kind in kinds.items() if kind == "M"))
    # Superscripts and fractions are \w and no \d.
    numbers = "".join(sorted(sign for sign, kind in kinds.items() if kind == "N"))
    letter = rf"[^\W\d_{numbers}]"
    inside = rf"{letter}|[{marks}]" if marks else letter
    signs = re.escape("".join(find_joiners(rule)))
    if rule == "cjk":
        letter, inside = rf"(?![{CJK}]){letter}", rf"(?![{CJK}])(?:{inside})"
    written = rf"{letter}(?:{inside}|[{signs}](?={letter}))*"
    pattern = re.compile(rf"[{CJK}][{marks}]*|{written}" if rule == "cjk" and marks else _join(rule, written))
    spans = np.fromiter((place for found in pattern.finditer(text) for place in found.span()), np.int64)
    return spans.reshape(-1, 2)


def _join(rule: WordRule, written: str) -> str:
    return rf"[{CJK}]|{written}" if rule == "cjk" else written
