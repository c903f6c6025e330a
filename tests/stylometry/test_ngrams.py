import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from stylometry import blocks, counting
from stylometry.chunks import cut_joined, keep_whole
from stylometry.errors import StylometryError
from stylometry.ngrams import Counts, count_ngrams


def count(texts: list[str], n: int = 3, **options: int) -> Counts:
    return count_ngrams(keep_whole(texts, [None] * len(texts)), n, **options)


def assert_counts_equal_scikit_learn(texts: list[str], n: int, **options: int) -> None:
    vectorizer = CountVectorizer(analyzer="char", ngram_range=(n, n))
    expected = vectorizer.fit_transform(texts)
    expected.sort_indices()
    actual = count(texts, n, **options)
    assert actual.ngrams == vectorizer.get_feature_names_out().tolist()
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(actual.matrix, part), getattr(expected, part))


def test_each_trigram_of_each_chunk_is_counted() -> None:
    counts = count(["abab", "bab"])
    assert counts.ngrams == ["aba", "bab"]
    assert counts.matrix.toarray().tolist() == [[1, 1], [0, 1]]


def test_upper_case_counts_as_lower_case() -> None:
    assert count(["ÄbC"]).ngrams == ["äbc"]


def test_a_run_of_white_space_is_one_blank_and_a_single_one_stays() -> None:
    assert count(["a \n b", "a\nb"]).ngrams == ["a\nb", "a b"]


def test_ngrams_are_ordered_by_code_point() -> None:
    assert count(["𝄞", "z", "日", "\0", "é"], 1).ngrams == ["\0", "z", "é", "日", "𝄞"]


def test_the_matrix_is_made_of_32_bit_integers_in_ascending_columns() -> None:
    matrix = count(["cab bac"]).matrix
    assert {part.dtype for part in (matrix.data, matrix.indices, matrix.indptr)} == {np.dtype(np.int32)}
    assert matrix.has_canonical_format


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "texts",
    [
        ["The cat sat on the mat.", "", "the  cat\t\n ate"],
        ["ΟΔΥΣΣΕΥΣ ΣΑΣ", "ΣΑΣ Σ", "οδυσσευσ"],
        ["İstanbul İ", "I i̇ stanbul", "istanbul"],
        ["בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים", "אֵ֥ת הַשָּׁמַ֖יִם", "וְאֵ֥ת הָאָֽרֶץ"],
        ["𝄞𝄢𝄞𝄢 😀😀", "𐐀𐐁𐐨", "a𝄞b𝄞c"],
        ["\u2003\u2003a\u00a0b", "\x1c\x1d", "\u200b \u3000 \x85x"],
        ["".join(map(chr, range(0x4E00, 0x4E00 + 400))), "日本語の文", "ab"],
        ["".join(map(chr, range(0x4E00, 0x4E00 + 5000))) * 2, "日本語の文章です", "abcde"],
    ],
    ids=["latin", "sigma", "dotted I", "Hebrew", "astral", "white space", "400 symbols", "5000 symbols"],
)
def test_counts_are_those_of_scikit_learn(texts: list[str], n: int) -> None:
    assert_counts_equal_scikit_learn([*texts, "zzzzz"], n)


@pytest.mark.parametrize("large", [0, 1_000_000])
def test_counts_do_not_depend_on_threads_or_blocks(monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 100)
    monkeypatch.setattr(counting, "_LARGE", large)
    monkeypatch.setattr(counting, "_ROOM", 300)
    monkeypatch.setattr(counting, "_ENOUGH", 150)
    draw = random.Random(1)
    texts = ["".join(draw.choices("abcdeé \n日", k=draw.randrange(90))) for _ in range(40)] + ["", ""]
    for n in (1, 3, 5):
        for threads in (1, 2, 7, 100):
            assert_counts_equal_scikit_learn(texts, n, threads=threads)


def test_hash_and_table_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_TABLE_BITS", 0)
    monkeypatch.setattr(counting, "_FIRST_SLOT_BITS", 1)
    draw = random.Random(2)
    assert_counts_equal_scikit_learn(["".join(draw.choices("abcdefg ", k=500)) for _ in range(20)], 3)


def test_all_of_unicode_is_lower_cased_as_python_does_it() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    lowered = [character.lower() for character in characters]
    assert all(text.lower() == text for text in lowered)
    assert_counts_equal_scikit_learn([f"{character}x" for character in characters if character.lower() != character], 1)


@pytest.mark.parametrize("n", [0, 6])
def test_an_n_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(StylometryError, match=f"found n = {n}, expected 1 to 5"):
        count(["abc"], n)


@pytest.mark.parametrize("texts", [["ab", "c"], ["", ""], ["   ", "\n\n\n"]])
def test_chunks_without_any_ngram_are_refused(texts: list[str]) -> None:
    with pytest.raises(StylometryError, match="found no chunk with 3 characters among 2"):
        count(texts, 3)


ANY_CHARACTER = st.characters(exclude_categories=["Cs"])
WHITE_OR_NOT = st.sampled_from(" \t\n\x1c\x85\xa0\u2003\u2028\u3000ab")
CASED = st.sampled_from("ΣσςsSΑα'. İIıi\u0307ẞßǅꭰᎠ𐐀")
POINTED = st.sampled_from("אבגדהושת\u05b0\u05b7\u05c1\u0591\u0596\u05be ")
MANY = st.integers(0x4E00, 0x4E00 + 6000).map(chr)


@pytest.mark.property
@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.text(st.one_of(ANY_CHARACTER, WHITE_OR_NOT, CASED, POINTED, MANY), max_size=60), max_size=8),
    st.integers(1, 5),
)
@example(["aΣ", "Σ b", "aΣb"], 2)
@example(["\0\0\0\0\0\0"], 5)
def test_any_text_counts_as_scikit_learn_counts_it(texts: list[str], n: int) -> None:
    assert_counts_equal_scikit_learn([*texts, "abcdef"], n)


@pytest.mark.real
@pytest.mark.skipif("RELAY_REAL_DATA" not in os.environ, reason="RELAY_REAL_DATA names no folder with the real texts")
@pytest.mark.parametrize("n", [1, 3, 5])
def test_the_hebrew_bible_counts_as_scikit_learn_counts_it(n: int) -> None:
    books = sorted(Path(os.environ["RELAY_REAL_DATA"], "tanakh").glob("*.txt"))
    chunks = cut_joined([book.read_text("utf-8") for book in books], [book.stem for book in books], chunks=39)
    assert_counts_equal_scikit_learn(chunks.texts(), n)
