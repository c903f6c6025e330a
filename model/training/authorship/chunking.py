"""From documents to distances: how a recipe cuts, counts and measures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from relay.handoff.preparation import Preparation
from relay.registry.contract import Asking
from stylometry.chunks import Chunks, cut_joined, cut_within, keep_whole
from stylometry.columns import RowCounts, count_rows
from stylometry.delta import measure
from stylometry.errors import StylometryError
from stylometry.features import CountTable
from stylometry.ngrams import count_ngrams
from stylometry.parallel import Elsewhere
from stylometry.samples import cut_overlapping, cut_words, draw_words
from stylometry.utf8 import count_characters
from stylometry.word_choice import choose_words, find_most_frequent
from stylometry.word_rules import WordRule
from stylometry.words import count_words

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def cut(documents: Documents, parameters: AuthorshipParameters, seed: int = 0) -> Chunks:
    """The documents in chunks of equal length, or whole.

    Raises:
        StylometryError: there is too little text.
    """
    texts = (documents.utf8, documents.offsets)
    if parameters.chunk_words is not None and parameters.chunking == "random":
        return draw_words(
            texts,
            documents.labels,
            parameters.chunk_words,
            samples=parameters.samples,
            seed=seed,
            rule=parameters.word_rule,
        )
    if parameters.chunk_words is not None and parameters.chunking == "within":
        size, overlap = parameters.chunk_words, parameters.overlap
        return cut_words(texts, documents.labels, size, overlap=overlap, rule=parameters.word_rule)
    if parameters.chunking == "within" and parameters.overlap:
        return cut_overlapping(texts, documents.labels, parameters.chunk_chars, overlap=parameters.overlap)
    if parameters.chunking == "within":
        return cut_within(texts, documents.labels, parameters.chunk_chars)
    if parameters.chunking == "whole":
        return keep_whole(texts, documents.labels)
    return cut_joined(texts, documents.labels, chunks=parameters.chunks)


def describe_asking(chunks: Chunks, seed: int, preparation: Preparation, lowest_coverage: float) -> Asking:
    """How texts to come are cut and judged: where chunks were cut by words, by their mean length in characters."""
    chars = chunks.chunk_chars
    if chunks.chunk_words:
        chars = int(count_characters(chunks.utf8, chunks.offsets)[-1]) // len(chunks)
    return Asking(chunk_chars=chars, seed=seed, preparation=preparation, lowest_coverage=lowest_coverage)


def hide_labels(chunks: Chunks, unknown: list[str]) -> Chunks:
    """The same chunks, without label where it is among the unknown ones."""
    return replace(chunks, labels=tuple(None if label in unknown else label for label in chunks.labels))


@dataclass(frozen=True)
class Units:
    """What is counted: n-grams of characters, or of words by a rule."""

    kind: Literal["chars", "words"]
    n: int = 1
    rule: WordRule = "letters"


Count = Callable[[Chunks, Units], CountTable]
"""Gives the occurrences of each n-gram in each chunk."""


def count_here(chunks: Chunks, units: Units) -> CountTable:
    """Occurrences of each n-gram of characters or words in each chunk.

    Raises:
        StylometryError: no chunk is long enough for one.
    """
    if units.kind == "words":
        return count_words(chunks, units.n, tokens=units.rule)
    return count_ngrams(chunks, units.n)


def count_units(chunks: Chunks, parameters: AuthorshipParameters, count: Count = count_here) -> CountTable:
    """Occurrences of each n-gram that the recipe asks for.

    Raises:
        StylometryError: no chunk is long enough for one.
    """
    if parameters.units == "columns":
        return count_rows(chunks.texts())
    return count(chunks, Units(parameters.units, parameters.ngram, parameters.word_rule))


def count_chosen(
    chunks: Chunks, parameters: AuthorshipParameters, count: Count = count_here
) -> tuple[CountTable, AuthorshipParameters]:
    """All counts, and the parameters with the n-grams before the rank `start_at` skipped, by what the lists leave.

    Raises:
        StylometryError: no chunk is long enough for an n-gram.
    """
    counts = count_units(chunks, parameters, count)
    if parameters.start_at == 1:
        return counts, parameters
    left = choose_words(counts, parameters.chosen)
    skipped = find_most_frequent(left, parameters.start_at - 1)
    return counts, parameters.choose(replace(parameters.chosen, skipped=skipped))


def measure_styles(counts: CountTable, parameters: AuthorshipParameters, elsewhere: Elsewhere | None = None) -> Floats:
    """Distances between all chunks by the recipe's distance (chunks, chunks), perhaps compared elsewhere.

    Raises:
        StylometryError: no n-gram is left by the culling.
    """
    counts = choose_words(counts, parameters.chosen)
    return measure(
        counts, parameters.distance, features=parameters.features, culling=parameters.culling, elsewhere=elsewhere
    )


def count_single_words(
    chunks: Chunks, counts: CountTable, parameters: AuthorshipParameters, count: Count = count_here
) -> CountTable | None:
    """Counts of words, whatever the map is made of, since words can be read; None where the text has none.

    Of a table of frequencies its counts, and None where it holds shares: how many words there were is not known.
    """
    if isinstance(counts, RowCounts):
        return counts if counts.are_counts else None
    if parameters.units == "words" and parameters.ngram == 1:
        return counts
    try:
        return count(chunks, Units("words", rule=parameters.word_rule))
    except StylometryError:  # texts of signs and digits alone can be mapped by characters
        return None


def sum_words(words: CountTable | None, chunks: int, units: str = "words") -> Integers:
    """Words of each chunk (chunks,); none (0,) where the table of frequencies does not tell how many there were."""
    if words is None and units == "columns":
        return np.zeros(0, np.int64)
    if words is None:
        return np.zeros(chunks, np.int64)
    sums: Integers = words.matrix.sum(axis=1, dtype=np.int64)
    return sums


def choose_projection(parameters: AuthorshipParameters) -> str:
    """The projection that is drawn: the recipe's own, else t-SNE, and PCA for text in the order of time."""
    return parameters.projection or ("pca" if parameters.order == "time" else "tsne")
