"""Chunks of equally many words, chunks that overlap, and words drawn at random from each document."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from stylometry.chunks import Chunks, Label
from stylometry.errors import StylometryError
from stylometry.utf8 import Texts, join_texts
from stylometry.word_places import find_words
from stylometry.word_rules import WordRule

MOST_CHUNKS = 20_000
"""Chunks of all documents: their distances take 3 GB."""

Cut = Callable[[str, int], tuple[list[str], int]]
"""Gives the chunks of a document, by its text and its number, and the characters left over after the last one."""


def cut_words(
    texts: Texts, labels: Sequence[Label], chunk_words: int, *, overlap: int = 0, rule: WordRule = "letters"
) -> Chunks:
    """Chunks of `chunk_words` words within documents, each beginning `chunk_words - overlap` words after the last one.

    A chunk reaches from the start of its first word to the end of its last one. A word is what count_words counts.

    Raises:
        StylometryError: If no document is long enough, a number is out of range, or there are too many chunks.
    """
    _check_overlap(chunk_words, overlap, "words")

    def cut(text: str, _: int) -> tuple[list[str], int]:
        words = find_words(text, rule)
        starts = range(0, len(words) - chunk_words + 1, chunk_words - overlap)
        spans = [(int(words[start, 0]), int(words[start + chunk_words - 1, 1])) for start in starts]
        return [text[start:end] for start, end in spans], len(text) - spans[-1][1] if spans else 0

    return _cut(texts, labels, cut, f"{chunk_words:,} words", chunk_words=chunk_words)


def cut_overlapping(texts: Texts, labels: Sequence[Label], chunk_chars: int, *, overlap: int) -> Chunks:
    """Chunks of `chunk_chars` characters within documents, each of which shares `overlap` characters with the last one.

    Raises:
        StylometryError: If no document is long enough, a number is out of range, or there are too many chunks.
    """
    _check_overlap(chunk_chars, overlap, "characters")

    def cut(text: str, _: int) -> tuple[list[str], int]:
        starts = range(0, len(text) - chunk_chars + 1, chunk_chars - overlap)
        left = len(text) - (starts[-1] + chunk_chars) if starts else 0
        return [text[start : start + chunk_chars] for start in starts], left

    return _cut(texts, labels, cut, f"{chunk_chars:,} characters", chunk_chars=chunk_chars)


def draw_words(
    texts: Texts,
    labels: Sequence[Label],
    sample_words: int,
    *,
    samples: int = 1,
    seed: int = 0,
    rule: WordRule = "letters",
) -> Chunks:
    """Samples of each document: `sample_words` of its words, drawn at random, none twice within a sample.

    They stand in the order in which they were drawn, so only single words can be counted.

    Args:
        texts: The documents.
        labels: Label of each.
        sample_words: Words of a sample.
        samples: Samples of each document.
        rule: What a word is.
        seed: Seed of the draws; each document has a generator of its own, so that others do not change its samples.

    Raises:
        StylometryError: If no document is long enough, a number is out of range, or there are too many samples.

    Source: Eder: Does size matter? Authorship attribution, small samples, big problem, Digital Scholarship in the
        Humanities 30 (2015), pp. 167-182: words drawn at random tell authors apart better than passages.
    """
    _check_overlap(sample_words, 0, "words")
    if samples < 1:
        raise StylometryError(f"no sample is asked for: found {samples}, expected at least 1 per document.")

    def cut(text: str, number: int) -> tuple[list[str], int]:
        words = find_words(text, rule)
        if len(words) < sample_words:
            return [], 0
        generator = np.random.default_rng([seed, number])
        drawn = [generator.choice(len(words), sample_words, replace=False) for _ in range(samples)]
        return [" ".join(text[start:end] for start, end in words[places].tolist()) for places in drawn], 0

    return _cut(texts, labels, cut, f"{sample_words:,} words", chunk_words=sample_words)


def _check_overlap(size: int, overlap: int, unit: str) -> None:
    if size < 1 or not 0 <= overlap < size:
        raise StylometryError(
            f"chunks of {size:,} {unit} cannot overlap by {overlap:,}: expected a length of at least 1, and an overlap "
            "from 0 to less than that. Choose a smaller overlap."
        )


def _cut(
    texts: Texts, labels: Sequence[Label], cut: Cut, size: str, *, chunk_chars: int = 0, chunk_words: int = 0
) -> Chunks:
    pieces: list[str] = []
    owners: list[int] = []
    left = short = short_chars = documents = 0
    for number, text in enumerate(_read(texts)):
        found, after = cut(text, number)
        pieces += found
        owners += [number] * len(found)
        left += after
        short, short_chars = (short, short_chars) if found else (short + 1, short_chars + len(text))
        documents = number + 1
        if len(pieces) > MOST_CHUNKS:
            raise StylometryError(
                f"too many chunks: found more than {MOST_CHUNKS:,} of {size}. Choose longer ones or less overlap."
            )
    if len(labels) != documents:
        raise StylometryError(f"labels do not fit the texts: found {len(labels)} labels for {documents} documents.")
    if not pieces:
        raise StylometryError(f"no document is long enough: found none of {size} or more. Choose shorter chunks.")
    utf8, offsets = join_texts(pieces)
    return Chunks(
        utf8,
        offsets,
        first_document=np.array(owners),
        last_document=np.array(owners),
        labels=tuple(labels[owner] for owner in owners),
        chunk_chars=chunk_chars,
        remainder_chars=left,
        short_documents=short,
        short_chars=short_chars,
        chunk_words=chunk_words,
    )


def _read(texts: Texts) -> Iterator[str]:
    utf8, offsets = join_texts(texts)
    return (utf8[start:end].tobytes().decode() for start, end in pairwise(offsets.tolist()))
