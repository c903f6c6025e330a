"""What a word is: the rules that can be chosen. Light, so that a recipe can be checked without numerical libraries."""

from typing import Literal, TypeAlias

WordRule: TypeAlias = Literal["letters", "split_apostrophes", "keep_hyphens", "cjk"]
"""letters: see words.count_words; split_apostrophes: `don't` is two words; keep_hyphens: `well-known` is one; cjk: each
Chinese or Japanese character is a word, other scripts as by letters."""

Tokens: TypeAlias = Literal["letters", "split_apostrophes", "keep_hyphens", "cjk", "scikit-learn"]

APOSTROPHES = {"'": "'", "’": "'"}
"""The apostrophe in both its forms, and as what it counts."""

HEBREW_SIGNS = {"׳": "׳", "״": "״"}
"""Geresh and gershayim, which stand inside abbreviations and numbers."""

HYPHENS = {"-": "-", "\u2010": "-", "\u2011": "-"}
"""The hyphen of the keyboard, the hyphen, and the one that ends no line; dashes join no words."""

CJK = (
    r"\u3005\u3006\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\uff66-\uff9f\U00020000-\U000323af"
)
"""Han characters, kana and their repetition marks, as a class of a regular expression; Korean has blanks."""


def find_joiners(rule: Tokens) -> dict[str, str]:
    """The signs that may stand inside a word before a letter -> as what they count."""
    joiners = {**HEBREW_SIGNS} if rule == "split_apostrophes" else {**APOSTROPHES, **HEBREW_SIGNS}
    return {**joiners, **HYPHENS} if rule == "keep_hyphens" else joiners
