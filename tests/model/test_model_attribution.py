"""Documents of unknown label beside the known ones, and the model that is kept for texts to come."""

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from projects import DOCUMENTS, Project, document_columns, texts

from model.training.authorship.by_distance import TRIED, TRIGRAMS
from relay.registry.model_file import read_model
from relay.results.findings import Topic

MakeProject = Callable[..., Project]

WHOLE = DOCUMENTS.replace(
    "chunk_chars = 300", 'chunking = "whole"\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nunknown = ["WHO"]'
)


def hide_author(columns: dict[str, Any], *documents: str) -> dict[str, Any]:
    """The same documents, some of them by WHO."""
    authors = [
        "WHO" if name in documents else author
        for name, author in zip(columns["document"], columns["author"], strict=True)
    ]
    return {**columns, "author": authors}


def test_unknown_documents_go_to_the_label_whose_words_they_use(project: MakeProject) -> None:
    results = project(WHOLE, hide_author(document_columns(), "Ann-1", "Ben-5", "Ben-6")).train()
    assert "3 documents labelled WHO: nearest in style to Ben 2 and Ann 1." in texts(results)
    nearest = [row for row in results.tables["attributions"].to_pylist() if row["is_nearest"]]
    assert {row["document"]: row["label"] for row in nearest} == {"Ann-1": "Ann", "Ben-5": "Ben", "Ben-6": "Ben"}
    assert min(row["probability"] for row in nearest) > 0.5
    assert results.metrics["attributions"] == {"WHO": {"Ann": 1, "Ben": 2}}


def test_every_distance_answers_for_every_unknown_document(project: MakeProject) -> None:
    rows = project(WHOLE, hide_author(document_columns(), "Ann-1", "Ben-5")).train().tables["by_distance"].to_pylist()
    choices = [(row["distance"], row["units"], row["compare_with"]) for row in rows for _ in range(row["documents"])]
    each = {(TRIGRAMS.distance, "chars"), *((name, "words") for name in TRIED)}
    assert Counter(choices) == {(*one, rule): 2 for one in each for rule in ("text", "centroid")}


def test_the_recipe_chooses_what_of_a_label_must_be_near(project: MakeProject) -> None:
    """By the centroid an unknown document is measured to the mean of a label's texts, as the estimator does it."""
    columns = hide_author(document_columns(), "Ann-1", "Ben-5")
    of_rule = {}
    for rule in ("text", "centroid"):
        results = project(WHOLE + f'compare_with = "{rule}"\n', columns).train()
        classifier = read_model(results.model, sha256(results.model).hexdigest())
        assert classifier.compare_with == rule
        of_rule[rule] = [row["distance"] for row in results.tables["attributions"].to_pylist()]
        texts = dict(zip(columns["document"], columns["text"], strict=True))
        assert of_rule[rule] == classifier.measure_authors([texts["Ann-1"], texts["Ben-5"]]).ravel().tolist()
    assert of_rule["text"] != of_rule["centroid"]


@pytest.mark.parametrize(("hidden", "is_said"), [(("Ann-0", "Ann-1"), True), (("Ann-0", "Ben-4", "Cid-8"), False)])
def test_unequal_labels_are_named(project: MakeProject, hidden: tuple[str, ...], is_said: bool) -> None:
    results = project(WHOLE, hide_author(document_columns(), *hidden)).train()
    found = [one for one in results.findings if one.topic == Topic.UNEQUAL]
    assert len(found) == is_said
    if is_said:
        assert found[0].figures["documents"] == {"Ben": 4, "Cid": 4, "Ann": 2}
        assert "Ben 4, Cid 4 and Ann 2. By chance alone, the nearest text has the label Ben in 40 % of cases" in (
            found[0].text.replace("\u202f", " ").replace("\xa0", " ")
        )


@pytest.mark.parametrize(
    ("ngram", "numbers", "said"),
    [(1, (33,), "There are only 33 words to compare."), (2, (100, 200, 300, 351), "only 351 features")],
)
def test_unknown_documents_are_followed_over_the_numbers_of_features_that_there_are(
    project: MakeProject, ngram: int, numbers: tuple[int, ...], said: str
) -> None:
    made = project(WHOLE + "stability = true\n", hide_author(document_columns(), "Ann-1", "Ben-5"))
    results = made.train(f"model.ngram={ngram}")
    rows = results.tables["word_range"].to_pylist()
    settings = Counter((row["features"], row["compare_with"]) for row in rows if row["is_nearest"])
    assert settings == {(number, rule): 2 for number in numbers for rule in ("text", "centroid")}
    nearest = {(row["document"], row["label"]) for row in rows if row["is_nearest"]}
    assert nearest == {("Ann-1", "Ann"), ("Ben-5", "Ben")}
    (picture,) = (picture for picture in results.pictures if picture.name == "word_range")
    lines = [line for axes in picture.figure.axes for line in axes.lines]
    chance = [line.get_ydata()[0] for line in lines if line.get_linestyle() == "--"]
    assert chance == [1 / 3, 1 / 3]  # of the labels Ann, Ben and Cid
    (found,) = (one for one in results.findings if one.topic == Topic.WORD_RANGE)
    assert said in found.text
    assert found.figures["features"] == list(numbers)
    chances = [row["probability"] for row in rows if row["label"] == "Ann" and row["compare_with"] == "centroid"]
    assert found.figures["centroid"] == {
        "documents": [1] * len(numbers),
        "least_probability": min(chances),
        "most_probability": max(chances),
    }


def test_a_distance_that_is_not_tried_anyway_is_tried_where_the_recipe_chooses_it(project: MakeProject) -> None:
    made = project(WHOLE.replace("cosine_delta", "entropy"), hide_author(document_columns(), "Ann-1"))
    results = made.train()
    names = [row["distance"] for row in results.tables["by_distance"].to_pylist() if row["units"] == "words"]
    assert set(names) == {*TRIED, "entropy"}
    nearest = [row for row in results.tables["attributions"].to_pylist() if row["is_nearest"]]
    assert {row["document"]: row["label"] for row in nearest} == {"Ann-1": "Ann"}


def test_candidates_alone_are_compared(project: MakeProject) -> None:
    recipe = WHOLE + 'candidates = ["Ben", "Cid"]\n'
    results = project(recipe, hide_author(document_columns(), "Ben-5")).train()
    assert {row["label"] for row in results.tables["attributions"].to_pylist()} == {"Ben", "Cid"}
    expected = "The candidates are Ben and Cid: distances and probabilities cannot show that no candidate is right."
    assert expected in texts(results)


def test_a_document_in_chunks_gets_the_mean_of_its_chunks(project: MakeProject) -> None:
    recipe = DOCUMENTS + 'unknown = ["WHO"]\n'
    results = project(recipe, hide_author(document_columns(), "Cid-9")).train()
    chunks = [row for row in results.tables["chunks"].to_pylist() if row["label"] == "WHO"]
    assert len(chunks) > 1
    assert "1 document labelled WHO: nearest in style to Cid 1." in texts(results)


def test_documents_without_label_are_named_so(project: MakeProject) -> None:
    columns = document_columns()
    results = project(WHOLE, {**columns, "author": [None, *columns["author"][1:]]}).train()
    assert "1 document without label: nearest in style to Ann 1." in texts(results)


def test_a_document_without_a_word_is_drawn_and_not_compared(project: MakeProject) -> None:
    columns = hide_author(document_columns(), "Ann-1", "Ben-5")
    columns["text"][0] = columns["text"][1] = "1787, 1788"
    results = project(WHOLE, columns).train()
    assert texts(results)[1] == "2 chunks without any word: on the map, but not compared with the known chunks."
    assert {row["document"] for row in results.tables["attributions"].to_pylist()} == {"Ben-5"}
    assert results.tables["chunks"].num_rows == 12


@pytest.mark.parametrize(
    "recipe", [WHOLE, DOCUMENTS.replace("chunk_chars = 300", 'chunking = "joined"\nchunks = 12\nunknown = ["Ann"]')]
)
def test_where_nothing_is_unknown_or_documents_are_joined_nothing_is_attributed(
    project: MakeProject, recipe: str
) -> None:
    results = project(recipe, document_columns()).train()
    assert results.tables.keys() == {"chunks", "words"}
    assert "attributions" not in results.metrics


def test_without_two_labels_of_two_documents_no_model_is_kept(project: MakeProject) -> None:
    columns = document_columns(2)
    columns["author"] = ["Ann", "Ann", "Ben", "Cid", "WHO", "WHO"]
    results = project(WHOLE, columns).train()
    assert results.model is None
    assert "attributions" not in results.tables


def test_the_model_read_back_answers_as_the_table_does(project: MakeProject) -> None:
    columns = hide_author(document_columns(), "Ann-1", "Cid-10")
    results = project(WHOLE, columns).train()
    assert results.model is not None
    texts = dict(zip(columns["document"], columns["text"], strict=True))
    probabilities = read_model(results.model, sha256(results.model).hexdigest()).predict_proba(
        [texts["Ann-1"], texts["Cid-10"]]
    )
    told = [row["probability"] for row in results.tables["attributions"].to_pylist()]
    assert np.array_equal(probabilities.ravel(), told)


def test_equal_documents_give_equal_model_files(project: MakeProject) -> None:
    made = project(WHOLE, document_columns())
    assert made.train().model == made.train().model
