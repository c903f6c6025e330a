import random
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylometry.chunks import Chunks, keep_whole
from stylometry.errors import StylometryError
from stylometry.features import most_frequent
from stylometry.ngrams import Counts, count_ngrams
from stylometry.streaming import count_most_frequent


def keep(texts: list[str]) -> Chunks:
    return keep_whole(texts, [None] * len(texts))


def divide(texts: list[str], parts: int) -> Callable[[], Iterable[Chunks]]:
    borders = [len(texts) * part // parts for part in range(parts + 1)]
    return lambda: (keep(texts[start:end]) for start, end in pairwise(borders) if start < end)


def count_at_once(texts: list[str], n: int, features: int) -> Counts:
    counts = count_ngrams(keep(texts), n)
    columns = np.sort(most_frequent(counts, features))
    return Counts(counts.code_points[columns], counts.matrix[:, columns])


def assert_blocks_count_as_one(texts: list[str], n: int, features: int, parts: int) -> None:
    expected = count_at_once(texts, n, features)
    actual = count_most_frequent(divide(texts, parts), n, features=features)
    assert actual.ngrams == expected.ngrams
    np.testing.assert_array_equal(actual.matrix.toarray(), expected.matrix.toarray())
    assert actual.matrix.has_canonical_format
    assert {part.dtype for part in (actual.matrix.data, actual.matrix.indices, actual.matrix.indptr)} == {
        np.dtype(np.int32)
    }
    # In the order of frequency they are the same too, which equal matrices alone say of ties as well.
    assert most_frequent(actual, None).tolist() == most_frequent(expected, None).tolist()


HEBREW = "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם וְאֵ֥ת הָאָֽרֶץ׃ וְהָאָ֗רֶץ הָיְתָ֥ה תֹ֙הוּ֙ וָבֹ֔הוּ וְחֹ֖שֶׁךְ עַל־פְּנֵ֣י תְה֑וֹם"
LATIN = "The cat sat on the mat. The rat ate the cat's hat, and that was that: ΟΔΥΣΣΕΥΣ 𝄞 İstanbul"


def draw_texts(source: str) -> list[str]:
    draw = random.Random(3)
    words = source.split()
    return [" ".join(draw.choices(words, k=draw.randrange(1, 12))) for _ in range(20)] + ["", source]


@pytest.mark.parametrize("parts", [1, 2, 7])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("source", [HEBREW, LATIN], ids=["Hebrew", "Latin"])
def test_blocks_count_as_all_text_at_once(source: str, n: int, parts: int) -> None:
    for features in (1, 10, 25, 10_000):
        assert_blocks_count_as_one(draw_texts(source), n, features, parts)


def test_the_most_frequent_of_all_blocks_are_kept_and_not_of_each() -> None:
    # "b" leads in no block, and leads in all together.
    counts = count_most_frequent(divide(["aaabb", "cccbb"], 2), 1, features=1)
    assert counts.ngrams == ["b"]
    assert counts.matrix.toarray().tolist() == [[2], [2]]


def test_of_ngrams_equally_frequent_the_one_that_sorts_first_is_kept() -> None:
    assert count_most_frequent(divide(["dd", "bb", "cc", "a"], 4), 1, features=2).ngrams == ["b", "c"]


def test_ngrams_with_the_character_zero_are_told_apart() -> None:
    assert_blocks_count_as_one(["a\0\0", "a\0", "\0\0a", "\0a"], 2, 10, 4)


def test_a_block_without_ngrams_keeps_its_rows() -> None:
    counts = count_most_frequent(divide(["ab", "abc", "", "abcd"], 4), 3, features=5)
    assert counts.ngrams == ["abc", "bcd"]
    assert counts.matrix.toarray().tolist() == [[0, 0], [1, 0], [0, 0], [1, 1]]


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(st.lists(st.text("abאבָ֣ \n\0𝄞", max_size=12), min_size=1, max_size=8), st.integers(1, 5), st.integers(1, 9))
def test_any_text_in_blocks_counts_as_at_once(texts: list[str], n: int, features: int) -> None:
    for parts in (1, 2, 7):
        assert_blocks_count_as_one([*texts, "abcdef"], n, features, parts)


@pytest.mark.parametrize(
    ("texts", "found"),
    [(["ab", "c"], "no chunk with 3 characters among 2"), ([], "no chunk with 3 characters among 0")],
)
def test_blocks_without_any_ngram_are_refused(texts: list[str], found: str) -> None:
    with pytest.raises(StylometryError, match=found):
        count_most_frequent(divide(texts, 2), 3, features=5)


def test_an_iterator_that_the_first_pass_used_up_is_refused() -> None:
    once = iter([keep(["abc"]), keep(["abcd"])])
    with pytest.raises(StylometryError, match="found 0 chunks with 0 n-grams to count, expected 2 with 3"):
        count_most_frequent(lambda: once, 3, features=5)


def test_blocks_of_other_text_in_the_second_pass_are_refused() -> None:
    passes = iter([[keep(["aab"])], [keep(["abb"])]])
    with pytest.raises(StylometryError, match="the blocks changed between the two passes"):
        count_most_frequent(lambda: next(passes), 1, features=5)


@pytest.mark.parametrize("features", [0, -1])
def test_too_few_features_are_refused(features: int) -> None:
    with pytest.raises(StylometryError, match=f"found {features}, expected at least 1"):
        count_most_frequent(divide(["abc"], 1), 3, features=features)


@pytest.mark.parametrize("n", [0, 6])
def test_an_n_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(StylometryError, match=f"found n = {n}, expected 1 to 5"):
        count_most_frequent(divide(["abc"], 1), n, features=5)
