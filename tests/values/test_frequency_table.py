"""A table of frequencies as a corpus: the figures of the texts that it was made of."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from checkout import CHECKOUT, Project
from styles import RECIPE, ask, draw_own

from model.ask.text_answer import attribute_text
from model.ask.trained import load_trained
from model.parameters import parse_parameters
from model.training.train import check
from relay.handoff.errors import RelayError, UsageError
from relay.handoff.recipe import load_recipe

ROWS = draw_own(["Ann", "Ben", "WHO"], 4)
MORE = 'unknown = ["WHO"]\nexports = ["frequencies", "distances"]\nimposters = true\nclassifiers = ["knn", "nsc"]'
TABLE = """
title = "Frequencies"
[ingest]
source = "file"
path = "PATH"
extra_columns = "keep"
[preprocess]
kind = "frequencies"
[columns]
"#title" = { type = "text", role = "id" }
"#label" = { type = "category", role = "label", null = true }
frequencies = { type = "text", role = "input" }
[model]
kind = "authorship"
units = "columns"
ngram = 1
chunking = "whole"
distance = "cosine_delta"
features = 100
MORE
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Texts, and the table that they export, as CSV and as Parquet."""
    made = Project(tmp_path_factory.mktemp("frequencies"))
    made.write("texts.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    run_all(made, made.recipe(RECIPE.replace("NAME", "texts").replace("MORE", MORE), "texts"))
    for ending in ("csv", "parquet"):
        path = made.folder / f"data/output/texts/latest/frequencies.{ending}"
        run_all(made, made.recipe(TABLE.replace("PATH", str(path)).replace("MORE", MORE), f"from_{ending}"))
    return made


def run_all(project: Project, recipe: Path) -> None:
    for stage in ("ingest", "preprocess", "model"):
        ran = project.run(stage, recipe)
        assert ran.exit_code == 0, ran.log


def read(project: Project, name: str, table: str) -> pd.DataFrame:
    return pq.read_table(project.folder / f"data/output/{name}/latest/{table}.parquet").to_pandas()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_gives_the_distances_and_the_answers_of_its_texts(project: Project, ending: str) -> None:
    of_texts, of_table = (read(project, name, "distances").iloc[:, 2:] for name in ("texts", f"from_{ending}"))
    assert np.abs(of_texts.to_numpy() - of_table.to_numpy()).max() < 1e-12
    texts, table = (read(project, name, "attributions") for name in ("texts", f"from_{ending}"))
    assert table["label"].tolist() == texts["label"].tolist()
    assert table["is_nearest"].tolist() == texts["is_nearest"].tolist()
    assert np.abs(table["distance"] - texts["distance"]).max() < 1e-12


def test_imposters_and_classifiers_judge_a_table(project: Project) -> None:
    for name in ("imposters", "classifier_answers"):
        texts, table = read(project, "texts", name), read(project, "from_csv", name)
        judged = "verdict" if name == "imposters" else "label"
        assert table[judged].tolist() == texts[judged].tolist()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ('chunking = "within"', 'expected chunking = "whole" and ngram = 1'),
        ("ngram = 2", 'expected chunking = "whole" and ngram = 1'),
        ("stability = true", "stability needs texts"),
        ('distance = "count_manhattan"', "needs a distance of frequencies"),
        ('units = "words"', "makes rows of frequencies"),
    ],
)
def test_what_needs_a_text_is_refused_before_there_are_data(tmp_path: Path, changed: str, reason: str) -> None:
    key = changed.split(" = ")[0]
    kept = re.sub(rf"(?m)^{key} = .*\n", "", TABLE.replace("PATH", "table.csv").replace("MORE", ""))
    path = tmp_path / "table.toml"
    path.write_text(f"{kept}{changed}\n", encoding="utf-8")
    recipe = load_recipe(str(path))
    with pytest.raises(RelayError, match=re.escape(reason)):
        check(recipe, parse_parameters(recipe))


def test_a_text_is_no_row_and_a_row_is_answered(project: Project) -> None:
    recipe = load_recipe(str(project.folder / "from_csv.toml"))
    data_dir = project.folder / "data"
    trained, state = load_trained(data_dir, recipe), data_dir / ".state"
    with pytest.raises(UsageError, match="expected a JSON object of the columns and their shares or counts"):
        attribute_text(trained, "It was the best of times, it was the worst of times. " * 5, state)
    row = pq.read_table(data_dir / "processed/from_csv.parquet")["frequencies"][0].as_py()
    answer = attribute_text(trained, row, state)
    assert (answer.labels[0].label, answer.text.columns) == ("Ann", len(json.loads(row)))
    assert not any("word" in warning for warning in answer.warnings)
    counts = dict.fromkeys(list(json.loads(row))[:2], 5)
    assert ask(project, "from_csv", json.dumps(counts))["text"]["columns"] == 2  # a row may be shorter than a text


def test_two_lines_turn_a_table_of_stylo_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (CHECKOUT / "docs/authorship-settings.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(table = .*?)```", page, re.DOTALL)
    (tmp_path / "table_with_frequencies.txt").write_text(
        '"Ann_Sea" "Ben_Hill"\n"the" 6.25 5\n"null" 0.5 0\n"don\'t" 0 0.125\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    exec(code, {"pd": pd})
    rows = pd.read_csv("frequencies.csv").set_index("#title")
    assert rows["#label"].to_dict() == {"Ann_Sea": "Ann", "Ben_Hill": "Ben"}
    assert rows[["the", "null", "don't"]].to_numpy().tolist() == [[6.25, 0.5, 0.0], [5.0, 0.0, 0.125]]
