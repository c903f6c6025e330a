"""Rows of frequencies, read as counts."""

import numpy as np
import pytest

from stylometry.attribution import AuthorshipClassifier
from stylometry.columns import count_rows
from stylometry.errors import StylometryError
from stylometry.features import relative_frequencies


def test_whole_numbers_are_counts_of_their_row() -> None:
    counts = count_rows(['{"of": 1, "the": 3}', '{"the": 2, "a": 0}'])
    assert (counts.ngrams, counts.are_counts) == (["of", "the"], True)
    assert relative_frequencies(counts).tolist() == [[0.25, 0.75], [0.0, 1.0]]


def test_other_numbers_are_shares_of_all_words() -> None:
    counts = count_rows(['{"of": 0.25, "the": 0.5}'])
    assert not counts.are_counts
    assert relative_frequencies(counts).tolist() == [[0.25, 0.5]]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("It was the best of times", "is not a row of frequencies"),
        ("[1, 2]", "is not a row of frequencies"),
        ('{"the": "much"}', "has no frequency of 'the'"),
        ('{"the": -1}', "has no frequency of 'the'"),
        ('{"the": NaN}', "has no frequency of 'the'"),
        ('{"the": 4.5, "of": 2.1}', "sum to 6.6, expected at most 1"),
    ],
)
def test_what_is_no_row_of_frequencies_is_refused(row: str, words: str) -> None:
    with pytest.raises(StylometryError, match=words):
        count_rows([row])


def test_counts_and_shares_do_not_go_together() -> None:
    with pytest.raises(StylometryError, match="row 1 holds shares and row 2 counts"):
        count_rows(['{"the": 0.5}', '{"the": 5}'])


def test_a_classifier_of_counts_answers_like_one_of_the_words() -> None:
    texts = ["the sea the sea a", "the sea the a a", "of a hill of the", "of of a hill hill"]
    labels = ["Ann", "Ann", "Ben", "Ben"]
    rows = [str({word: text.split().count(word) for word in text.split()}).replace("'", '"') for text in texts]
    of_words = AuthorshipClassifier("word").fit(texts, labels)
    of_rows = AuthorshipClassifier("column").fit(rows, labels)
    assert of_rows.ngrams_ == of_words.ngrams_
    assert np.array_equal(of_rows.left_out_, of_words.left_out_)
    assert np.array_equal(of_rows.predict_proba(rows), of_words.predict_proba(texts))
