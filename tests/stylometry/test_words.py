import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from stylometry import blocks
from stylometry.chunks import keep_whole
from stylometry.errors import StylometryError
from stylometry.words import WordCounts, count_words


def count(texts: list[str], n: int = 1, **options) -> WordCounts:
    return count_words(keep_whole(texts, [None] * len(texts)), n, **options)


def assert_counts_equal_scikit_learn(texts: list[str], n: int, **options: int) -> None:
    vectorizer = CountVectorizer(ngram_range=(n, n))
    expected = vectorizer.fit_transform(texts)
    expected.sort_indices()
    actual = count(texts, n, tokens="scikit-learn", **options)
    assert actual.ngrams == vectorizer.get_feature_names_out().tolist()
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(actual.matrix, part), getattr(expected, part))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat, the hat.", ["cat", "hat", "the"]),
        ("Don't say 'tis the dogs' l’état!", ["dogs", "don't", "l'état", "say", "the", "tis"]),
        ("well-known snake_case", ["case", "known", "snake", "well"]),
        ("in 1787, a 2nd x2y", ["a", "in", "nd", "x", "y"]),
        ("cafe\u0301 \u0301a o''clock", ["a", "cafe\u0301", "clock", "o"]),
        ("בְּרֵאשִׁ֖ית בָּרָ֣א צה״ל ג׳ורג׳ אֶת־הָאָֽרֶץ", sorted(["בְּרֵאשִׁ֖ית", "בָּרָ֣א", "צה״ל", "ג׳ורג", "אֶת", "הָאָֽרֶץ"])),
        ("ΣΑΣ İx", ["i\u0307x", "σας"]),
    ],
    ids=["commas", "apostrophes", "hyphens", "digits", "accents", "Hebrew", "irregular lower case"],
)
def test_a_word_is_letters_with_their_marks_and_apostrophes_inside(text: str, words: list[str]) -> None:
    assert count([text]).ngrams == words


def test_each_word_of_each_chunk_is_counted() -> None:
    counts = count(["to be or not to be", "", "be"])
    assert counts.ngrams == ["be", "not", "or", "to"]
    assert counts.matrix.toarray().tolist() == [[2, 1, 1, 2], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_sequences_of_words_end_with_the_chunk() -> None:
    counts = count(["to be, or", "not. To be"], 2)
    assert counts.ngrams == ["be or", "not to", "to be"]
    assert counts.matrix.toarray().tolist() == [[1, 0, 1], [0, 1, 1]]


def test_long_words_with_the_same_beginning_differ() -> None:
    words = ["internationalisation", "internationalisations", "internatio", "x" * 500, "x" * 501]
    counts = count([" ".join(words), words[0]])
    assert dict(zip(counts.ngrams, counts.matrix.toarray().T.tolist(), strict=True)) == {
        word: [1, int(word == words[0])] for word in words
    }


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "texts",
    [
        ["The cat sat on the mat.", "", "the  cat\t\n ate x 12 a_b"],
        ["ΟΔΥΣΣΕΥΣ ΣΑΣ", "ΣΑΣ Σ", "οδυσσευσ", "İstanbul İ i̇"],
        ["בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים", "日本語 の文 章です 𝄞𝄢 𐐀𐐁"],
        [" ".join(chr(code) * 2 for code in range(0x4E00, 0x4E00 + 3000))],
    ],
    ids=["latin", "irregular", "marks", "3000 symbols"],
)
def test_words_as_scikit_learn_has_them_count_as_there(texts: list[str], n: int) -> None:
    assert_counts_equal_scikit_learn([*texts, "one two three four five"], n)


def test_counts_do_not_depend_on_threads_or_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 100)
    draw = random.Random(1)
    texts = ["".join(draw.choices("abé ", k=draw.randrange(90))) for _ in range(40)] + ["", "ab ab ab"]
    for n in (1, 3):
        for threads in (1, 2, 7, 100):
            assert_counts_equal_scikit_learn(texts, n, threads=threads)


@pytest.mark.parametrize(("texts", "n"), [(["", "!?"], 1), (["one two", "three"], 3)])
def test_chunks_without_any_sequence_of_words_are_refused(texts: list[str], n: int) -> None:
    with pytest.raises(StylometryError, match=f"found no chunk with {n} words among 2"):
        count(texts, n)


def test_an_n_out_of_range_is_refused() -> None:
    with pytest.raises(StylometryError, match="found n = 6, expected 1 to 5"):
        count(["abc"], 6)


ANY_CHARACTER = st.characters(exclude_categories=["Cs"])
PARTS = st.sampled_from(["a", "b", "ab", " ", "-", "'", "’", "\u0301", "Σ", "İ", "׳", "ש", "\u05b0", "1", "_", "𐐀"])


@pytest.mark.parametrize("letters", ["abcdefgh", "".join(map(chr, range(0x430, 0x450)))])
def test_rows_of_many_words_of_any_length_are_counted_as_python_counts_them(letters: str) -> None:
    """Rows around the 512 words that are looked up together; words shorter and longer than what 64 bits hold."""
    draw = random.Random(4)
    rows = [["".join(draw.choices(letters, k=draw.randint(1, 45))) for _ in range(words)] for words in (511, 512, 1500)]
    rows = [[*row, *row[::3]] for row in rows]
    counts = count([" ".join(row) for row in rows], threads=1)
    for row, counted in zip(rows, counts.matrix.toarray().tolist(), strict=True):
        assert {word: times for word, times in zip(counts.ngrams, counted, strict=True) if times} == Counter(row)


@pytest.mark.property
@settings(deadline=None)
@given(st.lists(st.lists(st.one_of(ANY_CHARACTER, PARTS), max_size=40).map("".join), max_size=6), st.integers(1, 5))
def test_any_text_counts_as_scikit_learn_counts_it(texts: list[str], n: int) -> None:
    assert_counts_equal_scikit_learn([*texts, "one two three four five"], n)


@pytest.mark.property
@settings(deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyzאבגξ", min_size=1, max_size=40), min_size=1))
def test_any_words_of_letters_are_counted_as_python_counts_them(words: list[str]) -> None:
    counts = count([", ".join(words)])
    assert dict(zip(counts.ngrams, counts.matrix.toarray()[0].tolist(), strict=True)) == Counter(words)
