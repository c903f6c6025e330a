import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylometry.errors import StylometryError
from stylometry.trust import LeaveOneOut, leave_one_out, map_distances


def judge(places: list[float], labels: list[str | None], documents: list[int], window: int = 0) -> LeaveOneOut:
    """Chunks on a line, each in one document."""
    points = np.array(places)[:, None]
    return leave_one_out(map_distances(points), labels, np.array(documents), np.array(documents), window)


def test_a_chunk_is_judged_by_its_nearest_neighbour() -> None:
    judged = judge([0, 1, 5, 6.5, 2.5], ["a", "a", "b", "b", "b"], [0, 1, 2, 3, 4])
    assert judged.labels == ("a", "b")
    assert judged.confusion.tolist() == [[2, 0], [1, 2]]
    assert judged.accuracy == pytest.approx(4 / 5)
    assert judged.balanced_accuracy == pytest.approx((1 + 2 / 3) / 2)
    assert judged.majority_share == pytest.approx(3 / 5)


def test_chunks_of_the_same_document_are_no_neighbours() -> None:
    assert judge([0, 1, 9, 10], ["a", "a", "b", "b"], [0, 1, 2, 3]).accuracy == 1
    assert judge([0, 1, 9, 10], ["a", "a", "b", "b"], [0, 0, 1, 1]).accuracy == 0


def test_chunks_that_share_one_of_several_documents_are_no_neighbours() -> None:
    distances = map_distances(np.array([[0.0], [1.0], [2.0]]))
    first, last = np.array([0, 2, 5]), np.array([2, 4, 5])
    assert leave_one_out(distances, ["a", "a", "b"], first, last).confusion.tolist() == [[0, 2], [1, 0]]


def test_chunks_near_in_time_are_no_neighbours() -> None:
    places, labels = [0, 1, 2, 3], ["a", "a", "b", "b"]
    assert judge(places, labels, [0, 1, 2, 3], window=1).confusion.tolist() == [[0, 2], [2, 0]]


def test_chunks_without_an_admissible_neighbour_are_counted_and_not_judged() -> None:
    judged = judge([0, 1, 2], ["a", "a", "b"], [0, 1, 2], window=1)
    assert (judged.n_judged, judged.n_without_neighbour, judged.n_unknown) == (2, 1, 0)
    assert judged.majority_share == 1 / 2


def test_chunks_of_unknown_label_are_neither_judged_nor_neighbours() -> None:
    judged = judge([0, 1, 3], ["a", None, "a"], [0, 1, 2])
    assert (judged.n_judged, judged.n_unknown, judged.accuracy) == (2, 1, 1)


def test_of_two_equally_near_chunks_the_first_decides() -> None:
    assert judge([-1, 0, 1], ["a", "b", "b"], [0, 1, 2]).confusion.tolist() == [[0, 1], [1, 1]]


def test_without_a_judged_chunk_the_shares_are_not_a_number() -> None:
    judged = judge([0, 1], ["a", "b"], [0, 0])
    assert np.isnan([judged.accuracy, judged.balanced_accuracy, judged.majority_share]).all()


def test_the_distances_on_a_map_are_euclidean() -> None:
    assert map_distances(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0, 5], [5, 0]]


@pytest.mark.parametrize(
    ("labels", "documents", "message"),
    [(["a"], [0, 1], "1 labels"), (["a", "b"], [0], "1 and 1 documents"), ([None, None], [0, 1], "all without label")],
)
def test_what_cannot_be_judged_is_refused(labels: list[str | None], documents: list[int], message: str) -> None:
    with pytest.raises(StylometryError, match=message):
        judge([0, 1], labels, documents)


@pytest.mark.property
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", None]), st.integers(0, 3)), min_size=1, max_size=9
    ),
    st.integers(0, 3),
)
def test_any_chunks_are_judged_as_the_rule_says(chunks: list[tuple[int, str | None, int]], window: int) -> None:
    places, labels, documents = (list(column) for column in zip(*chunks, strict=True))
    if not any(labels):
        return
    right = judged = 0
    for one, (place, label, document) in enumerate(chunks):
        others = [
            (abs(place - chunks[other][0]), other)
            for other in range(len(chunks))
            if abs(one - other) > window and chunks[other][1] and chunks[other][2] != document
        ]
        if label and others:
            judged += 1
            right += labels[min(others)[1]] == label
    actual = judge([float(place) for place in places], labels, documents, window)
    assert (actual.n_judged, int(actual.confusion.diagonal().sum())) == (judged, right)
