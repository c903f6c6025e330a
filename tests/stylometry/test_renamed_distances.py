"""The two Manhattan distances have a name each; a classifier that was kept under the old name means what it meant."""

import pickle

import numpy as np
import pytest

from stylometry import DISTANCES, AuthorshipClassifier, StylometryError

TEXTS = [
    "upon the hill the old man",
    "upon a day upon the sea",
    "whilst we wait whilst we rest",
    "whilst it rains the sea",
]
AUTHORS = ["a", "a", "b", "b"]


def test_the_bare_word_is_no_distance_of_the_library() -> None:
    assert {"count_manhattan", "frequency_manhattan"} <= DISTANCES.keys()
    with pytest.raises(StylometryError, match=r"no such distance: found 'manhattan'.*frequency_manhattan"):
        AuthorshipClassifier(distance="manhattan").fit(TEXTS, AUTHORS)


def test_a_kept_classifier_that_says_manhattan_compares_frequencies() -> None:
    made = AuthorshipClassifier(distance="frequency_manhattan", features=8).fit(TEXTS, AUTHORS)
    expected = made.measure_authors(TEXTS)
    made.distance = "manhattan"  # as version 0.1 wrote it
    found = pickle.loads(pickle.dumps(made))
    assert found.distance == "frequency_manhattan"
    np.testing.assert_array_equal(found.measure_authors(TEXTS), expected)


@pytest.mark.parametrize("name", ["count_manhattan", "cosine_delta"])
def test_every_other_distance_is_restored_as_it_is(name: str) -> None:
    made = AuthorshipClassifier(distance=name, features=8).fit(TEXTS, AUTHORS)
    assert pickle.loads(pickle.dumps(made)).distance == name
