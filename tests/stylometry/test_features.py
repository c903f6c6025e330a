import numpy as np
import pytest
from scipy.stats import zscore

from stylometry.chunks import keep_whole
from stylometry.errors import StylometryError
from stylometry.features import fit_scale, most_frequent, relative_frequencies, select_counts, zscores
from stylometry.words import WordCounts, count_words

TEXTS = ["the cat the dog", "the cow", "a cow a cow a cow a cow", ""]


def count() -> WordCounts:
    return count_words(keep_whole(TEXTS, [None] * len(TEXTS)))


def name(columns: np.ndarray) -> list[str]:
    return [count().ngrams[column] for column in columns.tolist()]


def test_the_most_frequent_words_come_first_and_of_equal_ones_the_first_in_order() -> None:
    assert name(most_frequent(count(), 5)) == ["cow", "a", "the", "cat", "dog"]


def test_only_as_many_features_are_kept_as_asked_for() -> None:
    assert name(most_frequent(count(), 2)) == ["cow", "a"]
    assert len(most_frequent(count(), None)) == len(most_frequent(count(), 99)) == 5


def test_culling_keeps_what_enough_chunks_hold() -> None:
    assert name(most_frequent(count(), None, culling=0.5)) == ["cow", "the"]
    with pytest.raises(StylometryError, match="found none of 5 in 75% of 4 chunks"):
        most_frequent(count(), None, culling=0.75)


@pytest.mark.parametrize(("features", "culling"), [(0, 0.0), (5, -0.1), (5, 1.1)])
def test_numbers_out_of_range_are_refused(features: int, culling: float) -> None:
    with pytest.raises(StylometryError, match="found"):
        most_frequent(count(), features, culling)


def test_a_frequency_is_the_share_of_all_words_of_the_chunk() -> None:
    frequencies = relative_frequencies(count(), most_frequent(count(), 3))
    assert frequencies.tolist() == [[0, 0, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0], [0, 0, 0]]
    np.testing.assert_allclose(relative_frequencies(count()).sum(axis=1), [1, 1, 1, 0])


def test_counts_can_be_taken_as_they_are() -> None:
    assert select_counts(count(), np.array([2, 0])).tolist() == [[0, 0], [1, 0], [4, 4], [0, 0]]


def test_z_scores_divide_by_the_deviation_of_a_sample() -> None:
    """As R's `scale`, which stylo calls: squares are divided by the number of chunks less one."""
    # 1, 2 and 3: the squares of -1, 0 and 1 sum to 2, which is divided by 2.
    assert zscores(np.array([[1.0], [2.0], [3.0]])).tolist() == [[-1], [0], [1]]
    for rows in (2, 9, 85):
        table = np.random.default_rng(1).random((rows, 4))
        np.testing.assert_allclose(zscores(table), zscore(table, ddof=1), atol=1e-12)
        np.testing.assert_allclose(zscores(table) / zscore(table), np.sqrt((rows - 1) / rows), rtol=1e-12)


def test_a_single_chunk_has_z_scores_of_zero() -> None:
    assert zscores(np.array([[0.1, 0.4]])).tolist() == [[0, 0]]


def test_a_feature_that_never_varies_is_zero() -> None:
    table = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 6.0]])
    assert zscores(table)[:, 0].tolist() == [0, 0, 0]
    assert fit_scale(table).apply(np.array([[0.9, 3.0]])).tolist() == [[0, 0]]
