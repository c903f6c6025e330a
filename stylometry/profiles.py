"""Texts as rows of features that were chosen on other texts: what an estimator needs to look at unknown texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stylometry.chunks import keep_whole
from stylometry.columns import count_rows
from stylometry.errors import StylometryError
from stylometry.features import SCALED, CountTable, Needs, Scale, fit_rows, most_frequent, read_rows, select_rows
from stylometry.ngrams import count_ngrams
from stylometry.spelling import NormalForm, normalise
from stylometry.word_rules import WordRule
from stylometry.words import count_words

Floats = npt.NDArray[np.float64]
Ngram: TypeAlias = Literal["word", "char", "column"]
"""What is counted: of texts, or the columns of a table of frequencies, see columns.count_rows."""


@dataclass(frozen=True)
class Reading:
    """How texts are read: words or characters, how many together, and in what spelling."""

    ngram: Ngram
    n: int
    normal_form: NormalForm | None
    strip_accents: bool
    tokens: WordRule = "letters"

    def count(self, texts: Sequence[str]) -> CountTable:
        """Counts of each text.

        Raises:
            StylometryError: If these are no texts, or one holds no n-gram at all.
        """
        kinds = {type(text).__name__ for text in texts if not isinstance(text, str)}
        if isinstance(texts, str) or kinds:
            found = "one string" if isinstance(texts, str) else f"elements of type {', '.join(sorted(kinds))}"
            raise StylometryError(
                f"these are no texts: found {found}, expected a list of strings. Put a single text into a list."
            )
        texts = list(texts)
        counts = self._count(texts)
        empty = np.flatnonzero(np.diff(counts.matrix.indptr) == 0)
        if len(empty):
            raise StylometryError(
                f"text {empty[0]} has nothing to count: found {texts[empty[0]][:40]!r}, expected at least {self.n} "
                f"{self.ngram}s. Leave it out."
            )
        return counts

    def _count(self, texts: list[str]) -> CountTable:
        if self.ngram == "column":
            return count_rows(texts)
        chunks = keep_whole(normalise(texts, self.normal_form, strip_accents=self.strip_accents), [None] * len(texts))
        return count_words(chunks, self.n, tokens=self.tokens) if self.ngram == "word" else count_ngrams(chunks, self.n)


@dataclass(frozen=True)
class Profile:
    """Features chosen on some texts, most frequent first, and how rows of them are scaled.

    Attributes:
        ngrams: The features (features,).
        needs: What the rows are: counts, frequencies, z-scores by the scale, or logarithms by it.
        scale: Means and deviations over the texts they were chosen on; for logarithms the entropies.
    """

    ngrams: Sequence[str]
    needs: Needs
    scale: Scale

    def read(self, counts: CountTable) -> Floats:
        """Rows of these features (texts, features); a feature that no text holds is 0 times in each."""
        column_of = {ngram: column for column, ngram in enumerate(counts.ngrams)}
        known = np.array([column_of.get(ngram, -1) for ngram in self.ngrams], np.int64)
        rows = np.zeros((counts.matrix.shape[0], len(known)))
        rows[:, known >= 0] = select_rows(counts, known[known >= 0], self.needs)
        rows = read_rows(rows, self.needs)
        return self.scale.apply(rows) if self.needs in SCALED else rows


def fit_profile(counts: CountTable, needs: Needs, features: int | None, culling: float) -> Profile:
    """The most frequent n-grams of some texts, and their scale there.

    Raises:
        StylometryError: If a number is out of range or no n-gram is left.
    """
    columns = most_frequent(counts, features, culling)
    names = counts.ngrams
    return Profile(
        [names[column] for column in columns.tolist()], needs, fit_rows(select_rows(counts, columns, needs), needs)
    )
