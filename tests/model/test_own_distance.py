"""A distance that the recipe's own module measures: called apart, checked, and part of the key."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from own_recipes import failure, mine
from projects import DOCUMENTS, Project, document_columns

from model.style_parameters import AuthorshipParameters
from model.training.authorship.own_distance import check_distances, check_mirrored
from page.run.form import describe_stage
from relay.handoff.errors import ModelError
from relay.handoff.recipe import load_recipe

RECIPE = DOCUMENTS.replace(
    "chunk_chars = 300",
    'chunking = "whole"\nunits = "words"\nngram = 1\nfeatures = 100\nprojection = "pcoa"\nunknown = ["WHO"]',
)
DELTA = """
import numpy as np


def mean_gap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one[:, None, :] - other[None, :, :]).mean(axis=2)
"""


def make(folder: Path, code: str = DELTA, recipe: str = RECIPE + 'distance_function = "mean_gap"\n') -> Project:
    columns = document_columns()
    authors = ["WHO" if name == "Ann-1" else author for name, author in zip(columns["document"], columns["author"])]  # noqa: B905 - of one table
    return mine(folder, code, recipe, {**columns, "author": authors})


@pytest.mark.slow
def test_a_function_that_is_burrows_delta_gives_what_burrows_delta_gives(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "ours").mkdir()
    project = make(tmp_path / "own")
    assert project.run() == 0, project.log()
    ours = make(tmp_path / "ours", recipe=RECIPE + 'distance = "burrows_delta"\n')
    assert ours.run() == 0, ours.log()
    for name in ("chunks", "attributions"):
        one, other = (pq.read_table(made.latest / f"{name}.parquet").to_pylist() for made in (project, ours))
        for row, expected in zip(one, other, strict=True):
            assert row == {key: pytest.approx(value, abs=1e-9) for key, value in expected.items()}
    assert "compared by mean_gap" in (project.latest / "findings.md").read_text()
    assert not (project.latest / "model.skops").exists()
    assert (ours.latest / "model.skops").exists()
    before = project.receipt().key
    (project.folder / "case.py").write_text(DELTA.replace(".mean(axis=2)", ".sum(axis=2)"))
    assert project.run() == 0, project.log()
    assert project.receipt().key != before


@pytest.mark.slow
def test_a_function_that_is_no_distance_ends_the_run(tmp_path: Path) -> None:
    project = make(tmp_path, DELTA.replace("return np.abs(", "return 1 + np.abs("))
    assert project.run() == 1
    assert "is no distance; expected 0 from a text to itself, and the same in both directions" in failure(project)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x", r"gave str; expected an array of \(2, 2\) numbers"),
        ([[0.0, 1.0]], r"gave an array of \(1, 2\); expected \(2, 2\)"),
        ([[0.0, np.nan], [1.0, 0.0]], "gave a value that is not finite"),
        ([[0.0, -1.0], [-1.0, 0.0]], "gave -1; expected distances from 0 up"),
    ],
)
def test_what_a_function_gives_is_checked(given: object, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        check_distances(given, (2, 2), "case.py: mean_gap")


def test_both_directions_must_agree_but_for_rounding() -> None:
    found = np.array([[1e-12, 1.0], [1.0 + 1e-12, 0.0]])
    assert check_mirrored(found, "f").tolist() == [[0.0, 1.0 + 5e-13], [1.0 + 5e-13, 0.0]]
    with pytest.raises(ModelError, match="f is no distance"):
        check_mirrored(np.array([[0.0, 1.0], [2.0, 0.0]]), "f")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"distance": "cosine", "distance_function": "f"}, "both say how to measure"),
        ({"distance_of": "frequencies"}, "distance_of has no effect"),
    ],
)
def test_what_does_not_go_together_is_refused(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AuthorshipParameters.model_validate({"kind": "authorship", **values})


def test_the_form_shows_a_function_that_the_recipe_names_and_offers_none(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    named = load_recipe(str(make(tmp_path / "with").recipe))
    kinds = {field.key: field.kind for field in describe_stage(named, "model")}
    assert kinds["model.distance_function"] == "fixed"
    plain = load_recipe(str(make(tmp_path / "without", recipe=RECIPE).recipe))
    assert "model.distance_function" not in {field.key for field in describe_stage(plain, "model")}
