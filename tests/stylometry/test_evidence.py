import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples, silhouette_score

from stylometry.errors import StylometryError
from stylometry.evidence import permutation_test, shift_test, silhouette
from stylometry.trust import leave_one_out, map_distances


def place(points: list[float]) -> np.ndarray:
    return map_distances(np.array(points, float)[:, None])


def test_labels_that_fit_are_hard_to_reach_by_lot() -> None:
    points = [number + 100 * (number >= 8) for number in range(16)]
    documents = np.arange(16)
    tested = permutation_test(place(points), ["a"] * 8 + ["b"] * 8, documents, documents, permutations=199)
    assert (tested.accuracy, tested.p, tested.arrangements) == (1.0, 1 / 200, 199)
    assert 0.3 < tested.usual < 0.6


def test_labels_that_mean_nothing_are_easily_reached() -> None:
    draw = np.random.default_rng(0)
    documents = np.arange(60)
    labels = draw.choice(["a", "b"], 60).tolist()
    assert permutation_test(place(draw.normal(size=60)), labels, documents, documents, permutations=99).p > 0.05


def test_p_is_the_share_of_arrangements_that_do_as_well() -> None:
    distances, labels, documents = place([0, 1, 10, 11]), ["a", "a", "b", "b"], np.arange(4)
    exact = [
        leave_one_out(distances, list(arranged), documents, documents).accuracy == 1
        for arranged in itertools.permutations(labels)
    ]
    tested = permutation_test(distances, labels, documents, documents, permutations=3000)
    assert tested.p == pytest.approx(np.mean(exact), abs=0.03)


def test_whole_documents_change_their_labels() -> None:
    # Four documents of three chunks: only 6 arrangements differ, and 2 of them are as good.
    points = [0, 1, 2, 3, 4, 5, 50, 51, 52, 53, 54, 55]
    documents = np.repeat(np.arange(4), 3)
    tested = permutation_test(place(points), ["a"] * 6 + ["b"] * 6, documents, documents, permutations=2000)
    assert tested.p == pytest.approx(2 / 6, abs=0.05)


def test_the_same_seed_draws_the_same() -> None:
    distances, labels, documents = place([0, 1, 3, 7, 8, 20]), list("ababba"), np.arange(6)
    one, same, other = (
        permutation_test(distances, labels, documents, documents, permutations=30, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_chunks_of_unknown_label_stay_out_of_a_permutation() -> None:
    documents = np.arange(5)
    with_unknown = permutation_test(place([0, 1, 0.5, 9, 10]), ["a", "a", None, "b", "b"], documents, documents)
    without = permutation_test(place([0, 1, 9, 10]), ["a", "a", "b", "b"], documents[:4], documents[:4])
    assert with_unknown == without


def test_documents_that_cannot_change_their_labels_are_refused() -> None:
    with pytest.raises(StylometryError, match="found chunks of several documents, or documents of several labels"):
        permutation_test(place([0, 1]), ["a", "b"], np.array([0, 0]), np.array([0, 0]))
    with pytest.raises(StylometryError, match="or use shift_test"):
        permutation_test(place([0, 1]), ["a", "b"], np.array([0, 1]), np.array([1, 1]))


def test_drift_alone_is_no_evidence_for_a_boundary() -> None:
    drift, labels, documents = place(list(range(40))), ["a"] * 13 + ["b"] * 14 + ["a"] * 13, np.arange(40)
    assert permutation_test(drift, labels, documents, documents).p < 0.01
    assert shift_test(drift, labels, documents, documents).p > 0.3


def test_every_shift_is_tried_once_if_there_are_few() -> None:
    distances, labels, documents = place([0, 1, 9, 10]), ["a", "a", "b", "b"], np.arange(4)
    tested = shift_test(distances, labels, documents, documents)
    # Moved by two places the labels fit as well; by one or three, none does.
    assert (tested.arrangements, tested.p, tested.usual) == (3, 2 / 4, pytest.approx(1 / 3))


def test_many_shifts_are_drawn() -> None:
    tested = shift_test(place(list(range(30))), list("abc" * 10), np.arange(30), np.arange(30), window=1, shifts=7)
    assert tested.arrangements == 7


def test_without_a_neighbour_nothing_can_be_tested() -> None:
    with pytest.raises(StylometryError, match="found none of 2 with a label and a neighbour"):
        shift_test(place([0, 1]), ["a", "b"], np.array([0, 0]), np.array([0, 0]))


def test_the_silhouette_is_that_of_scikit_learn() -> None:
    points = np.random.default_rng(3).normal(size=(30, 4))
    labels = (list("aab") * 9 + ["c", "c", "lonely"])[:30]
    found = silhouette(map_distances(points), labels)
    assert found.mean == pytest.approx(silhouette_score(points, labels))
    samples = silhouette_samples(points, labels)
    assert found.of_label == pytest.approx({name: samples[np.array(labels) == name].mean() for name in set(labels)})
    assert found.of_label["lonely"] == 0


def test_chunks_of_unknown_label_have_no_silhouette() -> None:
    assert silhouette(place([0, 5, 1, 9]), ["a", None, "a", "b"]) == silhouette(place([0, 1, 9]), ["a", "a", "b"])


def test_one_label_has_no_silhouette() -> None:
    with pytest.raises(StylometryError, match="found 1 labels"):
        silhouette(place([0, 1]), ["a", None])


@pytest.mark.property
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), min_size=4, max_size=12))
def test_any_silhouette_is_that_of_scikit_learn(chunks: list[tuple[int, str]]) -> None:
    points, labels = zip(*chunks, strict=True)
    if 2 <= len(set(labels)) < len(labels):
        expected = silhouette_score(np.array(points, float)[:, None], labels)
        assert silhouette(place(list(points)), labels).mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "least_p"),
    [
        ("AABB", 2 / 4),  # moved by 2 they are the same pairs
        ("AAAB", 1 / 4),
        ("AABBCC", 3 / 6),
        ("ABAB", 4 / 4),
        ("AABCCC", 1 / 6),
    ],
)
def test_p_of_moved_labels_is_never_below_the_share_of_moves_that_divide_alike(labels: str, least_p: float) -> None:
    places = np.arange(len(labels))
    found = shift_test(np.abs(np.subtract.outer(places, places)) * 1.0, list(labels), places, places)
    assert found.least_p == least_p
    assert found.p >= found.least_p


def test_p_of_permuted_labels_is_never_below_the_share_of_permutations_that_divide_alike() -> None:
    places = np.arange(4)
    found = permutation_test(np.abs(np.subtract.outer(places, places)) * 1.0, list("AABB"), places, places)
    assert found.least_p == pytest.approx(2 / 6, abs=0.05)  # AABB and BBAA, of six
    assert found.p >= found.least_p
