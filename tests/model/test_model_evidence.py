"""What stands beside the accuracy: chance, groups, boundaries, length and other choices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from projects import DOCUMENTS, Project, document_columns, texts

from model.training.authorship.evidence import rank_boundaries
from relay.results.findings import Topic
from stylometry.chunks import Chunks, keep_whole

MakeProject = Callable[..., Project]

TIMELY = DOCUMENTS.replace("chunk_chars = 300", 'chunk_chars = 300\norder = "time"\nwindow = 1')


def label_chunks(labels: list[str | None]) -> Chunks:
    return keep_whole(["text"] * len(labels), labels)


def divide_at(place: int, chunks: int) -> Any:
    """Distances of two groups: 1 within, 5 between them."""
    side = np.arange(chunks) >= place
    return np.where(side[:, np.newaxis] == side, 1.0, 5.0) - np.eye(chunks)


def test_labels_that_differ_are_no_chance_and_those_drawn_by_lot_are(project: MakeProject) -> None:
    columns = document_columns(8)
    clear = project(DOCUMENTS, columns, "clear").train().metrics["trust"]["test"]
    drawn = np.random.default_rng(1).permutation(columns["author"]).tolist()
    lot = project(DOCUMENTS, {**columns, "author": drawn}, "lot").train().metrics["trust"]["test"]
    assert clear["name"] == lot["name"] == "permutation"
    assert clear["p"] == 0.001
    assert lot["p"] > 0.05


def test_in_time_order_labels_are_moved_and_not_drawn(project: MakeProject) -> None:
    results = project(TIMELY, document_columns()).train()
    trust = results.metrics["trust"]
    assert trust["test"]["name"] == "shift"
    assert trust["test"]["arrangements"] == trust["judged"] - 1
    assert [found["rank"] for found in trust["boundaries"]] == [1, 1]
    assert [picture.name for picture in results.pictures][-1] == "time"


def test_short_chunks_are_said_to_be_short(project: MakeProject) -> None:
    results = project(DOCUMENTS, document_columns()).train()
    number = results.metrics["chunks"]["number"]
    assert any(one.startswith(f"{number} of {number} chunks have fewer than 2,500 words") for one in texts(results))
    assert 30 < results.metrics["trust"]["chunk_words"]["mean"] < 75


def test_a_single_label_has_neither_test_nor_groups(project: MakeProject) -> None:
    columns = document_columns()
    results = project(DOCUMENTS, {**columns, "author": ["Ann"] * len(columns["author"])}).train()
    assert not {"test", "silhouette"} & results.metrics["trust"].keys()
    assert "words" not in results.tables


def test_a_boundary_where_the_text_divides_is_the_first_of_all_places() -> None:
    (found,) = rank_boundaries(label_chunks(["A"] * 4 + ["B"] * 6), divide_at(4, 10))
    assert (found.before, found.after, found.rank.rank, found.rank.positions) == ("A", "B", 1, 7)


def test_a_boundary_elsewhere_is_not() -> None:
    (found,) = rank_boundaries(label_chunks(["A"] * 7 + ["B"] * 3), divide_at(4, 10))
    assert found.rank.rank == 6  # only the place after it divides worse
    assert found.rank.best == 4


@pytest.mark.parametrize("labels", [["A", "A", "B", "B", "A", "A"], ["A"] * 5 + ["B"], ["A"] * 6])
def test_labels_that_are_no_two_periods_have_no_boundary(labels: list[str | None]) -> None:
    assert rank_boundaries(label_chunks(labels), divide_at(2, 6)) == ()


def test_other_settings_are_tried_where_the_documents_are_long_enough(project: MakeProject) -> None:
    made = project(DOCUMENTS + "stability = true\n", document_columns(3, words=600))
    results = made.train()
    rows = results.tables["stability"].to_pylist()
    # The texts have 308 different 3-grams: 500 of them cannot be looked at.
    assert {(row["chunk_chars"], row["features"]) for row in rows} == {(2_500, 50), (2_500, 150), (2_500, 308)}
    assert len(rows) == 9
    (said,) = (one.text for one in results.findings if one.topic == Topic.STABILITY)
    assert "the balanced accuracy is 100 %. The documents have only 308 different features." in said


def test_documents_too_short_for_other_settings_are_said_to_be_so(documents: Project) -> None:
    results = documents.train("model.stability=true")
    assert "stability" not in results.tables
    assert any(one.startswith("Stability was not assessed: ") for one in texts(results))
