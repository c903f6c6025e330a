"""The map of documents by style: known groups are found, and the words say how far to trust what is drawn."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from projects import DOCUMENTS, WORDS, Project, document_columns, texts

from model.training.authorship.map import project as project_distances
from model.training.plots.style import render

MakeProject = Callable[..., Project]


def read_metrics(made: Project) -> Any:
    return json.loads((made.latest / "metrics.json").read_text())


def read_findings(made: Project) -> str:
    return (made.latest / "findings.md").read_text()


def test_known_authors_are_told_apart_and_the_words_say_so(trained_documents: Project) -> None:
    trust = read_metrics(trained_documents)["trust"]
    assert trust["accuracy"] == 1.0
    assert trust["majority_share"] < 0.5
    assert "100 % lie nearest to a chunk of the same label from another document" in read_findings(trained_documents)
    assert trained_documents.run() == 0
    assert f"the plot {trained_documents.latest}/map.png shows" in trained_documents.log().splitlines()[-2]


def test_labels_that_do_not_differ_in_style_are_called_so(project: MakeProject) -> None:
    columns = document_columns(8)
    draw = np.random.default_rng(1)
    columns["author"] = draw.permutation(columns["author"]).tolist()
    words = texts(project(DOCUMENTS, columns).train())[1]
    assert " This may be chance (permutation test: " in words


def test_a_label_of_a_single_document_is_said_to_be_beyond_judgement(project: MakeProject) -> None:
    columns = document_columns()
    columns["author"] = [*columns["author"][:-1], "Dot"]
    words = texts(project(DOCUMENTS, columns).train())[2]
    assert words.startswith("Dot has one document only, or copies of one: these figures count all chunks of this label")


def test_a_label_of_copies_alone_is_not_said_to_have_one_document(project: MakeProject) -> None:
    columns = document_columns()
    columns["author"][-2:], columns["text"][-2:] = ["Dot", "Dot"], [columns["text"][-1]] * 2
    assert any(
        one.startswith("Dot has one document only, or copies of one")
        for one in texts(project(DOCUMENTS, columns).train())
    )


def test_without_labels_nothing_is_claimed(project: MakeProject) -> None:
    columns = document_columns()
    results = project(DOCUMENTS, {**columns, "author": [None] * len(columns["author"])}).train()
    assert results.metrics["trust"] == {"judged": 0}
    assert texts(results)[1].startswith("The map was not evaluated: ")


def test_unknown_labels_are_shown_and_not_judged(project: MakeProject) -> None:
    columns = document_columns()
    results = project(DOCUMENTS, {**columns, "author": [None, *columns["author"][1:]]}).train()
    metrics, rows = results.metrics, results.tables["chunks"].to_pylist()
    unknown = sum(row["label"] is None for row in rows)
    assert unknown == metrics["trust"]["unknown"] == metrics["chunks_of_label"]["(unknown)"] > 0
    assert metrics["trust"]["judged"] == len(rows) - unknown


def test_the_table_of_chunks_names_documents_and_places(trained_documents: Project) -> None:
    rows = pq.read_table(trained_documents.latest / "chunks.parquet").to_pylist()
    metrics = read_metrics(trained_documents)
    assert len(rows) == metrics["chunks"]["number"]
    assert {row["label"] for row in rows} == set(WORDS)
    assert all(row["first_document"] == row["last_document"] for row in rows)
    assert all(row["first_document"].startswith(row["label"]) for row in rows)
    assert np.isfinite([(row["x"], row["y"]) for row in rows]).all()


def test_documents_shorter_than_a_chunk_are_counted(project: MakeProject) -> None:
    columns = document_columns()
    columns["text"][0] = "too short"
    results = project(DOCUMENTS, columns).train()
    assert results.dropped == {"documents shorter than a chunk": 1}
    assert "1 document shorter than one chunk was skipped" in texts(results)[0]


def test_joined_text_gives_the_chosen_number_of_chunks(documents: Project) -> None:
    documents.recipe.write_text(DOCUMENTS.replace("chunk_chars = 300", 'chunking = "joined"\nchunks = 7'))
    assert documents.train().metrics["chunks"]["number"] == 7


def test_in_time_order_documents_follow_their_times_and_the_map_is_pca(project: MakeProject) -> None:
    columns = document_columns()
    turned = {name: cells[::-1] for name, cells in columns.items()}
    recipe = DOCUMENTS.replace("chunk_chars = 300", 'chunk_chars = 300\norder = "time"\nwindow = 2')
    plain, other = project(recipe, columns, "plain").train(), project(recipe, turned, "turned").train()
    assert plain.tables["chunks"].equals(other.tables["chunks"])
    assert plain.metrics["projection"]["name"] == "pca"
    assert "style drifts with time" in " ".join(texts(plain))


@pytest.mark.parametrize("name", ["tsne", "pca", "pcoa"])
def test_every_map_is_drawn_and_says_what_one_must_know(documents: Project, name: str) -> None:
    results = documents.train(f"model.projection={name}")
    how = results.metrics["projection"]
    assert how.keys() == {"name", "perplexity" if name == "tsne" else "explained_variance"}
    with Image.open(io.BytesIO(render(results.pictures[0])["map.png"])) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or []}
    # The first three of the palette are on the map, a little lighter for being transparent.
    for wanted in [(51, 142, 193), (221, 126, 51), (51, 178, 143)]:
        assert min(max(abs(a - b) for a, b in zip(wanted, colour, strict=True)) for colour in colours) <= 2


def test_points_of_a_plane_are_explained_in_full_by_two_axes() -> None:
    corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0], [0.0, 1.0]])
    distances = np.linalg.norm(corners[:, np.newaxis] - corners, axis=2)
    _, how = project_distances(distances, "pcoa", seed=0)
    # Variances 9/4 and 1/4 along the sides.
    assert how["explained_variance"] == pytest.approx([0.9, 0.1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("chunk_chars = 300", "chunk_chars = 5000"), "no document is long enough for a chunk"),
        (('role = "input"', 'role = "ignore"'), "needs one column with role"),
        (("chunk_chars = 300", "chunk_chars = 300\nchunks = 5"), 'chunks has no effect with chunking = "within"'),
        (
            ("chunk_chars = 300", 'order = "time"'),
            None,
        ),
    ],
)
def test_what_cannot_be_mapped_is_said(project: MakeProject, change: tuple[str, str], said: str | None) -> None:
    recipe = DOCUMENTS.replace(*change)
    if said is None:
        recipe = recipe.replace('role = "time"', 'role = "ignore"')
        said = "no column has role"
    made = project(recipe, document_columns())
    assert made.run() == 1
    assert said in made.log()


def test_findings_speak_of_styles_and_labels_never_of_who_wrote(trained_documents: Project) -> None:
    words = read_findings(trained_documents).lower()
    assert not [claim for claim in ("author", "wrote", "written by", "identit", "person") if claim in words]
