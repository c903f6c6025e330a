"""Classifiers for comparison, as a recipe asks for them: table, finding, and answers for unknown documents."""

from collections.abc import Callable
from typing import Any

from projects import DOCUMENTS, Project, document_columns, texts

MakeProject = Callable[..., Project]

WHOLE = DOCUMENTS.replace(
    "chunk_chars = 300", 'chunking = "whole"\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nunknown = ["WHO"]'
)


def hide(columns: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same documents, some of them by WHO."""
    pairs = zip(columns["document"], columns["author"], strict=True)
    return {**columns, "author": ["WHO" if name in names else author for name, author in pairs]}


def test_each_classifier_has_a_row_and_says_whose_the_unknown_documents_are(project: MakeProject) -> None:
    recipe = WHOLE + 'classifiers = ["svm", "nsc", "knn", "naive_bayes"]\n'
    results = project(recipe, hide(document_columns(), "Ann-1", "Ben-5")).train()
    rows = results.tables["classifiers"].to_pylist()
    names = [row["classifier"] for row in rows]
    assert names == ["k-nearest neighbours", "linear SVM", "nearest shrunken centroids", "naive Bayes"]
    assert all(0 <= row["balanced_accuracy"] <= 1 and row["chunks"] > 0 for row in rows)
    answers = results.tables["classifier_answers"].to_pylist()
    svm = {row["document"]: row["label"] for row in answers if row["classifier"] == "linear SVM"}
    assert svm == {"Ann-1": "Ann", "Ben-5": "Ben"}
    (said,) = [text for text in texts(results) if text.startswith("Other classifiers")]
    assert "balanced accuracy on known chunks, each without its own document: " in said
    assert all(name in said for name in names)
    assert set(results.metrics["classifiers"]) == {"knn", "svm", "nsc", "naive_bayes"}


def test_a_recipe_that_asks_for_none_has_no_table(project: MakeProject) -> None:
    results = project(WHOLE, hide(document_columns(), "Ann-1")).train()
    assert not {"classifiers", "classifier_answers"} & set(results.tables)
