import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import pdist

from stylometry.errors import StylometryError
from stylometry.tree import grow_tree
from stylometry.trust import map_distances


def test_what_is_near_is_joined_first() -> None:
    tree = grow_tree(np.array([[0.0, 1, 9], [1, 0, 9], [9, 9, 0]]), "single")
    assert tree.links.tolist() == [[0, 1, 1, 2], [2, 3, 9, 3]]
    assert sorted(tree.leaves.tolist()) == [0, 1, 2]


def test_a_bracket_goes_up_across_and_down() -> None:
    tree = grow_tree(np.array([[0.0, 2], [2, 0]]))
    assert tree.lines.tolist() == [[[0, 0], [0, 2], [1, 2], [1, 0]]]


@pytest.mark.parametrize("method", ["ward", "average", "complete", "single"])
def test_joins_and_brackets_are_those_of_scipy(method) -> None:
    points = np.random.default_rng(2).normal(size=(25, 3))
    tree = grow_tree(map_distances(points), method)
    links = linkage(pdist(points), method)
    np.testing.assert_allclose(tree.links, links)
    drawn = dendrogram(links, no_plot=True)
    assert tree.leaves.tolist() == drawn["leaves"]
    # There the leaves stand at 5, 15, 25, ...
    brackets = np.stack([(np.array(drawn["icoord"]) - 5) / 10, np.array(drawn["dcoord"])], axis=2)
    assert sorted(np.round(tree.lines, 9).tolist()) == sorted(np.round(brackets, 9).tolist())


def test_a_long_chain_grows_without_end_of_the_stack() -> None:
    tree = grow_tree(map_distances(np.cumsum(np.arange(3000.0))[:, None]), "single")
    assert sorted(tree.leaves.tolist()) == list(range(3000))


@pytest.mark.parametrize("distances", [np.zeros((2, 3)), np.zeros((1, 1)), np.full((2, 2), np.nan)])
def test_what_is_no_matrix_of_distances_is_refused(distances: np.ndarray) -> None:
    with pytest.raises(StylometryError, match="expected a square matrix"):
        grow_tree(distances)
