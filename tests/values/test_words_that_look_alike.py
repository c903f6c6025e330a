"""Two categories that differ only in how their letters are composed are named in the findings."""

import json
import random
import unicodedata

import numpy as np
import pandas as pd
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from model.training.estimator.rows import Part, Split
from model.training.estimator.unusual import find_lookalikes
from relay.handoff.column import Column

RECIPE = """
title = "Alike"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
town = { type = "category", role = "input", null = true }
home = { type = "category", role = "input" }
kind = { type = "category", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""
COLUMNS = {
    "town": Column(type="category", role="input", null=True),
    "kind": Column(type="category", role="target"),
}
COMPOSED, SPLIT_UP = "K\u00f6ln", "Ko\u0308ln"
ROWS = 120


def find(towns: list[str | None], kinds: list[str]) -> list[dict[str, object]]:
    """The figures of the findings."""
    inputs = pd.DataFrame({"town": pd.Series(towns, dtype="str")})
    part = Part(inputs=inputs, target=np.asarray(kinds), ids=None)  # type: ignore[arg-type]  # not read here
    split = Split(train=part, test=part, without_target=0)
    return [dict(finding.figures) for finding in find_lookalikes(split, "kind", COLUMNS)]


def test_the_findings_name_them_with_their_rows(project: Project) -> None:
    drawing = random.Random(2)
    towns = [drawing.choice([COMPOSED, SPLIT_UP, "Ulm", ""]) for _ in range(ROWS)]
    homes = [drawing.choice(["Bonn", "bonn"]) for _ in range(ROWS)]
    rows = [f"{row},{town},{home},{'ab'[row % 2]}" for row, (town, home) in enumerate(zip(towns, homes, strict=True))]
    project.write("rows.csv", "\n".join(["row,town,home,kind", *rows]) + "\n")
    recipe = project.recipe(RECIPE)
    ran = [project.run(stage, recipe) for stage in ("ingest", "preprocess", "model")]
    assert [one.exit_code for one in ran] == [0, 0, 0], ran[-1].log
    trained = [row["town"] for row in project.rows("processed/values") if row["split"] == "train"]
    found = json.loads(project.text("output/values/latest/findings.json"))["findings"]
    (alike,) = [one for one in found if "look alike" in one["text"]]
    assert alike["figures"]["column"] == "town"
    for word in (COMPOSED, SPLIT_UP):
        assert f"{word!a} ({trained.count(word)} rows)" in alike["text"]


@pytest.mark.parametrize(
    ("towns", "kinds", "columns"),
    [
        (["Ulm", "Bonn", None], ["a", "b", "a"], []),
        ([COMPOSED, COMPOSED, None], ["a", "b", "a"], []),
        ([COMPOSED, SPLIT_UP, None], ["a", "b", "a"], ["town"]),
        (["Ulm", "Ulm", None], [COMPOSED, SPLIT_UP, "b"], ["kind"]),
        (["\u212b", "\u00c5", "A\u030a"], ["a", "b", "b"], ["town"]),
        (["\uac00", "\u1100\u1161", "x"], ["a", "b", "b"], ["town"]),
        (["A", "a", "\u0410"], ["a", "b", "b"], []),
        ([None, None, None], ["a", "b", "b"], []),
    ],
)
def test_columns_with_words_that_look_alike(towns: list[str | None], kinds: list[str], columns: list[str]) -> None:
    assert [figures["column"] for figures in find(towns, kinds)] == columns


@given(st.lists(st.text("a\u00e4\u0308o\u00f6e\u0301\u00e9", min_size=1, max_size=4), min_size=1, max_size=20))
def test_random_words_are_named_when_one_normal_form_has_two_of_them(words: list[str]) -> None:
    found = find(list(words), ["a"] * len(words))
    assert bool(found) == (len({unicodedata.normalize("NFD", word) for word in words}) < len(set(words)))
