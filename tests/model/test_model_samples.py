"""Chunks by words and random samples, as a recipe asks for them."""

from collections.abc import Callable

import pytest
from projects import DOCUMENTS, Project, document_columns, texts

from model.style_parameters import AuthorshipParameters

MakeProject = Callable[..., Project]
LISTS = {"without": [], "unknown": [], "candidates": []}

WORDS = DOCUMENTS.replace("chunk_chars = 300", 'units = "words"\nngram = 1\ndistance = "cosine_delta"')


def test_chunks_of_words_are_trained_on_and_said(project: MakeProject) -> None:
    results = project(WORDS + "chunk_words = 50\noverlap = 10\n", document_columns()).train()
    number = results.metrics["chunks"]["number"]
    assert f"gave {number} chunks of 50 words with" in texts(results)[0]
    assert results.metrics["chunks"]["words"] == 50
    assert results.metrics["trust"]["chunk_words"] == {"mean": 50.0, "least": 50}
    assert results.contract is not None


def test_random_samples_follow_the_seed_of_the_recipe(project: MakeProject) -> None:
    recipe = WORDS + 'chunking = "random"\nchunk_words = 40\nsamples = 2\n'
    made = project(recipe, document_columns())
    first = made.train()
    assert first.metrics["chunks"] == {"number": 2 * first.metrics["documents"]["read"], "chars": 0, "words": 40}
    assert made.train().tables["chunks"].equals(first.tables["chunks"])
    assert not made.train("seed=7").tables["chunks"].equals(first.tables["chunks"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"chunk_words": 50}, "needs a distance of frequencies"),
        ({"chunk_words": 50, "chunk_chars": 500, "distance": "cosine"}, "both say how long"),
        ({"chunking": "random", "chunk_words": 50, "distance": "cosine"}, "draws words"),
        ({"chunking": "random", "units": "words", "ngram": 1, "distance": "cosine"}, "draws words"),
        ({"overlap": 5_000}, "is a whole chunk"),
        ({"chunking": "whole", "overlap": 5}, "overlap has no effect"),
        ({"samples": 2}, "samples has no effect"),
    ],
)
def test_what_does_not_go_together_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AuthorshipParameters.model_validate({"kind": "authorship", **LISTS, **values})
