"""How a recipe cuts, counts and measures: the course's way by default, and what else one may ask for."""

from typing import Any

import numpy as np
import pytest
from projects import DOCUMENTS, Project, document_columns, texts

from model.style_parameters import AuthorshipParameters
from model.training.authorship.chunking import count_units, cut, measure_styles
from model.training.authorship.documents import Documents
from model.training.plots.style import Picture

TEXTS = ["to be or not to be", "to be or not to be to be or not to be", "be be be"]


def choose(**parameters: Any) -> AuthorshipParameters:
    return AuthorshipParameters(kind="authorship", **parameters)


def hold(texts: list[str]) -> Documents:
    encoded = [text.encode() for text in texts]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in encoded])])
    return Documents(np.frombuffer(b"".join(encoded), np.uint8), offsets, ["A"] * len(texts), list("abc")[: len(texts)])


def measure_texts(parameters: AuthorshipParameters) -> Any:
    return measure_styles(count_units(cut(hold(TEXTS), parameters), parameters), parameters)


def test_whole_documents_are_one_chunk_each() -> None:
    chunks = cut(hold(TEXTS), choose(chunking="whole"))
    assert chunks.texts() == TEXTS


def test_words_are_counted_where_the_recipe_says_words() -> None:
    parameters = choose(chunking="whole", units="words", ngram=2)
    assert count_units(cut(hold(TEXTS), parameters), parameters).ngrams == [
        "be be",
        "be or",
        "be to",
        "not to",
        "or not",
        "to be",
    ]


def test_manhattan_is_the_exact_difference_of_counts() -> None:
    # to 2, be 2, or 1, not 1 - twice that - be 3: gaps 6; 2 + 1 + 1 + 1; 4 + 1 + 2 + 2.
    found = measure_texts(choose(chunking="whole", units="words", ngram=1))
    assert found.tolist() == [[0, 6, 5], [6, 0, 9], [5, 9, 0]]


def test_frequencies_do_not_see_that_a_text_is_twice_as_long() -> None:
    found = measure_texts(choose(chunking="whole", units="words", ngram=1, distance="frequency_manhattan"))
    assert found[0, 1] == pytest.approx(0.0)
    # Shares 1/3, 1/3, 1/6, 1/6 against 0, 1, 0, 0.
    assert found[0, 2] == pytest.approx(4 / 3)


def test_features_keep_the_most_frequent_words_only() -> None:
    # be: 2, 4, 3.
    found = measure_texts(choose(chunking="whole", units="words", ngram=1, features=1))
    assert found.tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]


def test_culling_leaves_out_what_not_all_texts_hold() -> None:
    found = measure_texts(choose(chunking="whole", units="words", ngram=1, culling=1.0))
    assert found.tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]


def test_the_default_is_raw_counts_of_trigrams_in_chunks_within_documents() -> None:
    parameters = choose()
    chosen = (parameters.chunking, parameters.chunk_chars, parameters.units, parameters.ngram, parameters.distance)
    assert chosen == ("within", 5_000, "chars", 3, "count_manhattan")
    assert parameters.features is None


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"chunking": "whole", "chunk_chars": 500}, "chunk_chars has no effect"),
        ({"chunking": "whole", "chunks": 5}, "chunks has no effect"),
        ({"chunking": "joined", "stability": True}, "stability cuts within documents"),
        ({"candidates": ["A", "B"], "unknown": ["B"]}, "B cannot be among candidates and unknown"),
        ({"candidates": ["A"]}, "one candidate leaves nothing to tell apart"),
        ({"distance": "manhattan"}, "Input should be 'count_manhattan'"),
        ({"culling": 1.5}, "less than or equal to 1"),
        ({"features": 0}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_go_together_is_refused(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        choose(**parameters)


def test_raw_counts_of_whole_documents_come_with_a_warning(project: Any) -> None:
    recipe = DOCUMENTS.replace("chunk_chars = 300", 'chunking = "whole"')
    made: Project = project(recipe, document_columns())
    assert texts(made.train())[1].startswith("Raw counts of whole documents differ mainly by length")
    assert not [one for one in texts(made.train("model.distance=cosine")) if one.startswith("Raw counts of whole")]


def test_the_map_is_the_first_of_the_pictures(project: Any) -> None:
    pictures: tuple[Picture, ...] = project(DOCUMENTS, document_columns()).train().pictures
    assert [picture.name for picture in pictures] == ["map", "tree", "neighbours", "words"]
