from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from stylometry.chunks import Chunks, keep_whole
from stylometry.merging import Entries, join_rows, merge_ngrams, merge_words
from stylometry.ngrams import Counts, count_any_ngrams, count_ngrams
from stylometry.words import WordCounts, count_any_words, count_words

TEXTS = [
    "The cat sat on the mat. The rat ate the cat's hat, and that was that.",
    "",
    "x",
    "ΟΔΥΣΣΕΥΣ 𝄞 İstanbul well-known, l'état",
    "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם וְאֵ֥ת הָאָֽרֶץ",
    "Alone",
    "The cat's hat was that mat \x00 \U0010ffff and the zebra",
]
BORDERS = [[0, 7], [0, 1, 3, 7], [0, 1, 2, 3, 4, 5, 6, 7]]


def keep(texts: list[str]) -> Chunks:
    return keep_whole(texts, [None] * len(texts))


def divide(borders: list[int]) -> list[Chunks]:
    return [keep(TEXTS[start:end]) for start, end in pairwise(borders)]


def assert_joined(
    parts: Sequence[Counts | WordCounts], columns: list[np.ndarray], expected: Counts | WordCounts
) -> None:
    def read(number: int) -> Entries:
        found = parts[number].matrix
        return Entries(found.indptr[1:], found.indices, found.data.astype(np.uint16))

    sizes = [(part.matrix.shape[0], part.matrix.nnz) for part in parts]
    matrix = join_rows(read, sizes, columns, expected.matrix.shape[1])
    assert matrix.shape == expected.matrix.shape
    for name in ("indptr", "indices", "data"):
        found, wanted = getattr(matrix, name), getattr(expected.matrix, name)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
    assert matrix.has_canonical_format


@pytest.mark.parametrize("borders", BORDERS)
@pytest.mark.parametrize("n", [1, 3, 5])
def test_characters_counted_in_parts_are_those_counted_at_once(n: int, borders: list[int]) -> None:
    expected = count_ngrams(keep(TEXTS), n)
    parts = [count_any_ngrams(chunks, n) for chunks in divide(borders)]
    code_points, columns = merge_ngrams([part.code_points for part in parts])
    np.testing.assert_array_equal(code_points, expected.code_points)
    assert code_points.dtype == expected.code_points.dtype
    assert_joined(parts, columns, expected)


@pytest.mark.parametrize("borders", BORDERS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_words_counted_in_parts_are_those_counted_at_once(n: int, borders: list[int]) -> None:
    expected = count_words(keep(TEXTS), n, tokens="keep_hyphens")
    parts = [count_any_words(chunks, n, tokens="keep_hyphens") for chunks in divide(borders)]
    words, indices, columns = merge_words([(part.words, part.indices) for part in parts])
    assert words == expected.words
    np.testing.assert_array_equal(indices, expected.indices)
    assert_joined(parts, columns, expected)
