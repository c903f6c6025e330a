"""Texts in one of Unicode's normal forms, with or without accents, so that equal letters count as equal."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, TypeAlias

NormalForm: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]

_CODE_POINTS = 0x110000
"""Size of Unicode's code space. Source: The Unicode Standard 15.0, section 2.4."""


def normalise(texts: Iterable[str], form: NormalForm | None = "NFC", *, strip_accents: bool = False) -> Iterator[str]:
    """The texts one by one, each in a normal form.

    NFC composes é to one character and NFD takes it apart; NFKC and NFKD also replace what looks different and means
    the same (ﬁ, ², full width). Without accents é is e, and pointed Hebrew consonants only: every character is removed
    that combines with another (canonical combining class above 0). Vowel signs of Indic scripts are class 0 and stay.

    Args:
        texts: The texts.
        form: The normal form; None leaves the text as it is written.
        strip_accents: Whether to remove accents; the text is taken apart for it and composed again.

    Source: Unicode Standard Annex 15, Unicode Normalization Forms.
    """
    for text in texts:
        if strip_accents:
            bare = _find_accents().sub("", unicodedata.normalize("NFKD" if form in ("NFKC", "NFKD") else "NFD", text))
            yield unicodedata.normalize(form or "NFC", bare)
        else:
            yield unicodedata.normalize(form, text) if form else text


@cache
def _find_accents() -> re.Pattern[str]:
    combining = (chr(code) for code in range(_CODE_POINTS) if unicodedata.combining(chr(code)))
    return re.compile(f"[{''.join(combining)}]+")
