"""What the axes of a map are made of: true where the map is a PCA of the features, absent elsewhere."""

from typing import Any

import numpy as np
import pytest
from projects import DOCUMENTS, document_columns, texts

from model.parameters import parse_parameters
from model.style_parameters import AuthorshipParameters
from model.training.authorship.chunking import count_units, cut, measure_styles
from model.training.authorship.documents import read_documents
from model.training.authorship.loadings import Loadings, find_loadings, say_loadings
from stylometry.features import most_frequent, relative_frequencies
from stylometry.projection import pcoa

PCA_OF_FEATURES = ("model.projection=pcoa", "model.distance=euclidean", "model.features=40")


def test_centred_frequencies_times_loadings_are_the_map(project: Any) -> None:
    import pyarrow.parquet as pq

    from relay.handoff.recipe import load_recipe

    made = project(DOCUMENTS, document_columns())
    recipe = load_recipe(str(made.recipe), PCA_OF_FEATURES)
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, AuthorshipParameters)
    table = pq.read_table(made.data_dir / "processed" / "case.parquet")
    chunks = cut(read_documents(table, recipe.columns, by_time=False), parameters)
    counts = count_units(chunks, parameters)
    points = pcoa(measure_styles(counts, parameters))
    found = find_loadings(counts, points, parameters)
    assert found is not None
    frequencies = relative_frequencies(counts, most_frequent(counts, 40))
    np.testing.assert_allclose((frequencies - frequencies.mean(axis=0)) @ found.weights, points, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found.weights, axis=0), 1.0)


def test_they_are_a_table_a_picture_and_a_sentence(project: Any) -> None:
    results = project(DOCUMENTS, document_columns()).train(*PCA_OF_FEATURES)
    table = results.tables["loadings"]
    assert (table.column_names, table.num_rows) == (["ngram", "first_axis", "second_axis"], 40)
    assert "loadings" in [picture.name for picture in results.pictures]
    assert [line[:35] for line in texts(results) if line.startswith("Chunks further")] == [
        "Chunks further along the first axis",
        "Chunks further along the second axi",
    ]


@pytest.mark.parametrize("change", ["model.projection=tsne", "model.projection=pca", "model.distance=cosine"])
def test_a_map_of_anything_else_has_none(project: Any, change: str) -> None:
    results = project(DOCUMENTS, document_columns()).train(*PCA_OF_FEATURES, change)
    assert "loadings" not in results.tables
    assert "loadings" not in [picture.name for picture in results.pictures]


def test_each_side_of_an_axis_is_named_strongest_first_and_an_empty_axis_not_at_all() -> None:
    weights = np.array([[0.1, 0.0], [-0.9, 0.0], [0.4, 0.0], [0.0, 0.0]])
    found = Loadings(("the", "of ", "upon", "on"), weights)
    (said,) = say_loadings(found)
    assert said.text == "Chunks further along the first axis of the map have more upon and the and less of␣."
    assert said.figures == {"axis": 1, "more": ["upon", "the"], "less": ["of␣"]}
    assert found.rank(0, 2) == [("upon", 0.4), ("of ", -0.9)]
