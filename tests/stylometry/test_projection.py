import numpy as np
import pytest
from sklearn.decomposition import PCA

from stylometry.errors import StylometryError
from stylometry.projection import pca, pcoa, tsne
from stylometry.trust import map_distances


def draw_distances(chunks: int) -> np.ndarray:
    points = np.random.default_rng(4).normal(size=(chunks, 6)) * [9, 4, 2, 1, 1, 1]
    return np.abs(points[:, None] - points[None]).sum(axis=2) * 1000


@pytest.mark.parametrize("chunks", [2, 3, 20, 21, 100, 700])
def test_components_equal_those_of_scikit_learn_with_their_signs(chunks: int) -> None:
    distances = draw_distances(chunks)
    expected = PCA(2, svd_solver="full").fit_transform(distances)
    np.testing.assert_allclose(pca(distances), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_points_in_a_plane_keep_their_distances_in_principal_coordinates() -> None:
    distances = np.array([[0, 3, 5], [3, 0, 4], [5, 4, 0]])
    np.testing.assert_allclose(map_distances(pcoa(distances)), distances, atol=1e-12)


@pytest.mark.parametrize("chunks", [20, 21, 500])
def test_principal_coordinates_equal_the_components_of_the_points(chunks: int) -> None:
    points = np.random.default_rng(5).normal(size=(chunks, 3)) * [9, 4, 1]
    expected = PCA(2, svd_solver="full").fit_transform(points)
    np.testing.assert_allclose(np.abs(pcoa(map_distances(points))), np.abs(expected), atol=1e-9)


def test_the_largest_principal_coordinate_of_each_axis_is_positive() -> None:
    points = pcoa(draw_distances(30))
    assert (points.max(axis=0) == np.abs(points).max(axis=0)).all()


def test_an_axis_without_a_real_distance_behind_it_is_zero() -> None:
    assert pcoa(np.array([[0.0, 2.0], [2.0, 0.0]]))[:, 1] == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("chunks", [100, 600])
def test_the_same_distances_give_the_same_map_to_the_last_bit(chunks: int) -> None:
    distances = draw_distances(chunks)
    for project in (pca, pcoa):
        np.testing.assert_array_equal(project(distances), project(distances))


def test_t_sne_is_repeatable_and_keeps_neighbours_together() -> None:
    points = np.random.default_rng(6).normal(size=(120, 8))
    points[60:] += 9
    distances = map_distances(points)
    mapped = tsne(distances, seed=1)
    np.testing.assert_array_equal(mapped, tsne(distances, seed=1))
    np.fill_diagonal(between := map_distances(mapped), np.inf)
    assert ((between.argmin(axis=1) >= 60) == (np.arange(120) >= 60)).all()


@pytest.mark.parametrize("chunks", [4, 7])
def test_t_sne_maps_few_chunks_with_a_perplexity_that_fits(chunks: int) -> None:
    assert np.isfinite(tsne(draw_distances(chunks), seed=0)).all()


@pytest.mark.parametrize("chunks", [5, 30])
def test_chunks_that_are_all_alike_have_a_map(chunks: int) -> None:
    alike = np.zeros((chunks, chunks))
    assert all(np.isfinite(points).all() for points in (pca(alike), pcoa(alike), tsne(alike, seed=0)))


@pytest.mark.parametrize(
    ("project", "distances", "message"),
    [
        (pca, np.zeros((2, 3)), r"shape \(2, 3\), expected a square matrix"),
        (pcoa, np.array([[0, np.nan], [np.nan, 0]]), "finite numbers"),
        (pca, np.zeros((1, 1)), "found 1, expected at least 2"),
        (lambda distances: tsne(distances, seed=0), np.zeros((3, 3)), "found 3, expected at least 4"),
    ],
)
def test_what_cannot_be_mapped_is_refused(project, distances: np.ndarray, message: str) -> None:
    with pytest.raises(StylometryError, match=message):
        project(distances)
