import numpy as np
import pytest

from stylometry import StylometryError
from stylometry.chunks import cut_within
from stylometry.samples import cut_overlapping, cut_words, draw_words
from stylometry.words import count_words

TEXTS = ["One two, three -- four: five six seven.", "Ten eleven.", "Isn't it so? It is."]


def test_a_chunk_reaches_from_its_first_word_to_its_last() -> None:
    chunks = cut_words(TEXTS, ["a", "b", "c"], 3)
    assert chunks.texts() == ["One two, three", "four: five six", "Isn't it so"]
    assert chunks.labels == ("a", "a", "c")
    assert chunks.first_document.tolist() == [0, 0, 2]
    assert (chunks.chunk_words, chunks.chunk_chars) == (3, 0)
    assert count_words(chunks).matrix.sum(axis=1).tolist() == [3, 3, 3]


def test_what_is_left_over_is_counted() -> None:
    chunks = cut_words(["One two, three."], ["a"], 2)
    assert chunks.remainder_chars == len(", three.")
    assert cut_words(TEXTS, ["a", "b", "c"], 3).short_chars == len("Ten eleven.")


def test_chunks_of_words_overlap() -> None:
    assert cut_words(TEXTS[:1], ["a"], 4, overlap=3).texts() == [
        "One two, three -- four",
        "two, three -- four: five",
        "three -- four: five six",
        "four: five six seven",
    ]


def test_chunks_of_characters_overlap_and_are_the_plain_ones_without() -> None:
    texts = ["abcdefgh", "אבגדה"]
    chunks = cut_overlapping(texts, ["a", "b"], 4, overlap=2)
    assert chunks.texts() == ["abcd", "cdef", "efgh", "אבגד"]
    plain, none = cut_within(texts, ["a", "b"], 4), cut_overlapping(texts, ["a", "b"], 4, overlap=0)
    assert (none.texts(), none.remainder_chars) == (plain.texts(), plain.remainder_chars)


def test_samples_hold_words_of_their_document_none_twice_and_repeat() -> None:
    text = " ".join(f"w{chr(97 + one)}{chr(97 + two)}" for one in range(20) for two in range(20))
    chunks = draw_words([text, "too short", text], ["a", "b", "a"], 50, samples=3, seed=1)
    assert chunks.first_document.tolist() == [0, 0, 0, 2, 2, 2]
    assert chunks.short_documents == 1
    samples = [set(sample.split()) for sample in chunks.texts()]
    assert {len(sample) for sample in samples} == {50}
    assert len({frozenset(sample) for sample in samples}) == 6
    np.testing.assert_array_equal(draw_words([text], ["a"], 50, samples=3, seed=1).utf8, chunks.utf8[: 3 * 200 - 3])
    assert draw_words([text], ["a"], 50, seed=2).texts() != chunks.texts()[:1]


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(StylometryError, match="none of 100 words or more"):
        cut_words(TEXTS, ["a", "b", "c"], 100)
    with pytest.raises(StylometryError, match="cannot overlap by 3"):
        cut_words(TEXTS, ["a", "b", "c"], 3, overlap=3)
    with pytest.raises(StylometryError, match="found 1 labels for 3"):
        cut_words(TEXTS, ["a"], 3)
    with pytest.raises(StylometryError, match="too many chunks"):
        cut_overlapping(["a" * 30_000], ["a"], 100, overlap=99)
