import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from scipy import sparse
from sklearn.metrics.pairwise import manhattan_distances

from stylometry.distance import count_manhattan
from stylometry.errors import StylometryError


def draw_counts(chunks: int, columns: int, density: float) -> sparse.csr_array:
    generator = np.random.default_rng(3)
    held = generator.random((chunks, columns)) < density * np.linspace(0, 2, columns)
    return sparse.csr_array(np.where(held, generator.integers(1, 40, held.shape), 0).astype(np.int32))


def test_the_distance_is_the_sum_of_absolute_differences() -> None:
    counts = sparse.csr_array(np.array([[1, 0, 2], [0, 0, 5], [1, 0, 2]]))
    assert count_manhattan(counts).tolist() == [[0, 4, 0], [4, 0, 4], [0, 4, 0]]


@pytest.mark.parametrize("density", [0.02, 0.15, 0.5])
@pytest.mark.parametrize("chunks", [1, 2, 63, 65, 300])
def test_distances_equal_those_of_scikit_learn_to_the_last_bit(chunks: int, density: float) -> None:
    counts = draw_counts(chunks, 200, density)
    expected = manhattan_distances(counts)
    for threads in (None, 1, 3):
        np.testing.assert_array_equal(count_manhattan(counts, threads=threads), expected)


def test_the_argument_stays_as_it_was() -> None:
    counts = draw_counts(20, 50, 0.2)
    before = counts.copy()
    count_manhattan(counts)
    assert (counts != before).nnz == 0


def test_counts_beyond_16_bits_are_exact() -> None:
    counts = sparse.csr_array(np.array([[65535, 65536, 1], [3, 200_000, 0], [0, 1, 70_000]], np.int32))
    np.testing.assert_array_equal(count_manhattan(counts), manhattan_distances(counts))


def test_totals_up_to_31_bits_are_exact_and_larger_ones_refused() -> None:
    largest = 2**31 - 1
    assert count_manhattan(sparse.csr_array(np.array([[largest, 0], [0, largest]]))).tolist() == [
        [0, 2 * largest],
        [2 * largest, 0],
    ]
    with pytest.raises(StylometryError, match="found 2147483648 n-grams in one row, expected at most 2147483647"):
        count_manhattan(sparse.csr_array(np.array([[largest, 1], [0, 1]])))


@pytest.mark.parametrize("entry", [-1, 0.5])
def test_what_is_no_count_is_refused(entry: float) -> None:
    with pytest.raises(StylometryError, match="expected integers from 0"):
        count_manhattan(sparse.csr_array(np.array([[entry, 1], [1, 1]])))


@pytest.mark.property
@settings(deadline=None)
@given(
    hypothesis_numpy.arrays(
        np.int32, hypothesis_numpy.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 70_000)
    )
)
def test_any_counts_give_the_sum_of_absolute_differences(counts: np.ndarray) -> None:
    expected = np.abs(counts[:, None, :].astype(np.int64) - counts[None, :, :]).sum(axis=2)
    np.testing.assert_array_equal(count_manhattan(sparse.csr_array(counts)), expected)
