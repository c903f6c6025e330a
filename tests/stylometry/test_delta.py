"""Distances by hand, by scipy and by scikit-learn, as their sources define them.

Sources: Burrows, Literary and Linguistic Computing 17 (2002), pp. 267-287; Argamon, the same 23 (2008), pp. 131-147;
Evert et al., Digital Scholarship in the Humanities 32 (2017), pp. ii4-ii16.
"""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances, manhattan_distances

from stylometry.chunks import keep_whole
from stylometry.delta import DISTANCES, measure
from stylometry.distance import count_manhattan
from stylometry.errors import StylometryError
from stylometry.features import relative_frequencies, zscores
from stylometry.gaps import sum_gaps
from stylometry.profiles import fit_profile
from stylometry.words import WordCounts, count_words

# Shares of "of" and "the": a (1/4, 3/4), b (3/4, 1/4), c (1/2, 1/2); c is the mean, the deviation is 1/4: of a sample.
TEXTS = ["the the the of", "the of of of", "the the of of"]
# So the z-scores are a (-z, z), b (z, -z), c (0, 0).
Z = 1.0

ENTROPY = -sum(share / 153 * np.log(share / 153) for share in (26, 76, 51))

HAND_WORKED = {
    "burrows_delta": (2 * Z, Z),
    "eder_delta": ((2 * Z + 2 * Z / 2) / 2, (Z + Z / 2) / 2),
    "cosine_delta": (2, 1),
    "min_max": (1 - 0.5 / 1.5, 1 - 0.75 / 1.25),
    "cosine": (1 - 0.375 / 0.625, 1 - 0.5 / np.sqrt(0.625 * 0.5)),
    "euclidean": (np.sqrt(1 / 2), np.sqrt(1 / 8)),
    "frequency_manhattan": (1, 1 / 2),
    "count_manhattan": (4, 2),
    # Straight lines of 2 Z and Z in both directions, divided by the two features.
    "argamon_delta": (np.sqrt(8) * Z / 2, np.sqrt(2) * Z / 2),
    "eder_simple": (2 * (np.sqrt(3 / 4) - np.sqrt(1 / 4)), np.sqrt(3 / 4) - np.sqrt(1 / 4)),
    "canberra": (0.5 / 1 + 0.5 / 1, 0.25 / 1.25 + 0.25 / 0.75),
    # Per cents 25, 75, 50 plus 1 are 26, 76, 51 of 153; both columns have them, so one entropy.
    "entropy": (2 * np.log(77 / 27) / ENTROPY, (np.log(77 / 52) + np.log(52 / 27)) / ENTROPY),
}
"""From a to b, and from either to c."""


def count(texts: list[str]) -> WordCounts:
    return count_words(keep_whole(texts, [None] * len(texts)))


def draw(rows: int, columns: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


@pytest.mark.parametrize("name", DISTANCES)
def test_a_distance_is_what_it_comes_to_by_hand(name: str) -> None:
    apart, half = HAND_WORKED[name]
    np.testing.assert_allclose(
        measure(count(TEXTS), name), [[0, apart, half], [apart, 0, half], [half, half, 0]], rtol=1e-12
    )


@pytest.mark.parametrize("name", DISTANCES)
def test_chunks_that_are_alike_have_no_distance(name: str) -> None:
    distances = measure(count(["a b c", "a b c", "a a c", "x"]), name)
    assert distances[0, 1] == pytest.approx(0, abs=1e-12)
    assert (distances.diagonal() == 0).all()
    np.testing.assert_array_equal(distances, distances.T)


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_to_other_rows_are_those_among_all_rows_together(name: str) -> None:
    rows = np.abs(draw(50, 13))
    between = DISTANCES[name].between
    np.testing.assert_allclose(between(rows[:20], rows[20:]), between(rows, None)[:20, 20:], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (31, 8), (33, 100), (200, 501)])
def test_sums_equal_those_of_scipy(shape: tuple[int, int]) -> None:
    rows, others = draw(*shape), draw(7, shape[1], seed=8)
    np.testing.assert_allclose(sum_gaps(rows), cdist(rows, rows, "cityblock"), rtol=1e-12)
    np.testing.assert_allclose(sum_gaps(rows, others), cdist(rows, others, "cityblock"), rtol=1e-12)
    np.testing.assert_allclose(sum_gaps(rows, is_squared=True), cdist(rows, rows, "sqeuclidean"), rtol=1e-12)


def test_several_threads_give_the_same_bits_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = draw(100, 30)
    alone = sum_gaps(rows)
    monkeypatch.setattr("stylometry.gaps._SERIAL_TERMS", 0)
    np.testing.assert_array_equal(sum_gaps(rows), alone)


def test_distances_equal_those_of_scikit_learn() -> None:
    counts = count(["a a b c", "a b b d", "c d d d e", "e a"])
    frequencies = relative_frequencies(counts)
    np.testing.assert_allclose(measure(counts, "frequency_manhattan"), manhattan_distances(frequencies), atol=1e-12)
    np.testing.assert_allclose(measure(counts, "cosine"), cosine_distances(frequencies), atol=1e-12)
    np.testing.assert_allclose(measure(counts, "cosine_delta"), cosine_distances(zscores(frequencies)), atol=1e-12)


def test_raw_counts_are_compared_exactly_and_in_full() -> None:
    texts = [" ".join(f"w{chr(97 + draw)}" for draw in range(start, 26)) for start in range(20)]
    counts = count(texts)
    np.testing.assert_array_equal(measure(counts, "count_manhattan"), count_manhattan(counts.matrix))
    np.testing.assert_array_equal(measure(counts, "count_manhattan", features=26), count_manhattan(counts.matrix))


def test_only_the_features_asked_for_count() -> None:
    counts = count(["a a a b", "a a a c", "d a a a"])
    assert measure(counts, "frequency_manhattan", features=1).max() == 0
    assert measure(counts, "frequency_manhattan", culling=1.0).max() == 0
    assert measure(counts, "frequency_manhattan", features=2).max() == 0.25


def test_a_chunk_without_words_is_at_full_cosine_distance_and_nothing_is_undefined() -> None:
    counts = count(["a b", "", "", "b"])
    for name in DISTANCES:
        assert np.isfinite(measure(counts, name)).all()
    assert measure(counts, "cosine")[0, 1] == 1
    assert measure(counts, "min_max")[1, 2] == 0


def test_canberra_leaves_out_words_that_neither_text_holds_and_scales_up() -> None:
    # a (1/2, 1/2, 0, 0), b (1/2, 0, 1/2, 0), c (0, 0, 0, 1): a and b differ by 0 + 1 + 1 over 3 of 4 words.
    distances = measure(count(["a b", "a c", "d"]), "canberra")
    np.testing.assert_allclose(distances[0], [0, 2 / 3 * 4, 3 / 3 * 4], rtol=1e-12)


def test_a_text_to_come_is_weighed_by_the_entropies_of_the_known_ones() -> None:
    counts = count(["a a b", "a b b", "a a b"])
    profile = fit_profile(counts, "entropies", None, 0.0)
    known = profile.read(counts)
    asked = profile.read(count(["a a b z", "y y y y"]))
    np.testing.assert_allclose(DISTANCES["entropy"].between(known, None), measure(counts, "entropy"), rtol=1e-12)
    entropies = profile.scale.deviations
    np.testing.assert_allclose(asked, np.log([[52, 27], [2, 2]]) / entropies, rtol=1e-12)


def test_an_unknown_distance_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(StylometryError, match="found 'delta', expected one of cosine_delta, burrows_delta"):
        measure(count(TEXTS), "delta")
