"""Which n-grams may become features: not some words, not the most frequent ones, or those of a list alone."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError
from stylometry.features import CountTable, count_all, most_frequent
from stylometry.word_lists import WORD_LISTS
from stylometry.word_lists import WordChoice as WordChoice


@dataclass(frozen=True)
class ChosenCounts:
    """The columns of a table of counts that may be features.

    Attributes:
        ngrams: The n-grams (ngrams,).
        matrix: Their occurrences, scipy csr_array (chunks, ngrams).
        totals: Occurrences of all n-grams in each chunk, chosen or not: what frequencies are shares of (chunks,).
    """

    ngrams: list[str]
    matrix: Any
    totals: npt.NDArray[np.float64]


def choose_words(counts: CountTable, choice: WordChoice) -> CountTable:
    """The counts of the n-grams that may be features; the table itself where nothing was chosen.

    A word with combining marks, such as pointed Hebrew, is left out if it stands in `without` with or without them.

    Raises:
        StylometryError: If no n-gram is left.
    """
    if not choice:
        return counts
    without, only, skipped = set(choice.without), set(choice.only), set(choice.skipped)
    names = counts.ngrams
    kept = [
        column
        for column, name in enumerate(names)
        if (not only or name in only) and name not in skipped and not (without and _holds_one(name, without))
    ]
    if not kept:
        raise StylometryError(
            f"no n-gram is left: found none of {len(names):,} that the lists of words leave. Check their words."
        )
    return ChosenCounts([names[column] for column in kept], counts.matrix[:, kept], count_all(counts))


def find_most_frequent(counts: CountTable, number: int) -> tuple[str, ...]:
    """The n-grams that occur most often in all chunks together, the most frequent first."""
    if not number:
        return ()
    names = counts.ngrams
    return tuple(names[column] for column in most_frequent(counts, number).tolist())


def expand_words(words: Sequence[str]) -> tuple[str, ...]:
    """Words as they are counted: those of lists that are named, and others in lower case with a plain apostrophe.

    Raises:
        StylometryError: If a name with a full stop is no list of WORD_LISTS.
    """
    found: list[str] = []
    for word in words:
        if "." in word and word not in WORD_LISTS:
            raise StylometryError(f"no such list of words: found {word!r}, expected one of {', '.join(WORD_LISTS)}.")
        found += WORD_LISTS.get(word, (unicodedata.normalize("NFC", word).lower().replace("’", "'"),))
    return tuple(dict.fromkeys(found))


def _holds_one(ngram: str, words: set[str]) -> bool:
    return any(word in words or _remove_marks(word) in words for word in ngram.split(" "))


def _remove_marks(word: str) -> str:
    return "".join(character for character in word if unicodedata.category(character) != "Mn")
