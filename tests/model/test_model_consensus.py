"""A consensus tree over many choices, as a recipe asks for it."""

import io
import re
from typing import Any

import pytest
from PIL import Image
from projects import DOCUMENTS, document_columns, make_project

from model.training.authorship.consensus import MOST_TEXTS, NEWICK
from model.training.plots.consensus import draw_consensus
from model.training.plots.style import render
from model.training.result import Results, render_files
from relay.handoff.errors import RecipeError
from relay.results.findings import Topic
from relay.results.signs import choose_signs
from stylometry.consensus import build_consensus

RECIPE = DOCUMENTS.replace(
    "chunk_chars = 300",
    'chunking = "whole"\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nunknown = ["?"]\n'
    "[model.consensus]\nfeatures = [10, 15, 20]\nculling = [0.0, 0.2]",
)


def unknown_columns() -> dict[str, Any]:
    """Four documents of each author, of which Ben's first has lost its label."""
    columns = document_columns()
    columns["author"] = ["?" if name == "Ben-4" else name[:3] for name in columns["document"]]
    return columns


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return make_project(tmp_path_factory.mktemp("consensus"), RECIPE, unknown_columns()).train()


def test_the_texts_of_each_author_are_a_group_of_every_tree(results: Results) -> None:
    rows = results.tables["consensus"].to_pylist()
    groups: dict[int, set[str]] = {}
    for row in rows:
        groups.setdefault(row["group"], set()).add(row["text"])
        assert 0.5 < row["share"] <= 1
    assert {f"Ann Ann-{number}" for number in range(4)} in groups.values()
    assert {"? Ben-4", "Ben Ben-5", "Ben Ben-6", "Ben Ben-7"} in groups.values()


def test_the_newick_file_names_every_text_once_with_label_and_title(results: Results) -> None:
    newick = render_files(results)[NEWICK].decode()
    names = re.findall(r"'([^']*)'", newick)
    assert sorted(names) == sorted(
        f"{author} {name}"
        for author, name in zip(unknown_columns()["author"], unknown_columns()["document"], strict=True)
    )
    assert newick.count("(") == newick.count(")") == results.metrics["consensus"]["groups"] + 1
    assert newick.endswith(");\n")


def test_the_unknown_document_is_asked_about_by_every_choice(results: Results) -> None:
    rows = results.tables["by_features"].to_pylist()
    assert {(row["features"], row["culling"]) for row in rows} == {(n, c) for n in (10, 15, 20) for c in (0.0, 0.2)}
    assert {(row["document"], row["group"], row["nearest"]) for row in rows} == {("Ben-4", "?", "Ben")}


def test_the_findings_hold_the_figures_that_they_state(results: Results) -> None:
    tree, unknown = (finding for finding in results.findings if finding.topic == Topic.CONSENSUS)
    assert tree.figures["trees"] == 6
    assert "ward.D2" in tree.text
    assert unknown.figures == {"group": "?", "settings": 6, "documents": 1, "nearest": {"Ben": 6}}


def test_the_picture_names_each_leaf_and_shows_each_share(results: Results) -> None:
    (picture,) = (picture for picture in results.pictures if picture.name == "consensus")
    with Image.open(io.BytesIO(render(picture)["consensus.png"])) as drawn:
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 50
    axes = picture.figure.axes[0]
    assert "Ben Ben-5" in [text.get_text() for text in axes.get_yticklabels()]
    shown = [float(text.get_text()) for text in axes.texts]
    assert len(shown) == results.metrics["consensus"]["groups"]
    assert all(50 < share <= 100 for share in shown)


def test_too_many_settings_are_refused(tmp_path: Any) -> None:
    recipe = RECIPE.replace("[10, 15, 20]", str(list(range(1, 252))))
    with pytest.raises(RecipeError, match="make 502 settings, expected at most 500"):
        make_project(tmp_path, recipe, unknown_columns()).train()


def test_a_chain_of_as_many_texts_as_are_drawn_has_a_picture() -> None:
    chain = [(1 << size) - 1 for size in range(2, MOST_TEXTS)]
    labels = ["A"] * MOST_TEXTS
    root = build_consensus([chain], texts=MOST_TEXTS)
    picture = draw_consensus(root, labels, labels, choose_signs(labels), title="A chain")
    assert len(picture.figure.axes[0].texts) == MOST_TEXTS - 2
