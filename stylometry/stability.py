"""Does the result hang on a choice? The same question with other lengths, features and distances."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stylometry.chunks import cut_within
from stylometry.copies import Apart
from stylometry.delta import measure
from stylometry.evidence import silhouette
from stylometry.ngrams import count_ngrams
from stylometry.profiles import Ngram
from stylometry.trust import leave_one_out
from stylometry.word_choice import WordChoice, choose_words
from stylometry.word_rules import WordRule
from stylometry.words import count_words

FEWEST_WORDS = 2_500
"""Words below which attribution by frequent words or n-grams gives way to chance, at the best: in Latin prose.

Source: Eder: Does size matter? Authorship attribution, small samples, big problem, Digital Scholarship in the
Humanities 30 (2015), pp. 167-182.
"""

SAFE_WORDS = 5_000
"""Words that English, German, Polish and Hungarian novels need. Source: Eder (2015)."""

UNRELIABLE = (
    f"Attribution is unreliable below about {FEWEST_WORDS:,} words (prose in inflected languages) to {SAFE_WORDS:,} "
    "words (novels; Eder 2015)."
)


@dataclass(frozen=True)
class Setting:
    """What one choice gives.

    Attributes:
        chunk_chars: Characters in a chunk.
        features: Most frequent n-grams looked at: no more than there are.
        distance: Name of the distance.
        chunks: Number of chunks.
        words: Words in a chunk, on average.
        accuracy: Share of the chunks whose nearest neighbour from another document has their label.
        balanced_accuracy: The same for each label alone, averaged over the labels.
        majority_share: What naming the most frequent label always would reach.
        silhouette: How much nearer chunks are to their own label, -1 to 1; NaN with one label only.
    """

    chunk_chars: int
    features: int
    distance: str
    chunks: int
    words: float
    accuracy: float
    balanced_accuracy: float
    majority_share: float
    silhouette: float


def compare_settings(
    texts: Sequence[str],
    labels: Sequence[str | None],
    *,
    chunk_chars: Sequence[int],
    features: Sequence[int],
    distances: Sequence[str],
    ngram: Ngram = "word",
    n: int = 1,
    copies: Sequence[int] | None = None,
    choice: WordChoice | None = None,
    word_rule: WordRule = "letters",
) -> tuple[Setting, ...]:
    """One row for each combination; chunks are cut within documents, and only other documents' chunks are neighbours.

    Args:
        texts: The documents.
        labels: Label of each document, None where it is not known.
        chunk_chars: Lengths of a chunk to try.
        features: Numbers of features to try; of larger ones than there are, all.
        distances: Names in delta.DISTANCES to try.
        ngram: "word" or "char".
        n: Words or characters in an n-gram.
        copies: Number of the text that each document is; copies of one text have one number and are no neighbours.
        choice: Which n-grams may be features; all of them by default.
        word_rule: What a word is.

    Raises:
        StylometryError: If no document is long enough for one of the lengths, or a parameter is out of range.
    """
    rows = []
    numbers = np.arange(len(texts)) if copies is None else np.asarray(copies)
    for length in chunk_chars:
        chunks = cut_within(texts, labels, length)
        apart = Apart(numbers[chunks.first_document], np.zeros((0, 2), np.int64))
        words = count_words(chunks, tokens=word_rule)
        counts = (
            count_ngrams(chunks, n)
            if ngram == "char"
            else words
            if n == 1
            else count_words(chunks, n, tokens=word_rule)
        )
        chosen = choose_words(counts, choice or WordChoice())
        average = float(words.matrix.sum() / len(chunks))
        has_labels = len({label for label in chunks.labels if label is not None}) > 1
        for number in dict.fromkeys(min(number, len(chosen.ngrams)) for number in features):
            for name in distances:
                between = measure(chosen, name, features=number)
                judged = leave_one_out(between, chunks.labels, chunks.first_document, chunks.last_document, apart=apart)
                width = silhouette(between, chunks.labels, apart=apart).mean if has_labels else float("nan")
                shares = (judged.accuracy, judged.balanced_accuracy, judged.majority_share)
                rows.append(Setting(length, number, name, len(chunks), average, *shares, width))
    return tuple(rows)


def say_if_short(words: Sequence[float]) -> str | None:
    """A warning in one sentence if chunks have fewer words than attribution needs; None if all have enough.

    Args:
        words: Words of each chunk (chunks,).
    """
    short = int((np.asarray(words) < FEWEST_WORDS).sum())
    if not short:
        return None
    return (
        f"{short:,} of {len(words):,} chunks {'has' if short == 1 else 'have'} fewer than {FEWEST_WORDS:,} words, the "
        f"shortest {np.min(words):,.0f}. {UNRELIABLE}"
    )
