import numpy as np
import pytest

from stylometry.boundary import rank_boundary
from stylometry.errors import StylometryError
from stylometry.trust import map_distances


def place(points: list[float]) -> np.ndarray:
    return map_distances(np.array(points, float)[:, None])


def analyse(points: np.ndarray, before: int) -> float:
    """F of a one-way analysis of variance, which pseudo-F is for Euclidean distances."""
    sides = points[:before], points[before:]
    between = sum(len(side) * ((side.mean(axis=0) - points.mean(axis=0)) ** 2).sum() for side in sides)
    within = sum(((side - side.mean(axis=0)) ** 2).sum() for side in sides)
    return between / (within / (len(points) - 2))


def test_the_true_boundary_comes_first() -> None:
    ranked = rank_boundary(place([0, 1, 0, 9, 8, 9, 8]), 3)
    assert (ranked.rank, ranked.best, ranked.positions) == (1, 3, 4)


def test_pseudo_f_is_that_of_an_analysis_of_variance() -> None:
    points = np.random.default_rng(5).normal(size=(12, 3))
    ranked = rank_boundary(map_distances(points), 4, shortest=1)
    np.testing.assert_allclose(ranked.pseudo_f[1:], [analyse(points, before) for before in range(1, 12)])
    assert ranked.f == pytest.approx(analyse(points, 4))


def test_a_boundary_is_ranked_after_all_better_ones() -> None:
    points = np.random.default_rng(6).normal(size=(15, 2))
    every = [analyse(points, before) for before in range(2, 14)]
    for boundary in range(2, 14):
        ranked = rank_boundary(map_distances(points), boundary)
        assert ranked.rank == 1 + sum(f > analyse(points, boundary) * (1 + 1e-12) for f in every)
        assert (ranked.positions, ranked.best) == (12, 2 + int(np.argmax(every)))


def test_sides_that_do_not_vary_in_themselves_are_divided_best() -> None:
    ranked = rank_boundary(place([0, 0, 5, 5]), 2)
    assert (ranked.f, ranked.rank) == (np.inf, 1)


@pytest.mark.parametrize(("boundary", "shortest"), [(0, 1), (1, 2), (4, 2), (5, 1)])
def test_a_boundary_that_leaves_too_little_is_refused(boundary: int, shortest: int) -> None:
    with pytest.raises(StylometryError, match=f"found {boundary} chunks before it and {5 - boundary} after"):
        rank_boundary(place([0, 1, 2, 3, 4]), boundary, shortest=shortest)
