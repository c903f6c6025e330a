import random

import pytest

from stylometry.errors import StylometryError
from stylometry.stability import compare_settings, say_if_short

DRAW = random.Random(3)
TEXTS = [
    " ".join(DRAW.choices(["the", "of", "upon", "law"], weights, k=900)) for weights in [[5, 3, 2, 1], [3, 5, 1, 2]] * 3
]
LABELS = ["anna", "ben"] * 3


def test_every_combination_is_a_row_in_the_order_asked_for() -> None:
    rows = compare_settings(
        TEXTS, LABELS, chunk_chars=[1500, 600], features=[2, 4], distances=["cosine_delta", "frequency_manhattan"]
    )
    assert [(row.chunk_chars, row.features, row.distance) for row in rows] == [
        (length, features, distance)
        for length in (1500, 600)
        for features in (2, 4)
        for distance in ("cosine_delta", "frequency_manhattan")
    ]
    assert rows[0].chunks < rows[-1].chunks
    assert rows[0].words > 2 * rows[-1].words


def test_labels_that_differ_are_told_apart_in_every_setting() -> None:
    rows = compare_settings(TEXTS, LABELS, chunk_chars=[1500], features=[4], distances=["burrows_delta", "cosine"])
    assert all(row.accuracy == row.balanced_accuracy == 1 and row.silhouette > 0.3 for row in rows)
    assert all(row.majority_share == 0.5 for row in rows)


def test_characters_and_sequences_of_words_can_be_compared_too() -> None:
    options = {"chunk_chars": [1500], "features": [20], "distances": ["cosine_delta"]}
    for ngram, n in (("char", 3), ("word", 2)):
        (row,) = compare_settings(TEXTS, LABELS, ngram=ngram, n=n, **options)
        assert row.accuracy == 1
        assert 300 < row.words < 600


def test_chunks_longer_than_every_document_are_refused() -> None:
    with pytest.raises(StylometryError, match="expected at least 100000"):
        compare_settings(TEXTS, LABELS, chunk_chars=[100_000], features=[4], distances=["cosine"])


def test_chunks_of_few_words_are_warned_of() -> None:
    assert say_if_short([2_500, 9_000]) is None
    warning = say_if_short([2_499, 800, 9_000])
    assert warning is not None
    assert warning.startswith("2 of 3 chunks have fewer than 2,500 words, the shortest 800. ")
