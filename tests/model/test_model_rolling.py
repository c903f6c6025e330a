"""Who writes where along one long text, as a recipe asks for it."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from projects import DOCUMENTS, WORDS, Project, document_columns, make_project

from model.training.plots.style import render
from model.training.result import Results
from relay.handoff.errors import ModelError, RecipeError
from relay.results.findings import Topic

RECIPE = DOCUMENTS.replace(
    "chunk_chars = 300",
    'chunk_chars = 300\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nfeatures = 40\nunknown = ["?"]\n'
    '[model.rolling]\ntexts = ["mixed"]\nwindow = 100\nstep = 20',
)
MakeProject = Callable[..., Project]


def mixed_columns() -> dict[str, Any]:
    """Three authors, and a text that Ann begins and Ben ends."""
    columns, draw = document_columns(), np.random.default_rng(4)
    text = " ".join([*draw.choice(WORDS["Ann"], 200), *draw.choice(WORDS["Ben"], 200)])
    columns["document"].append("mixed")
    columns["text"].append(text)
    columns["author"].append("?")
    columns["written_at_utc"].append(columns["written_at_utc"][-1])
    return columns


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return make_project(tmp_path_factory.mktemp("rolling"), RECIPE, mixed_columns()).train()


def test_each_window_has_a_row_for_each_label(results: Results) -> None:
    rows = results.tables["rolling"].to_pylist()
    assert len(rows) == 16 * 3
    nearest = {row["first_word"]: row["label"] for row in rows if row["is_nearest"]}
    assert {nearest[first] for first in nearest if first + 99 <= 200} == {"Ann"}
    assert {nearest[first] for first in nearest if first > 200} == {"Ben"}
    assert {row["document"] for row in rows} == {"mixed"}
    of_window = [sum(row["probability"] for row in rows if row["window"] == window) for window in range(1, 17)]
    assert of_window == pytest.approx([1.0] * 16)


def test_the_findings_hold_the_figures_that_they_state(results: Results) -> None:
    said, known = (finding for finding in results.findings if finding.topic == Topic.ROLLING)
    assert said.figures["windows"] == 16
    assert sum(said.figures["nearest"].values()) == 16
    assert f"Ann {said.figures['nearest']['Ann']}" in said.text
    assert known.figures == {"known_windows": 12, "accuracy": 1.0, "balanced_accuracy": 1.0}
    runs = results.metrics["rolling"]["runs"]
    assert [run["label"] for run in runs] == ["Ann", "Ben"]
    assert (runs[0]["first_word"], runs[-1]["last_word"]) == (1, 400)


def test_the_picture_has_the_colours_of_both(results: Results) -> None:
    (picture,) = (picture for picture in results.pictures if picture.name == "rolling")
    with Image.open(io.BytesIO(render(picture)["rolling.png"])) as drawn:
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 50
    lines = picture.figure.axes[0].get_lines()
    assert [len(line.get_xdata()) for line in lines[:3]] == [16, 16, 16]


def test_a_text_of_known_label_is_compared_with_other_documents_only(project: MakeProject) -> None:
    results = project(RECIPE.replace('"mixed"', '"Ann-0", "Ann-1"'), mixed_columns()).train()
    rows = results.tables["rolling"].to_pylist()
    assert min(row["distance"] for row in rows) > 0.01
    assert {row["document"] for row in rows} == {"Ann-0", "Ann-1"}


def test_nothing_is_added_where_it_is_not_asked_for(documents: Project) -> None:
    results = documents.train()
    assert "rolling" not in results.tables
    assert "rolling" not in results.metrics


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"mixed"', '"mixt"'), r'no document has the title "mixt" \(did you mean "mixed"\?\)'),
        (("window = 100", "window = 1000"), "shorter than a window: found 400 words, expected at least 1,000"),
    ],
)
def test_what_cannot_be_rolled_is_said(project: MakeProject, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        project(RECIPE.replace(*change), mixed_columns()).train()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"cosine_delta"', '"count_manhattan"'), "expected a distance of frequencies"),
        (("chunk_chars = 300", 'chunking = "joined"\nchunks = 9'), "rolling needs parts of documents"),
        (("step = 20", "step = 200"), "leaves words in no window"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(project: MakeProject, change: tuple[str, str], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        project(RECIPE.replace(*change), mixed_columns()).train()
